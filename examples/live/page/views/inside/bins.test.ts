import type { Histogram } from 'kindling/log';
import { describe, expect, it } from 'vitest';
import { thinned } from '../../state/inside.js';
import { binned, deviationOf, heightsOf, meanOf, rangeOf } from './bins.js';

/** Of two values at -1, and four between 1 and 3. */
const some: Histogram = {
  min: -1,
  max: 3,
  num: 6,
  sum: 6,
  sumSquares: 22,
  bucketLimits: [-1, -0.9, 1, 4],
  buckets: [0, 2, 0, 4],
};

describe('bins', () => {
  it('have every value, where it lies', () => {
    const counts = binned({ ...some, bucketLimits: [-1.1, -1, 1, 4] }, [-1, 3], 4);
    expect([...counts]).toEqual([2, 0, 2, 2]);
    expect([...binned(some, [-2, 4], 3)]).toEqual([2, 2, 2]);
  });

  it('put the largest value into the last', () => {
    const one: Histogram = {
      min: 2,
      max: 2,
      num: 5,
      sum: 10,
      sumSquares: 20,
      bucketLimits: [1.9, 2.1],
      buckets: [0, 5],
    };
    expect([...binned(one, [0, 2], 2)]).toEqual([0, 5]);
    expect(rangeOf([one])).toEqual([1.5, 2.5]);
    expect(rangeOf([one, some])).toEqual([-1, 3]);
  });

  it('are as high as they are full, or as the logarithm of that', () => {
    const rows = [Float64Array.of(0, 1), Float64Array.of(3, 0)];
    expect(heightsOf(rows, false).map((row) => [...row])).toEqual([
      [0, 1 / 3],
      [1, 0],
    ]);
    expect(heightsOf(rows, true)[0]?.[1]).toBeCloseTo(0.5);
  });

  it('know mean and deviation of the values', () => {
    expect(meanOf(some)).toBe(1);
    expect(deviationOf(some)).toBeCloseTo(Math.sqrt(22 / 6 - 1));
  });
});

describe('rows of a run', () => {
  it('are thinned where there are many, the last of them kept', () => {
    expect(thinned([1, 2, 3], 3)).toEqual([1, 2, 3]);
    expect(thinned([1, 2, 3, 4], 3)).toEqual([2, 4]);
    expect(thinned([1, 2, 3, 4, 5], 4)).toEqual([1, 3, 5]);
  });
});
