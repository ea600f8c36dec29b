import { describe, expect, it, vi } from 'vitest';
import type { ImageDataset } from './dataset.js';
import { synthetic } from './synthetic.js';

const checksum = ({ images }: ImageDataset): number =>
  images.reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 0);

/** The share of `test` that lies nearest to its own class's mean picture: what a linear model finds in single pixels. */
function byMeanPicture(train: ImageDataset, test: ImageDataset): number {
  const size = train.images.length / train.length;
  const means = Array.from({ length: 10 }, () => new Float64Array(size));
  const counts = new Array<number>(10).fill(0);
  for (const [i, label] of train.labels.entries()) {
    counts[label] = (counts[label] ?? 0) + 1;
    const sum = means[label];
    if (sum) for (let at = 0; at < size; at++) sum[at] = (sum[at] ?? 0) + (train.images[i * size + at] ?? 0);
  }
  for (const [label, sum] of means.entries())
    for (let at = 0; at < size; at++) sum[at] = (sum[at] ?? 0) / (counts[label] ?? 1);
  const right = test.labels.filter((label, i) => {
    const distances = means.map((mean) =>
      mean.reduce((sum, value, at) => sum + (value - (test.images[i * size + at] ?? 0)) ** 2, 0),
    );
    return distances.indexOf(Math.min(...distances)) === label;
  });
  return right.length / test.length;
}

describe('synthetic pictures', () => {
  const train = synthetic({ split: 'train', count: 400 });

  it('say what they are', () => {
    expect(train).toMatchObject({ length: 400, synthetic: true, source: expect.stringContaining('not CIFAR-10') });
    expect(train.classes).toHaveLength(10);
    expect(new Set(train.labels)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });

  it('are the same each time, whatever the count', () => {
    const again = synthetic({ split: 'train', count: 20 });
    expect(again.images).toEqual(train.images.subarray(0, again.images.length));
    expect(again.labels).toEqual(train.labels.subarray(0, 20));
  });

  it('differ between splits and seeds', () => {
    const few = train.first(20).images;
    expect(synthetic({ split: 'test', count: 20 }).images).not.toEqual(few);
    expect(synthetic({ split: 'train', count: 20, seed: 1 }).images).not.toEqual(few);
  });

  it('have fixed checksums, so that results can be compared across hosts and versions', () => {
    expect(checksum(synthetic({ split: 'test', count: 50 }))).toBe(4087647919);
    expect(checksum(synthetic({ split: 'test', count: 50, like: 'MNIST' }))).toBe(2813749371);
  });

  it('take no function of which hosts give different last digits', () => {
    const names = ['sin', 'cos', 'tan', 'atan2', 'exp', 'log', 'pow', 'hypot', 'cbrt'] as const;
    const spies = names.map((name) => vi.spyOn(Math, name));
    synthetic({ split: 'train', count: 20 });
    synthetic({ split: 'train', count: 20, like: 'MNIST' });
    for (const [i, spy] of spies.entries()) expect(spy, names[i]).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  it('tell little by single pixels', () => {
    const share = byMeanPicture(synthetic({ split: 'train', count: 1500 }), synthetic({ split: 'test', count: 400 }));
    expect(share).toBeGreaterThan(0.12);
    expect(share).toBeLessThan(0.3);
  });

  it('want normalising: their mean lies further from 0 than they scatter', () => {
    const mean = train.images.reduce((sum, byte) => sum + byte, 0) / train.images.length;
    const variance = train.images.reduce((sum, byte) => sum + (byte - mean) ** 2, 0) / train.images.length;
    expect(mean / Math.sqrt(variance)).toBeGreaterThan(2);
  });

  it('are digits where MNIST is to be stood in for', () => {
    const digits = synthetic({ split: 'train', count: 400, like: 'MNIST' });
    expect(digits).toMatchObject({ length: 400, shape: [1, 28, 28], source: 'synthetic pictures (not MNIST)' });
    expect(digits.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(synthetic({ split: 'train', count: 20, like: 'MNIST' }).images).toEqual(digits.first(20).images);
    expect(synthetic({ split: 'test', count: 20, like: 'MNIST' }).images).not.toEqual(digits.first(20).images);
    // Light on dark, a twentieth to a third of a picture.
    for (let i = 0; i < 400; i++) {
      const light = digits.images.subarray(i * 784, (i + 1) * 784).filter((byte) => byte > 75).length;
      expect(light).toBeGreaterThan(20);
      expect(light).toBeLessThan(300);
    }
  });

  it('refuse a broken count', () => {
    expect(() => synthetic({ split: 'train', count: -1 })).toThrow(/-1 pictures/);
  });
});
