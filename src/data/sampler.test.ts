import { describe, expect, it } from 'vitest';
import { ConcatDataset } from './concat.js';
import { TensorDataset } from './dataset.js';
import {
  isSampler,
  orderOf,
  RandomSampler,
  repeatsIn,
  type Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  sequential,
  shuffled,
  WeightedRandomSampler,
} from './sampler.js';
import { Subset } from './subset.js';

const rows = (...values: number[]) => new TensorDataset({ data: Float32Array.from(values), shape: [values.length] });
const data = rows(...sequential(10));
const sorted = (order: ArrayLike<number>) => Array.from(order).sort((a, b) => a - b);

/** How often each of `n` indices comes. */
function counts(order: ArrayLike<number>, n: number): number[] {
  const found = Array<number>(n).fill(0);
  for (const index of Array.from(order)) found[index] = (found[index] ?? 0) + 1;
  return found;
}

describe('samplers', () => {
  it.each<[string, Sampler]>([
    ['RandomSampler', new RandomSampler(data)],
    ['RandomSampler with replacement', new RandomSampler(data, { replacement: true, numSamples: 40 })],
    ['SubsetRandomSampler', new SubsetRandomSampler(Uint8Array.of(9, 2, 4, 7, 1, 0))],
    ['WeightedRandomSampler', new WeightedRandomSampler([1, 2, 3, 4], 40)],
    [
      'WeightedRandomSampler without replacement',
      new WeightedRandomSampler(Array(20).fill(1), 9, { replacement: false }),
    ],
  ])('%s is a function of seed and epoch', (_, sampler) => {
    expect(isSampler(sampler)).toBe(true);
    const order = sampler.order(1, 2);
    expect(order).toHaveLength(sampler.length);
    expect(sampler.order(1, 2)).toEqual(order);
    expect(sampler.order(1, 3)).not.toEqual(order);
    expect(sampler.order(2, 2)).not.toEqual(order);
  });

  it('SequentialSampler goes from first to last', () => {
    expect(new SequentialSampler(data).order()).toEqual(sequential(10));
  });

  it('RandomSampler is shuffle, one permutation after the other where more are asked for', () => {
    expect(new RandomSampler(data).order(3, 4)).toEqual(shuffled(10, 3, 4));
    const more = new RandomSampler(data, { numSamples: 25 }).order(3, 4);
    expect(more.subarray(0, 10)).toEqual(shuffled(10, 3, 4));
    expect(sorted(more.subarray(10, 20))).toEqual([...sequential(10)]);
    expect(more.subarray(10, 20)).not.toEqual(more.subarray(0, 10));
    expect(new Set(more.subarray(20)).size).toBe(5);
    expect(new RandomSampler(data, { numSamples: 4 }).order(3, 4)).toEqual(shuffled(10, 3, 4).subarray(0, 4));
  });

  it('RandomSampler with replacement draws each as likely', () => {
    const found = counts(new RandomSampler(data, { replacement: true, numSamples: 10_000 }).order(1, 0), 10);
    for (const count of found) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('SubsetRandomSampler gives each of its indices once', () => {
    const indices = [9, 2, 4, 7];
    const orders = Array.from({ length: 20 }, (_, epoch) => new SubsetRandomSampler(indices).order(1, epoch));
    for (const order of orders) expect(sorted(order)).toEqual([2, 4, 7, 9]);
    expect(new Set(orders.map((order) => order[0])).size).toBe(4);
  });
});

describe('WeightedRandomSampler', () => {
  it('draws in proportion to weights, and never what weighs nothing', () => {
    const weights = [0, 1, 0, 2, 5, 0, 0];
    const found = counts(new WeightedRandomSampler(weights, 16_000).order(1, 0), 7);
    for (const [i, count] of found.entries()) {
      const wanted = (weights[i] as number) * 2000;
      // Five standard deviations.
      expect(Math.abs(count - wanted)).toBeLessThanOrEqual(5 * Math.sqrt(wanted));
    }
    const tiny = new WeightedRandomSampler(Float32Array.of(1e-30, 0, 3e-30), 8000).order(1, 0);
    expect(Math.abs((counts(tiny, 3)[0] as number) - 2000)).toBeLessThan(200);
    expect([...new WeightedRandomSampler([7], 3).order(1, 0)]).toEqual([0, 0, 0]);
  });

  it('without replacement draws as if what was drawn weighed nothing', () => {
    // P(first, second) = w1/4 · w2/(4 − w1) for weights 1, 0, 2, 1.
    const sampler = new WeightedRandomSampler([1, 0, 2, 1], 2, { replacement: false });
    const runs = 12_000;
    const found = new Map<string, number>();
    for (let epoch = 0; epoch < runs; epoch++) {
      const pair = String(sampler.order(1, epoch));
      found.set(pair, (found.get(pair) ?? 0) + 1);
    }
    const wanted = { '0,2': 1 / 6, '0,3': 1 / 12, '2,0': 1 / 4, '2,3': 1 / 4, '3,0': 1 / 12, '3,2': 1 / 6 };
    expect([...found.keys()].sort()).toEqual(Object.keys(wanted));
    for (const [pair, p] of Object.entries(wanted)) {
      expect(Math.abs((found.get(pair) ?? 0) - runs * p), pair).toBeLessThan(5 * Math.sqrt(runs * p));
    }
  });

  it('without replacement takes all that weigh anything, whatever rounding does', () => {
    const weights = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? 0 : 10 ** ((i % 25) - 12)));
    const order = new WeightedRandomSampler(weights, 200, { replacement: false }).order(5, 0);
    expect(sorted(order)).toEqual(weights.flatMap((weight, i) => (weight > 0 ? [i] : [])));
  });

  it.each<[string, () => unknown, RegExp]>([
    ['negative weights', () => new WeightedRandomSampler([1, -1], 1), /weights, numbers from 0 on, got -1 at 1/],
    ['weights that are none', () => new WeightedRandomSampler([Number.NaN], 1), /got NaN at 0/],
    ['infinite weights', () => new WeightedRandomSampler([1, Number.POSITIVE_INFINITY], 1), /got Infinity at 1/],
    ['weights of nothing', () => new WeightedRandomSampler([0, 0], 1), /none of the weights is above 0/],
    ['no weights', () => new WeightedRandomSampler([], 1), /none of the weights is above 0/],
    ['no samples', () => new WeightedRandomSampler([1], 0), /numSamples is 0, wants a whole number from 1 on/],
    [
      'more than there are',
      () => new WeightedRandomSampler([1, 0, 1], 3, { replacement: false }),
      /3 samples without replacement, 2 weights above 0/,
    ],
    ['negative indices', () => new SubsetRandomSampler([-1]), /SubsetRandomSampler: .* got -1 at 0/],
    ['samples of an empty data set', () => new RandomSampler(rows(), { numSamples: 2 }), /empty data set/],
  ])('and others refuse %s', (_, make, message) => expect(make).toThrow(message));
});

