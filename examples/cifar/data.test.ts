import { expect, it } from 'vitest';
import { loadData } from './data.js';

it.each([
  [50_001, 1, '--train-size 50001: there are 50000 train images'],
  [1, 10_001, '--test-size 10001: there are 10000 test images'],
])('refuses %d and %d images of CIFAR-10 before it downloads any', async (trainSize, testSize, message) => {
  const said: string[] = [];
  const load = loadData({ choice: 'cifar10', download: true, trainSize, testSize }, (line) => said.push(line));
  await expect(load).rejects.toThrow(message);
  expect(said).toEqual([]);
});
