import { expect, it } from 'vitest';
import type { Run } from '../state/runs.js';
import { type Look, pointsOf } from './points.js';

const run = (losses: number[]): Run => ({
  scenario: 'baseline',
  seed: 0,
  place: 0,
  stepsPerEpoch: 4,
  state: 'running',
  losses,
  rates: losses.map(() => 1e-3),
  seconds: losses.map((_, i) => i / 2),
  accuracies: [{ epoch: 1, step: 4, accuracy: 0.5 }],
  evaluated: null,
  marks: [],
  changes: [],
  disturbances: [],
  again: null,
  same: null,
  result: null,
  weights: null,
  what: '',
});
const look = (changes: Partial<Look>): Look => ({
  measure: 'loss',
  along: 'step',
  log: false,
  smoothing: 0,
  ...changes,
});

it('draws losses as they are where nothing is smoothed', () => {
  expect(pointsOf(run([3, 2, 1]), look({}))).toEqual({ x: [1, 2, 3], y: [3, 2, 1] });
});

it('draws along epochs and seconds', () => {
  expect(pointsOf(run([3, 2]), look({ along: 'epoch' })).x).toEqual([0.25, 0.5]);
  expect(pointsOf(run([3, 2]), look({ along: 'time' })).x).toEqual([0, 0.5]);
});

it('smooths from the first loss on, not from zero', () => {
  const { y } = pointsOf(run([4, 4, 1]), look({ smoothing: 0.5 }));
  expect(y.slice(0, 2)).toEqual([4, 4]);
  expect(y[2]).toBeCloseTo((1 + 0.5 * 4 + 0.25 * 4) / 1.75, 12);
});

it('draws no more points than can be seen, the last one among them', () => {
  const { x } = pointsOf(run(Array.from({ length: 4321 }, () => 1)), look({}));
  expect(x.length).toBeLessThanOrEqual(1001);
  expect(x.at(-1)).toBe(4321);
});

it('draws an accuracy at the end of its epoch', () => {
  expect(pointsOf(run([1, 1, 1, 1]), look({ measure: 'accuracy', along: 'epoch' }))).toEqual({ x: [1], y: [0.5] });
});
