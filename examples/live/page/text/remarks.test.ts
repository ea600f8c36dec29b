import { expect, it } from 'vitest';
import { fakeRun } from '../curves/fixture.js';
import type { Run } from '../state/runs.js';
import { remarksOf } from './remarks.js';

const texts = (...runs: Run[]): string[] =>
  remarksOf({ scenario: 'baseline', place: 0, runs }).map(({ kind, text }) => `${kind}: ${text}`);
const same = (differsAt: number | null) => ({ same: { compared: 32, differsAt } });

it('says that a run is the same again', () => {
  expect(texts(fakeRun([1], same(null)))).toEqual(['good: ✓ 32 steps equal to last time, to the bit']);
});

it('puts seeds together of which there is nothing but good to say', () => {
  expect(texts(fakeRun([1], same(null)), fakeRun([1], { ...same(null), seed: 1 }))).toEqual([
    'good: ✓ 64 steps of 2 seeds equal to last time, to the bit',
  ]);
});

it('names the seed that went wrong', () => {
  const diverged = fakeRun([1], { seed: 3, state: 'diverged', what: 'NaN in fc1.weight' });
  expect(texts(fakeRun([1], same(2)), diverged)).toEqual([
    'bad: Seed 0: Differs from last time at step 2',
    'bad: Seed 3: Diverged: NaN in fc1.weight',
  ]);
});

it('forgives a difference that comes after a rate was set', () => {
  const [text] = texts(fakeRun([1], { ...same(9), marks: [{ step: 8, rate: 1 }] }));
  expect(text).toBe(': As last time to the bit until step 8, where the learning rate was changed');
});
