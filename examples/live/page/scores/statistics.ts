/** What few runs say: means, how sure they are, and whether two of them differ. All at 95 % confidence. */
import { studentT } from '../../../cifar/report/noise.js';

/** 97.5 % of a normal distribution lie below it. */
const Z = 1.959964;

export const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** How far values of one group scatter around their mean. */
export interface Spread {
  readonly deviation: number;
  /** Degrees of freedom that it was measured with. */
  readonly freedom: number;
}

/** One standard deviation, pooled over groups: a few seeds of each of eight scenarios say more together. Null without any two. */
export function spreadOf(groups: readonly (readonly number[])[]): Spread | null {
  let [squares, freedom] = [0, 0];
  for (const group of groups) {
    if (group.length < 2) continue;
    const mean = meanOf(group);
    squares += group.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    freedom += group.length - 1;
  }
  return freedom === 0 ? null : { deviation: Math.sqrt(squares / freedom), freedom };
}

/** Half of the interval around a mean of `count` values, by Student's t. */
export const halfOfMean = ({ deviation, freedom }: Spread, count: number): number =>
  (studentT(freedom) * deviation) / Math.sqrt(count);

/** Half of the interval that so many pictures leave around a share, as if one more were right and one more wrong. */
export function halfOfShare(share: number, count: number): number {
  const careful = (share * count + 1) / (count + 2);
  return Z * Math.sqrt((careful * (1 - careful)) / (count + 2));
}

export interface Difference {
  readonly mean: number;
  /** Of its interval. */
  readonly half: number;
}

/** Too small for this many runs or pictures to tell it from none. */
export const isNoise = ({ mean, half }: Difference): boolean => Math.abs(mean) <= half;

/**
 * Two networks judged on the same pictures, of which those count that only one of them got right (McNemar).
 *
 * @param first which pictures it got right
 */
export function pairedByPicture(first: readonly boolean[], second: readonly boolean[]): Difference {
  const count = first.length;
  let [only, other] = [0, 0];
  for (const [i, right] of first.entries()) {
    if (right && !second[i]) only++;
    if (!right && second[i]) other++;
  }
  const mean = (only - other) / count;
  // As if there were one more of each, so that it is not nothing where the two never disagree.
  return { mean, half: (Z * Math.sqrt(only + other + 2 - (only - other) ** 2 / count)) / count };
}
