import { expect, it } from 'vitest';
import figures from './figures.json' with { type: 'json' };
import { type Compared, comparable, linesOf, type Reference } from './reference.js';

const references = figures as Reference[];
const own = (changes: Partial<Compared> = {}): Compared => ({
  set: 'tricks',
  data: 'cifar10',
  trainSize: 10_000,
  epochs: 5,
  batchSize: 64,
  ...changes,
});
const found = (changes: Partial<Compared>): string[] =>
  comparable(references, own(changes)).map(({ by, epochs }) => `${by} ${epochs}`);

it('holds studies of as many pictures against each other, however many epochs they have', () => {
  expect(found({})).toEqual(['PyTorch 10', 'kindling 5']);
  expect(found({ trainSize: 50_000, epochs: 10 })).toEqual(['PyTorch 10', 'published 10']);
  expect(found({ trainSize: 50_000, epochs: 3 })).toEqual(['PyTorch 10']);
});

it('draws no line of real pictures where generated ones are trained on, nor of other sizes', () => {
  expect(found({ data: 'synthetic' })).toEqual([]);
  expect(found({ data: 'synthetic', trainSize: 1984, epochs: 4 })).toEqual(['kindling 4', 'PyTorch 4']);
  expect(found({ data: 'synthetic', trainSize: 1984, epochs: 3 })).toEqual([]);
  expect(found({ batchSize: 32 })).toEqual([]);
  expect(found({ set: 'lecun' })).toEqual([]);
});

it('draws a curve as far as the study goes, and a level where the end alone is known', () => {
  const [curve] = comparable(references, own({ epochs: 2 }));
  const [level] = comparable(references, own({ data: 'synthetic', trainSize: 1984, epochs: 4 }));
  const scenarios = [{ scenario: 'baseline', place: 0 }];
  expect(curve && linesOf(curve, scenarios, 157, { epochs: 2 })[0]).toMatchObject({ x: [157, 314], dash: [7, 4] });
  const [line] = level ? linesOf(level, scenarios, 31, { epochs: 4 }) : [];
  expect(line?.x).toEqual([0, 124]);
  // Of docs/results/synthetic-1984x4.
  expect(line?.y[0]).toBeCloseTo(0.256, 3);
});
