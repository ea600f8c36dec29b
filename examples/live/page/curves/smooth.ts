/** Smoothed losses, made longer as a run goes on: what was smoothed for the last redraw is not smoothed again. */
import type { Run } from '../state/runs.js';

interface Smoothed {
  readonly smoothing: number;
  readonly values: number[];
  sum: number;
  weight: number;
  /** The loss that came last, by which a run is known that was set back. */
  last: number;
}

const known = new WeakMap<Run, Smoothed>();

/**
 * An exponential mean of so many values as there are yet: its first is the first loss, not zero.
 *
 * @param smoothing the share of the mean before it that each value keeps, 0 to 0.99
 */
export function smoothedOf(run: Run, smoothing: number): readonly number[] {
  const { losses } = run;
  let found = known.get(run);
  const made = found?.values.length ?? 0;
  const goesOn = made === 0 || Object.is(losses[made - 1], found?.last);
  if (found?.smoothing !== smoothing || !goesOn) {
    found = { smoothing, values: [], sum: 0, weight: 0, last: Number.NaN };
    known.set(run, found);
  }
  for (let i = found.values.length; i < losses.length; i++) {
    const loss = losses[i] ?? Number.NaN;
    found.sum = smoothing * found.sum + loss;
    found.weight = smoothing * found.weight + 1;
    found.values.push(found.sum / found.weight);
    found.last = loss;
  }
  return found.values;
}
