/** The reader's hand on the study: it runs, waits, goes a step or an epoch further, or stops. */
import type { Optimizer } from 'kindling/optim';
import type { Advance, News } from '../shared/protocol.js';

export class Control {
  readonly #tell: (news: News) => void;
  #mode: Advance | 'paused' = 'on';
  #stopped = false;
  #wanted = false;
  /** Lets whoever waits go on. */
  #release: (() => void) | null = null;
  #optimizer: Optimizer | null = null;
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
    this.#optimizer = null;
  }

  /** Whose rate the reader sets. */
  attend(optimizer: Optimizer): void {
    this.#optimizer = optimizer;
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

  setRate(rate: number): void {
    for (const group of this.#optimizer?.paramGroups ?? []) group.lr = rate;
  }

  /** Whether the study waits after the step that has just been made. */
  get waitsAfterStep(): boolean {
    return this.#mode === 'step' || this.#mode === 'paused';
  }

  /** To be awaited after each step. @returns true where the study is to stop */
  afterStep(): Promise<boolean> {
    return this.#gate(this.waitsAfterStep);
  }

  /** To be awaited after each epoch. @returns true where the study is to stop */
  afterEpoch(): Promise<boolean> {
    return this.#gate(this.#mode === 'epoch' || this.#mode === 'paused');
  }

  async #gate(waits: boolean): Promise<boolean> {
    if (!waits || this.#stopped) return this.#stopped;
    this.#mode = 'paused';
    this.#tell({ type: 'paused' });
    const since = performance.now();
    await new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    this.#release = null;
    this.#pausedMs += performance.now() - since;
    if (!this.#stopped) this.#tell({ type: 'goesOn' });
    return this.#stopped;
  }
}
