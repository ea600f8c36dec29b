/** The references in float64, against values that can be found by hand. */
import { expect, test } from 'vitest';
import { CASES } from '../../shared/cases.js';
import { type Exact, relativeError, summed, ULP, uniform, whole } from '../../shared/exact.js';
import { checked, spread } from '../check.js';
import { attended } from './attention.js';
import { forward, inputGrad, weightGrad } from './convolutions.js';
import { PREPARE } from './index.js';
import { placesOf } from './pooling.js';
import { lstm } from './recurrent.js';
import { largest } from './reductions.js';
import { logSum } from './rows.js';

const values = (count: number, of: (i: number) => Exact): number[] =>
  Array.from({ length: count }, (_, i) => of(i).value);

test('every kernel of the list can be prepared, and no other', () => {
  expect(Object.keys(PREPARE).toSorted()).toEqual(CASES.map(({ id }) => id).toSorted());
  for (const { sizes, id } of CASES) expect(sizes.length, id).toBeGreaterThan(3);
});

test('an error is a share of what it is measured against', () => {
  const exact = summed(3, (k) => [1, -1, 0.5][k] ?? 0);
  expect(exact).toEqual({ value: 0.5, scale: 2.5 });
  expect(relativeError(0.5 + 2.5 * ULP, exact)).toBeCloseTo(ULP, 12);
  expect(relativeError(0, { value: 0, scale: 0 })).toBe(0);
  expect(relativeError(1e-30, { value: 0, scale: 0 })).toBe(Number.POSITIVE_INFINITY);
  expect(relativeError(Number.NaN, exact)).toBe(Number.POSITIVE_INFINITY);
});

test('a check finds one result that is off, and says where', () => {
  const prepared = { shape: '', flops: 0, bytes: 0, run: () => null as never, held: [] };
  const expected = (i: number): Exact => ({ value: i, scale: 1 });
  const right = Float32Array.from({ length: 100 }, (_, i) => i);
  expect(checked(right, { ...prepared, expected }, 0)).toMatchObject({ error: 0, compared: 100, holds: true });
  const wrong = right.with(37, 37.001);
  expect(checked(wrong, { ...prepared, expected }, 8)).toMatchObject({ place: 37, wanted: 37, holds: false });
  expect(checked(right, { ...prepared, expected, also: () => null }, 8)).toMatchObject({ holds: false });
  expect([...spread(7, 7)].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(new Set(spread(100, 1234)).size).toBe(100);
});

test('numbers of a seed', () => {
  const some = uniform(1000, 1);
  expect(Math.min(...some)).toBeGreaterThanOrEqual(-1);
  expect(Math.max(...some)).toBeLessThan(1);
  expect(uniform(3, 1)).toEqual(some.slice(0, 3));
  expect(uniform(3, 2)).not.toEqual(some.slice(0, 3));
  expect(new Set(whole(1000, 5, 1))).toEqual(new Set([0, 1, 2, 3, 4]));
});

test('convolutions', () => {
  const conv = { inChannels: 1, outChannels: 1, size: 3, window: 2, stride: 1, padding: 0, groups: 1 };
  const x = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
  const w = Float32Array.of(1, 0, 0, 10);
  const g = Float32Array.of(1, 0, 0, 2);
  expect(values(4, forward(conv, x, w))).toEqual([51, 62, 84, 95]);
  expect(values(9, inputGrad(conv, g, w))).toEqual([1, 0, 0, 0, 12, 0, 0, 0, 20]);
  expect(values(4, weightGrad(conv, 1, g, x))).toEqual([11, 14, 20, 23]);
  // Two windows down and across, of which padding is a part.
  const strided = { ...conv, stride: 2, padding: 1 };
  expect(values(4, forward(strided, x, w))).toEqual([10, 30, 70, 95]);
  expect(values(9, inputGrad(strided, Float32Array.of(1, 1, 1, 1), w))).toEqual([10, 0, 10, 0, 1, 0, 10, 0, 10]);
  const groups = { ...conv, inChannels: 2, outChannels: 2, size: 2, groups: 2 };
  const two = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  expect(values(2, forward(groups, two, Float32Array.of(1, 1, 1, 1, 1, 0, 0, 0)))).toEqual([10, 5]);
});

test('windows, rows and their largest', () => {
  expect(placesOf(0)).toEqual([0, 1, 28, 29]);
  expect(placesOf(15)).toEqual([58, 59, 86, 87]);
  expect(largest(Float32Array.of(9, 1, 3, 3), 1, 3)).toBe(1);
  expect(logSum(Float32Array.of(0, 0, 50, 50), 3, 2)).toBeCloseTo(50 + Math.log(2), 12);
});

test('attention looks back alone where it is causal', () => {
  const q = Float32Array.of(0, 0, 0);
  const v = Float32Array.of(3, 6, 9);
  expect(values(3, attended([q, q, v], 3, 1, false))).toEqual([6, 6, 6].map((value) => expect.closeTo(value, 12)));
  expect(values(3, attended([q, q, v], 3, 1, true))).toEqual([3, 4.5, 6].map((value) => expect.closeTo(value, 12)));
});

test('a cell remembers', () => {
  const [x, none] = [Float32Array.of(1, 0), new Float32Array(4)];
  // Gates i and g open by the input, f and o are half open.
  const w = Float32Array.of(100, 0, 100, 0);
  const h = lstm([x, w, none, none, none], { steps: 2, batch: 1, input: 1, hidden: 1 });
  expect(h[0]).toBeCloseTo(0.5 * Math.tanh(1), 12);
  expect(h[1]).toBeCloseTo(0.5 * Math.tanh(0.5), 12);
});
