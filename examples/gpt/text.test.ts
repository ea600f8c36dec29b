/** Windows, batches and the unigram model on texts small enough to check by hand. */
import { expect, it } from 'vitest';
import { batchAt, inOrder, readText, uniform, unigramEntropy, unigramLoss } from './text.js';

it('numbers characters by code point and keeps the last tenth for validation', () => {
  const text = readText('ba—\r\n'.repeat(10), 3);
  expect(text.characters).toEqual(['\n', 'a', 'b', '—']);
  expect([...text.train.subarray(0, 8)]).toEqual([2, 1, 3, 0, 2, 1, 3, 0]);
  expect(text.train.length).toBe(36);
  expect([...text.validation]).toEqual([2, 1, 3, 0]);
});

it('refuses a text too short for a window of validation', () => {
  expect(() => readText('x'.repeat(40), 4)).toThrow('has 40 characters; for windows of 4 it needs 50');
});

it('draws the same windows for the same seed and step, others for another', () => {
  const text = Int32Array.from({ length: 1000 }, (_, i) => i);
  const batch = batchAt(text, 4, 8, 1, 7);
  expect(batchAt(text, 4, 8, 1, 7)).toEqual(batch);
  expect(batchAt(text, 4, 8, 1, 8)).not.toEqual(batch);
  expect(batchAt(text, 4, 8, 2, 7)).not.toEqual(batch);
  expect([...batch.next]).toEqual([...batch.characters].map((c) => c + 1));
  const first = batch.characters[8] ?? 0;
  expect([...batch.characters.subarray(8, 16)]).toEqual(Array.from({ length: 8 }, (_, i) => first + i));
});

it('reaches the first and the last window of a text, and none beyond', () => {
  const text = Int32Array.from([0, 1, 2, 3]);
  const starts = Array.from({ length: 40 }, (_, step) => batchAt(text, 1, 2, 0, step).characters[0]);
  expect(new Set(starts)).toEqual(new Set([0, 1]));
});

it('goes through a text in order, a smaller batch last', () => {
  const batches = [
    ...inOrder(
      Int32Array.from({ length: 12 }, (_, i) => i),
      2,
      3,
    ),
  ];
  expect(batches.map(({ count }) => count)).toEqual([2, 1]);
  expect([...(batches[0]?.characters ?? [])]).toEqual([0, 1, 2, 3, 4, 5]);
  expect([...(batches[1]?.next ?? [])]).toEqual([7, 8, 9]);
});

it('loses by frequencies of the training part, with one added to each count', () => {
  const train = Int32Array.from([0, 0, 0, 1]);
  const batches = inOrder(Int32Array.from([0, 0, 1, 2]), 1, 3);
  // Counts 4, 2 and 1 of 7; what follows is 0, 1, 2.
  expect(unigramLoss(train, 3, batches)).toBeCloseTo(-Math.log((4 * 2 * 1) / 7 ** 3) / 3, 12);
});

it('is not beaten by a model that knows nothing where the parts of a text differ', () => {
  const untrained = Math.log(2);
  const parted = readText('a'.repeat(9000) + 'b'.repeat(1000), 64);
  expect(unigramLoss(parted.train, 2, inOrder(parted.validation, 1, 64)) - untrained).toBeGreaterThan(0.5);
  expect(unigramEntropy(parted, 64) - untrained).toBeLessThan(0);
  // 'b' in half of the last tenth only: the whole text's entropy is the least.
  const rare = readText('a'.repeat(9000) + 'ab'.repeat(500), 64);
  expect(unigramEntropy(rare, 64)).toBeCloseTo(-0.95 * Math.log(0.95) - 0.05 * Math.log(0.05), 12);
});

it('has even random numbers', () => {
  const random = uniform(3, 5);
  const values = Array.from({ length: 10_000 }, random);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...values)).toBeLessThan(1);
  expect(values.reduce((sum, x) => sum + x) / values.length).toBeCloseTo(0.5, 1);
});
