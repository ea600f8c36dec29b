import { expect, it } from 'vitest';
import type { GridPoint } from '../job.js';
import { pick } from '../scenarios.js';
import { divide, shardOf } from './shard.js';

const slurm = (id: number, min: number, count: number, step = 1) => ({
  SLURM_ARRAY_TASK_ID: String(id),
  SLURM_ARRAY_TASK_MIN: String(min),
  SLURM_ARRAY_TASK_COUNT: String(count),
  SLURM_ARRAY_TASK_STEP: String(step),
});

it.each([
  ['2/3', {}, { index: 1, count: 3 }],
  ['1/1', slurm(5, 0, 8), { index: 0, count: 1 }],
  ['auto', slurm(0, 0, 8), { index: 0, count: 8 }],
  ['auto', slurm(3, 1, 3), { index: 2, count: 3 }],
  ['auto', slurm(14, 10, 4, 2), { index: 2, count: 4 }],
  // A task that is queued again alone says that it is one of one.
  ['auto/8', slurm(5, 5, 1), { index: 5, count: 8 }],
  ['auto/4', { JOB_COMPLETION_INDEX: '3' }, { index: 3, count: 4 }],
])('%s with %o is %o', (text, env, shard) => expect(shardOf(text, env)).toEqual(shard));

it.each([
  ['0/3', {}, /want i\/n with i from 1 to n/],
  ['4/3', {}, /want i\/n/],
  ['2', {}, /want i\/n/],
  ['auto/0', { JOB_COMPLETION_INDEX: '0' }, /indices go from 0 to -1/],
  ['auto', {}, /no SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT/],
  ['auto', { JOB_COMPLETION_INDEX: '0' }, /without a count: write --shard auto\/n/],
  ['auto', slurm(7, 1, 3), /indices must be evenly spaced/],
  ['auto', slurm(4, 1, 3, 2), /indices must be evenly spaced/],
  ['auto/8', {}, /no SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX/],
  ['auto/8', slurm(8, 1, 8), /indices go from 0 to 7, this one is 8/],
])('%s with %o is refused', (text, env, message) => expect(() => shardOf(text, env)).toThrow(message));

const points = (set: Parameters<typeof pick>[0], seeds: number[]): GridPoint[] =>
  seeds.flatMap((seed) => pick(set).map((scenario) => ({ seed, scenario })));

it.each([1, 2, 3, 5, 8, 16, 20])('%d parts are even, and have each run once', (count) => {
  const all = points('tricks', [0, 1]);
  const parts = divide(all, count);
  expect(new Set(parts.flat())).toEqual(new Set(all));
  const sizes = parts.map((part) => part.length);
  expect(sizes.reduce((a, b) => a + b)).toBe(all.length);
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
});

it('parts are even where some runs go on from others', () => {
  expect(divide(points('as-published', [0]), 4).map((part) => part.length)).toEqual([2, 2, 2, 2]);
});

it.each([2, 3, 7, 14])('a run is in the part of the one it goes on from, behind it: %d parts', (count) => {
  for (const part of divide(points('as-published', [0, 1]), count)) {
    for (const [i, { scenario, seed }] of part.entries()) {
      if (!scenario.startFrom) continue;
      const before = part.findIndex((one) => one.scenario.name === scenario.startFrom && one.seed === seed);
      expect(before).toBeGreaterThanOrEqual(0);
      expect(before).toBeLessThan(i);
    }
  }
});
