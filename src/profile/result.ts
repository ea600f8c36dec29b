/** What a profile tells, as numbers, as a table and as a trace. */
import { Figures, type MeasuredStep } from './figures.js';
import type { Peaks } from './peaks.js';
import type { Run } from './stopwatch.js';
import { table } from './table.js';
import { type ChromeTrace, chromeTrace } from './trace.js';

/** What a step spends its time on, see {@link profile}. */
export class Profile extends Figures {
  readonly #measured: readonly MeasuredStep[];

  /** @internal */
  constructor(adapter: string, plain: readonly Run[], measured: readonly MeasuredStep[], peaks: Peaks | null) {
    super(adapter, plain, measured, peaks);
    this.#measured = measured;
  }

  /**
   * A table for people, about 100 columns wide.
   *
   * @param by a line for all dispatches of one name, or for every dispatch in order
   */
  table({ by = 'kernel' }: { by?: 'kernel' | 'dispatch' } = {}): string {
    return table(this, by);
  }

  override toString(): string {
    return this.table();
  }

  /** A trace for `chrome://tracing` or ui.perfetto.dev, one track for the host and one for the GPU; to be written as JSON. */
  chromeTrace(): ChromeTrace {
    return chromeTrace(this.adapter, this.#measured);
  }

  /** The figures as plain data. */
  toJSON(): Figures {
    return { ...this };
  }
}
