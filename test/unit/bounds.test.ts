import { expect, test } from 'vitest';
import { exact, ulps, ulpsBetween, within, worstOf, worstUlps } from '../conformance/bounds.js';

const { POSITIVE_INFINITY: INF, NaN: NAN } = Number;

test.each([
  ['the next float32', 1, 1 + 2 ** -23, 1],
  ['the one before', 1, 1 - 2 ** -24, 1],
  ['below zero', -1, -1 - 2 ** -22, 2],
  ['a power of two away', 1, 2, 2 ** 23],
  ['across zero', 2 ** -149, -(2 ** -149), 2],
  ['zeros of either sign', -0, 0, 0],
  ['the same float32 once rounded', 0.1, Math.fround(0.1), 0],
] as const)('%s', (_, a, b, distance) => {
  expect(ulpsBetween(a, b)).toBe(distance);
  expect(ulpsBetween(b, a)).toBe(distance);
});

const next = (n: number) => 1 + n * 2 ** -23;

test.each([
  ['half of the bound', [next(2)], [1], ulps(4), 0.5],
  ['beyond the bound', [next(6)], [1], ulps(4), 1.5],
  ['the worst counts', [1, next(6), 1], [1, 1, 1], ulps(4), 1.5],
  ['what is exact', [7, -2], [7, -2], exact, 0],
  ['a step where the bound is exact', [next(1)], [1], exact, INF],
  ['an expected value that is no float32', [Math.fround(0.1)], [0.1], exact, 0],
  ['absolutely, where that is wider', [1e-6], [0], within(1e-5, 6), 0.1],
  ['in units, where that is wider', [64 * next(4)], [64], within(1e-6, 8), 0.5],
  ['beyond both', [0.5], [0.25], within(1e-5, 6), 25_000],
  ['NaN where a number is wanted', [NAN], [1], ulps(9), INF],
  ['the largest number where infinity is wanted', [(2 - 2 ** -23) * 2 ** 127], [INF], ulps(9), INF],
  ['an element is missing', [1], [1, 1], ulps(9), INF],
] as const)('%s', (_, got, want, bound, worst) => {
  expect(worstOf(got, want, bound)).toBeCloseTo(worst, 5);
});

test('the largest distance in units', () => {
  expect(worstUlps([1, next(3), next(2)], [1, 1, 1])).toBe(3);
});
