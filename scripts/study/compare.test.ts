import { expect, it } from 'vitest';
import { compare, type Reference, table } from './compare.js';

const run = (scenario: string, accuracy: number, seed = 0) => ({ scenario, seed, accuracy });
const reference: Reference = {
  train: 1,
  test: 1,
  epochs: 1,
  runs: [run('a', 0.68), run('b', 0.71), run('b', 0.73, 1)],
};

it('holds where each scenario and the mean are near', () => {
  const found = compare([run('a', 0.7), run('b', 0.7), run('c', 0.1)], reference);
  expect(found.rows.map(({ difference }) => difference.toFixed(2))).toEqual(['2.00', '-1.00']);
  expect(found).toMatchObject({ missing: [], holds: true });
  expect(table(found).split('\n')).toEqual([
    'accuracy          kindling   PyTorch   points',
    'a                  70.00 %   68.00 %    +2.00',
    'b                  70.00 %   71.00 %    −1.00',
    'mean                                    +0.50',
    'each within 2.5 points and the mean within 1: HOLDS',
  ]);
});

it.each([
  ['one is far', [run('a', 0.71), run('b', 0.69)]],
  ['all are a little off to one side', [run('a', 0.695), run('b', 0.725)]],
])('misses where %s', (_, runs) => {
  const found = compare(runs, reference);
  expect(found.holds).toBe(false);
  expect(table(found)).toContain('MISSED');
});

it('takes means over the seeds that both have', () => {
  const [, b] = compare([run('a', 0.68), run('b', 0.71), run('b', 0.74, 1), run('b', 0, 2)], reference).rows;
  expect(b).toMatchObject({ ours: 0.725, theirs: 0.72 });
});

it('says nothing of a study that is not whole', () => {
  const found = compare([run('a', 0.68)], reference);
  expect(found).toMatchObject({ missing: ['b'], holds: false });
  expect(table(found)).toContain('not there yet: b\neach within 2.5 points and the mean within 1: not to be said yet');
  expect(table(compare([], reference))).not.toContain('NaN');
});
