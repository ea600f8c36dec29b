import { expect, test } from 'vitest';
import { worstError } from '../parity/compare.js';

const bound = { rtol: 0.1, atol: 0.01 };

test.each([
  ['equal values', [1, 2], [1, 2], 0],
  ['half of the bound', [1.055], [1], 0.5],
  ['twice the bound, below', [-1.22], [-1], 2],
  ['the worst counts', [1, 0.02, 1], [1, 0, 1], 2],
  ['NaN is NaN', [Number.NaN], [Number.NaN], 0],
  ['NaN where a number is wanted', [Number.NaN], [1], Number.POSITIVE_INFINITY],
  ['a number where NaN is wanted', [1], [Number.NaN], Number.POSITIVE_INFINITY],
  ['infinity is infinity', [Number.POSITIVE_INFINITY], [Number.POSITIVE_INFINITY], 0],
  ['infinity where a number is wanted', [Number.POSITIVE_INFINITY], [1], Number.POSITIVE_INFINITY],
  ['a number where infinity is wanted', [1], [Number.POSITIVE_INFINITY], Number.POSITIVE_INFINITY],
  ['infinity of the other sign', [Number.NEGATIVE_INFINITY], [Number.POSITIVE_INFINITY], Number.POSITIVE_INFINITY],
  ['an element is missing', [1], [1, 1], Number.POSITIVE_INFINITY],
  ['zero of either sign', [-0], [0], 0],
] as const)('%s', (_, got, want, worst) => {
  expect(worstError(got, want, bound)).toBeCloseTo(worst, 10);
});

test('without a tolerance only equality passes', () => {
  expect(worstError([3], [3])).toBe(0);
  expect(worstError([3], [4])).toBe(Number.POSITIVE_INFINITY);
});
