import { expect, test } from 'vitest';
import { nextThreshold } from './budget.js';

const MIB = 2 ** 20;

test('a collection that found little is repeated soon, one that found much after half as much again', () => {
  expect(nextThreshold(0, 0)).toBe(96 * MIB);
  expect(nextThreshold(30 * MIB, 0)).toBe(96 * MIB);
  expect(nextThreshold(128 * MIB, 0)).toBe(192 * MIB);
  expect(nextThreshold(128 * MIB, 1)).toBe(144 * MIB);
  expect(nextThreshold(128 * MIB, 2)).toBe(160 * MIB);
  expect(nextThreshold(128 * MIB, 3)).toBe(192 * MIB);
  expect(nextThreshold(128 * MIB, 9)).toBe(192 * MIB);
});

test('whoever needs 8 GB is held up a dozen times on the way there', () => {
  let collections = 0;
  let threshold = nextThreshold(0, 0);
  for (let used = 0; used <= 8192 * MIB; used += MIB) {
    if (used > threshold) threshold = nextThreshold(used, ++collections);
  }
  expect(collections).toBeLessThan(15);
});
