/**
 * Dawn in Node polls without pause while a promise of its is pending, and that takes a core from an adapter that computes
 * on the CPU: a training step on SwiftShader took 778 ms, and 534 ms with this (2 cores, 2026-11). So on such adapters
 * results are asked for shortly before they are due. A batch that takes under 20 ms is asked for at once.
 */

/** When a batch was submitted, and its last kernel's pipeline, by which the same batch is known when it comes again. */
export interface Submission {
  readonly at: number;
  readonly last: object | null;
}

/** Milliseconds that are waited at most before a result is asked for. */
const LONGEST_WAIT = 1000;
/** Milliseconds from submitting a batch to having its results. */
const took = new WeakMap<object, number>();

export const polling = {
  /** Resolves when the results of a batch are nearly there. */
  nearlyDone({ at, last }: Submission): Promise<void> {
    if (!last) return Promise.resolve();
    const due = Math.min(LONGEST_WAIT, 0.9 * (took.get(last) ?? 0) - (performance.now() - at));
    return due < 20 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, due));
  },

  /** Learns from a result that was asked for at `asked` and is there now. */
  arrived({ at, last }: Submission, asked: number): void {
    if (!last) return;
    const now = performance.now();
    // What was there at once has perhaps been there for long.
    const elapsed = (now - at) * (now - asked < 5 ? 0.8 : 1);
    // A machine that slept in between has not become slow.
    took.set(last, Math.min(elapsed, 1.25 * (took.get(last) ?? elapsed)));
  },
};

export type Polling = typeof polling;
