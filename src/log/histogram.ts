/** Values sorted into buckets, as TensorBoard's histograms have them. */
import type { Histogram } from './records.js';

/** Where buckets of positive values end: each 1.1 times the one before, from 1e-12 to 1e20, as TensorFlow's do. */
const LIMITS = /* @__PURE__ */ (() => {
  const limits: number[] = [];
  for (let limit = 1e-12; limit < 1e20; limit *= 1.1) limits.push(limit);
  return limits;
})();

/** The first limit above `value`, by its number: the bucket that a positive value falls into. */
function bucketOf(value: number): number {
  let [low, high] = [0, LIMITS.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value < (LIMITS[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The distribution of the finite ones among `values`. Buckets are by powers of 1.1, those of negative values mirrored, and only
 * those between the first and the last that hold something are kept, with an empty one before them, which says where they begin.
 */
export function histogramOf(values: ArrayLike<number>): Histogram {
  const [above, below] = [new Map<number, number>(), new Map<number, number>()];
  let [min, max, num, sum, sumSquares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    num++;
    sum += value;
    sumSquares += value * value;
    const [side, bucket] = value < 0 ? [below, bucketOf(-value)] : [above, bucketOf(value)];
    side.set(bucket, (side.get(bucket) ?? 0) + 1);
  }
  if (num === 0) return { min: 0, max: 0, num, sum, sumSquares, bucketLimits: [0], buckets: [0] };
  /** Bucket k of the positive ends at limit k, that of the negative begins at minus that, and ends at minus the one before. */
  const ends = (k: number): number => (k >= 0 ? (LIMITS[k] ?? Number.MAX_VALUE) : 0 - (LIMITS[-k - 2] ?? 0));
  const counts = new Map([...above].concat([...below].map(([k, count]) => [-k - 1, count])));
  const [first, last] = [Math.min(...counts.keys()), Math.max(...counts.keys())];
  const bucketLimits: number[] = [];
  const buckets: number[] = [];
  for (let k = first - 1; k <= last; k++) {
    bucketLimits.push(k === -LIMITS.length - 2 ? -Number.MAX_VALUE : ends(k));
    buckets.push(counts.get(k) ?? 0);
  }
  return { min, max, num, sum, sumSquares, bucketLimits, buckets };
}