describe('the order of an epoch', () => {
  const own = (length: number, ...order: number[]): Sampler => ({ length, order: () => order });

  it('is checked', () => {
    expect(orderOf(own(2, 1, 1), 2, 0, 0)).toEqual(Uint32Array.of(1, 1));
    expect(() => orderOf(own(2, 1), 2, 0, 0)).toThrow(/gives 1 indices; its length is 2/);
    expect(() => orderOf(own(2, 1, 2), 2, 0, 0)).toThrow(/index 2, outside of the data set's 0 … 1/);
    expect(() => orderOf(own(1, 0.5), 2, 0, 0)).toThrow(/index 0.5/);
  });

  it('tells samples that come again', () => {
    expect(repeatsIn(Uint32Array.of(3, 1, 3, 3, 1))).toEqual(Uint32Array.of(0, 0, 1, 2, 1));
    expect(repeatsIn(Uint32Array.of(3, 1, 2))).toBe(null);
  });
});

describe('ConcatDataset', () => {
  it('gives the samples of its parts, empty ones among them, one after the other', async () => {
    const all = new ConcatDataset([rows(1, 2), rows(), new Subset(rows(3, 4, 5), [2, 0])]);
    expect(all.cumulativeSizes).toEqual([2, 2, 4]);
    const found = await Promise.all(Array.from({ length: all.length }, (_, i) => all.get(i)));
    expect(found.map(([{ data }]) => data[0])).toEqual([1, 2, 5, 3]);
    const nested = new ConcatDataset([all, rows(9)]);
    expect((await nested.get(4))[0].data).toEqual(Float32Array.of(9));
    expect((await new Subset(nested, [4, 1]).get(1))[0].data).toEqual(Float32Array.of(2));
  });

  it('refuses what is outside, and what is no data set', () => {
    expect(() => new ConcatDataset([rows(1)]).get(1)).toThrow(/index 1 is outside of 0 … 0/);
    expect(() => new ConcatDataset([])).toThrow(/one data set or more/);
    expect(() => new ConcatDataset([3 as never])).toThrow(/wants an array of data sets/);
  });
});
