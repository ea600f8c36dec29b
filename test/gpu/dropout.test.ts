/** Dropout's mask is the host's Philox, in forward and in backward, for elements and for channels. */
import { manualSeed, ones, randomState, setRandomState, step, type Tensor, tensor, zeros } from 'kindling';
import { dropout, dropout2d } from 'kindling/nn/functional';
import { expect, test } from 'vitest';
import { seedKey } from '../../src/tensor/generator.js';
import { philox } from '../../src/tensor/philox.js';
import { sizeOf } from '../support/agree.js';

/** 0 or 1 / (1 − p) for each of `count` elements, from the published function. */
function mask(count: number, p: number, at: { step: number }): number[] {
  return Array.from({ length: count }, (_, i) => {
    const words = philox(seedKey(randomState().seed), [Math.floor(i / 4), at.step, 0, 0]);
    return (words[i % 4] ?? 0) < Math.floor((1 - p) * 2 ** 32) ? Math.fround(1 / (1 - p)) : 0;
  });
}

const numbers = async (x: Tensor | null | undefined): Promise<number[]> => Array.from((await x?.data()) ?? []);

test.each([0, 7, 2 ** 40 + 12345])('the mask of seed %d is the host’s', async (seed) => {
  for (const p of [0.2, 0.5, 0.9]) {
    manualSeed(seed);
    const x = ones([7, 43]).requiresGrad_();
    const y = dropout(x, { p });
    y.sum().backward();
    const want = mask(301, p, { step: randomState().step });
    expect(await numbers(y)).toEqual(want);
    expect(await numbers(x.grad)).toEqual(want);
    const before = randomState().step;
    expect(await numbers(dropout(x, { p }))).toEqual(mask(301, p, { step: before + 1 }));
  }
});

test('layers of one step draw one after the other, and a step repeats from its state', async () => {
  manualSeed(3);
  const x = ones([50]);
  const state = randomState();
  const [a, b] = step(() => [dropout(x), dropout(x)] as const);
  const now = randomState().step;
  expect(await numbers(a)).toEqual(mask(50, 0.5, { step: now - 1 }));
  expect(await numbers(b)).toEqual(mask(50, 0.5, { step: now }));
  setRandomState(state);
  expect(await numbers(step(() => dropout(x)))).toEqual(await numbers(a));
});

test.each([[[3, 5, 2, 2]], [[2, 3, 9, 9]], [[5, 1, 13]], [[2, 3, 1, 1]]] as const)('channels of %j', async (shape) => {
  manualSeed(11);
  const x = ones(shape).requiresGrad_();
  const y = dropout2d(x, { p: 0.3 });
  y.sum().backward();
  const channels = sizeOf(shape.slice(0, -2));
  const inner = x.size / channels;
  const want = mask(channels, 0.3, { step: randomState().step }).flatMap((value) =>
    new Array<number>(inner).fill(value),
  );
  expect(await numbers(y)).toEqual(want);
  expect(await numbers(x.grad)).toEqual(want);
});

test('values are scaled, p 0 and evaluation give x itself, p 1 zeros', async () => {
  const x = tensor([1, -2, 3, 4, 5, 6, 7, 8]);
  manualSeed(1);
  const y = await numbers(dropout(x, { p: 0.25 }));
  const kept = mask(8, 0.25, { step: randomState().step });
  const want = [1, -2, 3, 4, 5, 6, 7, 8].map((value, i) => Math.fround(value * (kept[i] ?? 0)) + 0);
  for (const [i, value] of y.entries()) expect(value).toBeCloseTo(want[i] ?? 0, 5);
  expect(dropout(x, { p: 0 })).toBe(x);
  expect(dropout(x, { training: false })).toBe(x);
  const all = tensor([1, 2, 3], { requiresGrad: true });
  const none = dropout(all, { p: 1 });
  none.sum().backward();
  expect(await numbers(none)).toEqual([0, 0, 0]);
  expect(await numbers(all.grad)).toEqual([0, 0, 0]);
  // What is dropped is multiplied by 0.
  const largest = Math.fround(3.4e38);
  const dropped = await numbers(dropout(tensor([Infinity, -Infinity, Number.NaN, largest, -largest]), { p: 1 }));
  expect(dropped).toEqual([Number.NaN, Number.NaN, Number.NaN, 0, 0]);
  expect(() => dropout(x, { p: 1.5 })).toThrow('dropout: p is a probability, got 1.5');
  expect(() => dropout2d(zeros([2, 2]))).toThrow('dropout2d: wants shape [N, C, H, W] or [C, H, W], got [2, 2]');
});
