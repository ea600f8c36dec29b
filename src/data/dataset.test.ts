import { describe, expect, it } from 'vitest';
import { ImageDataset, TensorDataset } from './dataset.js';
import { sequential, shuffled } from './sampler.js';
import { channelStats } from './stats.js';
import { randomSplit, Subset } from './subset.js';
import { Normalize } from './transforms.js';

const x = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] };
const y = { data: Int32Array.of(7, 8, 9), shape: [3] };
const pictures = (count: number) =>
  new ImageDataset(
    Uint8Array.from({ length: count * 3072 }, (_, i) => (i * 7 + (i >> 10) * 31) % 256),
    Uint8Array.from({ length: count }, (_, i) => i % 10),
    ['a', 'b'],
    'test',
  );

describe('data sets', () => {
  it('TensorDataset gives rows', () => {
    const data = new TensorDataset(x, y);
    expect(data).toHaveLength(3);
    expect(data.get(1)).toEqual([
      { data: Float32Array.of(3, 4), shape: [2] },
      { data: Int32Array.of(8), shape: [] },
    ]);
  });

  it('Subset gives chosen rows, of subsets too', async () => {
    const data = new Subset(new Subset(new TensorDataset(x, y), [2, 0, 1]), [1, 1]);
    expect(data).toHaveLength(2);
    expect((await data.get(1))[1].data).toEqual(Int32Array.of(7));
  });

  it('ImageDataset gives bytes and a label', () => {
    const data = pictures(4);
    const [image, label] = data.get(2);
    expect(image).toEqual({ data: data.images.slice(6144, 9216), shape: [3, 32, 32] });
    expect(label).toEqual({ data: Int32Array.of(2), shape: [] });
    expect(data.first(2)).toHaveLength(2);
    expect(data.first(9)).toHaveLength(4);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'arrays of different length',
      () => new TensorDataset(x, { data: new Float32Array(2), shape: [2] }),
      /\[2\].*3 rows/,
    ],
    [
      'an array that does not fit',
      () => new TensorDataset({ data: new Float32Array(2), shape: [3, 2] }),
      /6 elements.*2/,
    ],
    ['an index too large', () => new TensorDataset(x).get(3), /index 3 is outside of 0 … 2/],
    ['a negative index', () => new Subset(new TensorDataset(x), [-1]), /index -1/],
    ['a label too many', () => new ImageDataset(new Uint8Array(3072), new Uint8Array(2), [], ''), /2 labels want 6144/],
  ])('refuses %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('randomSplit', () => {
  const data = pictures(23);
  const parts = (lengths: number[], seed = 1) =>
    randomSplit(data, lengths, { seed }).map((part) =>
      Array.from({ length: part.length }, (_, i) => part.rootIndex(i)),
    );

  // Lengths as PyTorch's random_split gives them.
  it.each([
    [
      [20, 3, 0],
      [20, 3, 0],
    ],
    [
      [0.5, 0.3, 0.2],
      [12, 7, 4],
    ],
    [
      [0.25, 0.25, 0.25, 0.25],
      [6, 6, 6, 5],
    ],
    [[1], [23]],
  ])('by %j gives parts of %j, every sample in one of them', (lengths, sizes) => {
    const found = parts(lengths);
    expect(found.map((part) => part.length)).toEqual(sizes);
    expect(found.flat().sort((a, b) => a - b)).toEqual([...sequential(23)]);
    expect(found.flat()).not.toEqual([...sequential(23)]);
  });

  it('is a function of the seed', () => {
    expect(parts([20, 3])).toEqual(parts([20, 3]));
    expect(parts([20, 3], 2)).not.toEqual(parts([20, 3]));
    expect(randomSplit(data, [23])[0]?.rootIndex(0)).toBe(randomSplit(data, [23], { seed: 0 })[0]?.rootIndex(0));
  });

  it.each<[number[], RegExp]>([
    [[20, 4], /lengths \[20,4\] sum to 24, not to the 23 samples/],
    [[0.5, 0.4], /sum to 0.9/],
    [[24, -1], /whole numbers, or fractions from 0 to 1/],
    [[1.5, -0.5], /whole numbers, or fractions from 0 to 1/],
    [[22.5, 0.5], /whole numbers/],
  ])('refuses %j', (lengths, message) => expect(() => parts(lengths)).toThrow(message));
});

describe('channel statistics', () => {
  it('equal their definition, with the unbiased standard deviation', () => {
    const data = pictures(5);
    const { mean, std } = channelStats(data);
    for (let channel = 0; channel < 3; channel++) {
      const values = [...data.images].filter((_, i) => Math.floor(i / 1024) % 3 === channel).map((byte) => byte / 255);
      const average = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / (values.length - 1);
      expect(mean[channel]).toBeCloseTo(average, 12);
      expect(std[channel]).toBeCloseTo(Math.sqrt(variance), 12);
    }
  });

  it('Normalize subtracts and divides', () => {
    const values = Float32Array.of(1, 2, 3, 4);
    new Normalize([1, 2], [0.5, 4]).apply(values, [2, 1, 2]);
    expect(values).toEqual(Float32Array.of(0, 2, 0.25, 0.5));
    expect(() => new Normalize([1], [1]).apply(values, [2, 2])).toThrow(/1 means/);
    expect(() => new Normalize([1], [0])).toThrow(/do not fit/);
    expect(() => channelStats(pictures(0))).toThrow(/no pictures/);
  });
});

describe('orders', () => {
  it('depend on seed and epoch and nothing else', () => {
    expect(sequential(4)).toEqual(Uint32Array.of(0, 1, 2, 3));
    expect(shuffled(100, 1, 2)).toEqual(shuffled(100, 1, 2));
    expect(shuffled(100, 1, 2)).not.toEqual(shuffled(100, 1, 3));
    expect(shuffled(100, 1, 2)).not.toEqual(shuffled(100, 2, 2));
    expect([...shuffled(100, 1, 2)].sort((a, b) => a - b)).toEqual([...sequential(100)]);
  });
});
