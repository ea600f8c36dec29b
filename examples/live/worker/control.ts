/** The reader's hand on the study: it runs, waits, goes a step or an epoch further, or stops. */
import type { LiveRun } from '../../cifar/train.js';
import type { Changeable } from '../shared/complaints.js';
import type { Advance, News } from '../shared/protocol.js';
import type { Changes } from './complaints/changes.js';

export class Control {
  readonly #tell: (news: News) => void;
  #mode: Advance | 'paused' = 'on';
  #stopped = false;
  #wanted = false;
  /** Lets whoever waits go on. */
  #release: (() => void) | null = null;
  #run: LiveRun | null = null;
  #changes: Changes | null = null;
  /** What is to be done between two steps. */
  #errands: (() => Promise<void>)[] = [];
  #pausedMs = 0;

  constructor(tell: (news: News) => void) {
    this.#tell = tell;
  }

  /** Whether a study is under way, or waits for its turn. */
  get isWanted(): boolean {
    return this.#wanted;
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Milliseconds that the study has waited for its reader. */
  get pausedMs(): number {
    return this.#pausedMs;
  }

  begin(): void {
    this.#mode = 'on';
    this.#stopped = false;
    this.#wanted = true;
  }

  end(): void {
    this.#wanted = false;
    this.leave();
  }

  /** What the reader changes and looks at from now on. */
  attend(run: LiveRun, changes: Changes | null = null): void {
    this.#run = run;
    this.#changes = changes;
  }

  /** The run is over. */
  leave(): void {
    this.#run = null;
    this.#changes = null;
    this.#errands = [];
  }

  /** The run under way. */
  get run(): LiveRun | null {
    return this.#run;
  }

  get changes(): Changes | null {
    return this.#changes;
  }

  /** Does something when no step is being made: at once where the study waits. */
  between(errand: () => Promise<void>): void {
    this.#errands.push(errand);
    this.#release?.();
  }

  async #runErrands(): Promise<void> {
    for (const errand of this.#errands.splice(0)) await errand();
  }

  pause(): void {
    this.#mode = 'paused';
  }

  advance(by: Advance): void {
    this.#mode = by;
    this.#release?.();
  }

  stop(): void {
    this.#stopped = true;
    this.#release?.();
  }

  change(what: Changeable, value: number): void {
    this.#changes?.ask(what, value);
  }

  /** Whether the study waits after the step that has just been made. */
  get waitsAfterStep(): boolean {
    return this.#mode === 'step' || this.#mode === 'paused' || this.#errands.length > 0;
  }

  /** To be awaited after each step. @returns true where the study is to stop */
  afterStep(): Promise<boolean> {
    return this.#gate('step');
  }

  /** To be awaited after each epoch. @returns true where the study is to stop */
  afterEpoch(): Promise<boolean> {
    return this.#gate('epoch');
  }

  async #gate(after: Advance): Promise<boolean> {
    if (this.#errands.length > 0) await this.#runErrands();
    if (this.#stopped || (this.#mode !== after && this.#mode !== 'paused')) return this.#stopped;
    this.#mode = 'paused';
    this.#tell({ type: 'paused' });
    const since = performance.now();
    while (this.#mode === 'paused' && !this.#stopped) {
      await new Promise<void>((resolve) => {
        this.#release = resolve;
      });
      await this.#runErrands();
    }
    this.#release = null;
    this.#pausedMs += performance.now() - since;
    if (!this.#stopped) this.#tell({ type: 'goesOn' });
    return this.#stopped;
  }
}
