/** Several seeds as one line: their mean, and how far they lie apart. */
import type { Values } from './grid.js';

export interface Band {
  /** Over the seeds that have got there. */
  readonly mean: Values;
  /** The least and the most of them; null where it is one. */
  readonly low: Values;
  readonly high: Values;
}

/** @param seeds values at the same places, from the first; each goes as far as it goes */
export function bandOf(seeds: readonly Values[], length: number): Band {
  const band: Band = { mean: new Array(length), low: new Array(length), high: new Array(length) };
  for (let i = 0; i < length; i++) {
    let [count, sum, low, high] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const values of seeds) {
      const value = values[i];
      if (value === null || value === undefined) continue;
      count++;
      sum += value;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    band.mean[i] = count > 0 ? sum / count : null;
    band.low[i] = count > 1 ? low : null;
    band.high[i] = count > 1 ? high : null;
  }
  return band;
}
