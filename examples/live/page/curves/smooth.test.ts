import { expect, it } from 'vitest';
import { fakeRun } from './fixture.js';
import { smoothedOf } from './smooth.js';

it('smooths from the first loss on, not from zero', () => {
  const values = smoothedOf(fakeRun([4, 4, 1]), 0.5);
  expect(values.slice(0, 2)).toEqual([4, 4]);
  expect(values[2]).toBeCloseTo((1 + 0.5 * 4 + 0.25 * 4) / 1.75, 12);
});

it('goes on where it was, with the values of one that begins anew', () => {
  const run = fakeRun([5, 3]);
  const first = smoothedOf(run, 0.9);
  run.losses.push(1, 2);
  expect(smoothedOf(run, 0.9)).toBe(first);
  expect(first).toEqual(smoothedOf(fakeRun([5, 3, 1, 2]), 0.9));
});

it('begins anew with another smoothing, and for a run that was set back', () => {
  const run = fakeRun([5, 3, 1]);
  expect(smoothedOf(run, 0.9)[1]).not.toBe(3);
  expect(smoothedOf(run, 0)).toEqual([5, 3, 1]);
  run.losses.splice(1, 2, 7, 8);
  expect(smoothedOf(run, 0)).toEqual([5, 7, 8]);
  run.losses.length = 1;
  expect(smoothedOf(run, 0)).toEqual([5]);
});
