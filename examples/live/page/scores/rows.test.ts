import { expect, it } from 'vitest';
import type { RunResult } from '../../../cifar/results.js';
import { fakeRun } from '../curves/fixture.js';
import type { Run } from '../state/runs.js';
import { scoresOf } from './rows.js';
import { isNoise } from './statistics.js';

const labels = new Uint8Array(100);
/** A run that ended, with so many of the hundred pictures right. */
const ended = (scenario: string, seed: number, right: number): Run =>
  fakeRun([1], {
    scenario,
    seed,
    state: 'done',
    result: { scenario, seed, microF1: right / 100 } as RunResult,
    evaluated: {
      epoch: 1,
      predictions: Uint8Array.from(labels, (_, i) => (i < right ? 0 : 1)),
      probabilities: new Float32Array(),
    },
  });
const rows = (...runs: Run[]) => scoresOf(['a', 'b'], runs, (name) => (name === 'b' ? 'a' : null), labels);

it('says nothing of runs that wait, and shows the latest epoch of those under way, without an error', () => {
  const under = fakeRun([1], { scenario: 'b', accuracies: [{ epoch: 1, step: 4, accuracy: 0.3 }] });
  const [a, b] = rows(fakeRun([], { scenario: 'a', state: 'waiting' }), under).rows;
  expect(a).toMatchObject({ mean: null, waiting: true, half: 0, compared: null });
  expect(b).toMatchObject({ mean: 0.3, ended: 0, half: 0, compared: null });
});

it('pairs one seed by pictures', () => {
  const { rows: found, spread } = rows(ended('a', 0, 40), ended('b', 0, 45));
  expect(spread).toBeNull();
  expect(found[0]?.half).toBeGreaterThan(0.09);
  expect(found[1]?.compared).toMatchObject({ to: 'a', by: 'pictures', count: 100 });
  expect(found[1]?.compared?.mean).toBeCloseTo(0.05, 12);
});

it('pairs several by seed: what is the same in each is no noise', () => {
  const runs = [20, 40, 60].flatMap((right, seed) => [
    ended('a', seed, right),
    ended('b', seed, right + 5 + (seed % 2)),
  ]);
  const { rows: found, spread } = rows(...runs);
  const { compared } = found[1] ?? {};
  expect(spread?.freedom).toBe(4);
  expect(found[1]?.half).toBeGreaterThan(0.2);
  expect(compared).toMatchObject({ by: 'seeds', count: 3 });
  expect(compared?.half).toBeLessThan(0.02);
  expect(compared && isNoise(compared)).toBe(false);
});
