import { expect, it } from 'vitest';
import { type Columns, columnsOf, type Look, latestOf, ratesOf } from './columns.js';
import { fakeRun } from './fixture.js';
import { linesOf } from './lines.js';

const look = (changes: Partial<Look> = {}): Look => ({
  measure: 'loss',
  along: 'step',
  log: false,
  smoothing: 0,
  singles: false,
  ...changes,
});
const values = ({ curves }: Columns, part: 'mean' | 'low' | 'high'): unknown[] => curves.map((curve) => curve[part]);
const drawn = (runs: Parameters<typeof linesOf>[0], changes: Partial<Look> = {}): Columns =>
  columnsOf(linesOf(runs), look(changes));

it('draws losses as they are where there is one seed and nothing is smoothed', () => {
  const found = drawn([fakeRun([3, 2, 1])]);
  expect(found.x).toEqual([1, 2, 3]);
  expect(found.curves).toEqual([{ mean: [3, 2, 1], low: [null, null, null], high: [null, null, null], seeds: [] }]);
});

it('draws along epochs, and along seconds between the steps', () => {
  expect(drawn([fakeRun([3, 2])], { along: 'epoch' }).x).toEqual([0.25, 0.5]);
  const { x, curves } = drawn([fakeRun([3, 2, 1])], { along: 'time' });
  expect(x.at(-1)).toBe(1);
  expect(curves[0]?.mean[x.indexOf(0.25)]).toBeCloseTo(2.5, 12);
  expect(curves[0]?.mean.at(-1)).toBe(1);
});

it('draws no more points than can be seen, the last one among them', () => {
  const { x } = drawn([fakeRun(Array.from({ length: 4321 }, () => 1))]);
  expect(x.length).toBeLessThanOrEqual(500);
  expect(x.at(-1)).toBe(4321);
});

it('draws the mean of seeds, and a band where more than one has got there', () => {
  const found = drawn([fakeRun([3, 2, 1]), fakeRun([5, 4], { seed: 1 })]);
  expect(values(found, 'mean')).toEqual([[4, 3, 1]]);
  expect(values(found, 'low')).toEqual([[3, 2, null]]);
  expect(values(found, 'high')).toEqual([[5, 4, null]]);
  expect(found.curves[0]?.seeds).toEqual([]);
});

it('draws each seed where it is wanted', () => {
  const { curves } = drawn([fakeRun([3, 2]), fakeRun([5, 4], { seed: 1 })], { singles: true });
  expect(curves[0]?.seeds).toEqual([
    [3, 2],
    [5, 4],
  ]);
});

it('draws a run that goes on as one that was always as long, however often it is looked at', () => {
  const losses = Array.from({ length: 1500 }, (_, i) => 1 / (1 + i));
  for (const along of ['step', 'time'] as const) {
    const run = fakeRun([]);
    for (const [i, loss] of losses.entries()) {
      run.losses.push(loss);
      run.seconds.push(i / 2);
      if (i % 97 === 0) drawn([run], { along });
    }
    expect(drawn([run], { along })).toEqual(drawn([fakeRun(losses)], { along }));
  }
});

it('smooths each seed before it takes their mean and range', () => {
  const found = drawn([fakeRun([4, 1]), fakeRun([0, 3], { seed: 1 })], { smoothing: 0.5 });
  const [first, second] = [(1 + 0.5 * 4) / 1.5, 3 / 1.5];
  expect(values(found, 'low')).toEqual([[0, Math.min(first, second)]]);
  expect(values(found, 'high')).toEqual([[4, Math.max(first, second)]]);
});

it('leaves out what is not finite', () => {
  const found = drawn([fakeRun([3, Number.NaN]), fakeRun([5, 4], { seed: 1 })]);
  expect(values(found, 'mean')).toEqual([[4, 4]]);
});

it('gives every scenario the x of all', () => {
  const found = drawn([fakeRun([3, 2, 1]), fakeRun([9], { scenario: 'norm_inputs', place: 1 })]);
  expect(values(found, 'mean')).toEqual([
    [3, 2, 1],
    [9, null, null],
  ]);
  expect(latestOf(found)).toEqual([1, 9]);
});

it('draws accuracies at the ends of epochs, and seeds at the mean of their times', () => {
  const losses = [1, 1, 1, 1];
  const slow = { seed: 1, seconds: [1, 2, 3, 4.5] };
  const runs = [
    fakeRun(losses, { accuracies: [{ epoch: 1, step: 4, accuracy: 0.5 }] }),
    fakeRun(losses, { ...slow, accuracies: [{ epoch: 1, step: 4, accuracy: 0.7 }] }),
  ];
  expect(drawn(runs, { measure: 'accuracy', along: 'epoch' }).x).toEqual([1]);
  const found = drawn(runs, { measure: 'accuracy', along: 'time' });
  expect(found.x).toEqual([3]);
  expect([values(found, 'low'), values(found, 'high')]).toEqual([[[0.5]], [[0.7]]]);
});

it('shows the rate of the seed that the reader meddled with', () => {
  const runs = [
    fakeRun([1, 1, 1]),
    fakeRun([1, 1], { seed: 1, rates: [1e-3, 1e-4], marks: [{ step: 2, rate: 1e-4 }] }),
  ];
  expect(ratesOf(linesOf(runs), look()).curves[0]?.mean).toEqual([1e-3, 1e-4, null]);
});
