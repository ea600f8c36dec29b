/** Histograms of many steps on one axis. */
import type { Histogram } from 'kindling/log';

/** From the least to the largest value of all of them. */
export function rangeOf(histograms: readonly Histogram[]): readonly [low: number, high: number] {
  const low = Math.min(...histograms.map(({ min }) => min));
  const high = Math.max(...histograms.map(({ max }) => max));
  return high > low ? [low, high] : [low - 0.5, low + 0.5];
}

/** How many values lie in each of `bins` equal parts of the range. A bucket across several is shared out evenly. */
export function binned(
  { bucketLimits, buckets, min, max }: Histogram,
  [low, high]: readonly [number, number],
  bins: number,
): Float64Array {
  const counts = new Float64Array(bins);
  const place = (value: number): number => ((value - low) / (high - low)) * bins;
  const within = (bin: number): number => Math.min(bins - 1, Math.max(0, bin));
  for (const [i, count] of buckets.entries()) {
    if (count === 0) continue;
    // Nothing lies outside of the values themselves.
    const from = place(Math.min(max, Math.max(min, bucketLimits[i - 1] ?? min)));
    const to = place(Math.max(min, Math.min(max, bucketLimits[i] ?? max)));
    if (to <= from) {
      counts[within(Math.floor(from))] = (counts[within(Math.floor(from))] ?? 0) + count;
      continue;
    }
    for (let bin = within(Math.floor(from)); bin <= within(Math.ceil(to) - 1); bin++) {
      const share = Math.min(to, bin + 1) - Math.max(from, bin);
      counts[bin] = (counts[bin] ?? 0) + (count * share) / (to - from);
    }
  }
  return counts;
}

/** From 0 to 1, by the largest of all rows. */
export function heightsOf(rows: readonly Float64Array[], log: boolean): Float64Array[] {
  const of = (count: number): number => (log ? Math.log1p(count) : count);
  const most = Math.max(1e-12, ...rows.map((row) => of(row.reduce((a, b) => Math.max(a, b), 0))));
  return rows.map((row) => row.map((count) => of(count) / most));
}

export const meanOf = ({ sum, num }: Histogram): number => sum / Math.max(1, num);

/** The standard deviation of the values themselves. */
export const deviationOf = ({ sum, sumSquares, num }: Histogram): number =>
  Math.sqrt(Math.max(0, sumSquares / Math.max(1, num) - (sum / Math.max(1, num)) ** 2));
