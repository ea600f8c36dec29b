/** Ctrl-C: the first time the training stops after its step and saves, the second time the process ends at once. */

/** One Ctrl-C reaches this process twice where a parent passes it on: what comes within a second is the same one. */
const SAME_SIGNAL_MS = 1000;

export class Stop {
  readonly #controller = new AbortController();
  #announce: (() => void) | null = null;
  #first = 0;
  #restore = (): void => {};

  /** Aborted once somebody asked to stop. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly #code: number;

  /** @param code how the process ends that was asked to stop */
  constructor(code = 130) {
    this.#code = code;
    // Ending by `process.exit` runs the hooks that close the browser; a signal's own way of ending does not.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.#signal());
  }

  /** From now on there is something to save. `restore` gives the terminal back before a sudden end. */
  arm(announce: () => void, restore: () => void): void {
    this.#announce = announce;
    this.#restore = restore;
  }

  /** Arms it for training that `progress` shows. */
  watch(progress: { line(text: string): void; stop(): void }): void {
    this.arm(
      () =>
        progress.line('Stopping after this step; once more stops at once, losing the steps since the last checkpoint.'),
      () => progress.stop(),
    );
  }

  /** There is nothing to save any more: the next Ctrl-C ends the process. */
  disarm(): void {
    this.#announce = null;
  }

  #signal(): void {
    const again = this.signal.aborted;
    if (again && performance.now() - this.#first < SAME_SIGNAL_MS) return;
    if (again || !this.#announce) {
      this.#restore();
      process.exit(this.#code);
    }
    this.#first = performance.now();
    this.#announce();
    this.#controller.abort();
  }
}
