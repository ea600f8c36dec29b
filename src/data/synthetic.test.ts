import { describe, expect, it } from 'vitest';
import { synthetic } from './synthetic.js';

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

  it('have a fixed checksum, so that results can be compared across hosts and versions', () => {
    let sum = 0;
    for (const byte of synthetic({ split: 'test', count: 50 }).images) sum = (Math.imul(sum, 31) + byte) >>> 0;
    expect(sum).toBe(3779330522);
  });

  it('are digits where MNIST is to be stood in for', () => {
    const digits = synthetic({ split: 'train', count: 400, like: 'MNIST' });
    expect(digits).toMatchObject({ length: 400, shape: [1, 28, 28], source: 'synthetic pictures (not MNIST)' });
    expect(digits.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(synthetic({ split: 'train', count: 20, like: 'MNIST' }).images).toEqual(digits.first(20).images);
    expect(synthetic({ split: 'test', count: 20, like: 'MNIST' }).images).not.toEqual(digits.first(20).images);
    // Light on dark, a tenth to a third of a picture.
    for (let i = 0; i < 400; i++) {
      const light = digits.images.subarray(i * 784, (i + 1) * 784).filter((byte) => byte > 75).length;
      expect(light).toBeGreaterThan(30);
      expect(light).toBeLessThan(300);
    }
  });

  it('refuse a broken count', () => {
    expect(() => synthetic({ split: 'train', count: -1 })).toThrow(/-1 pictures/);
  });
});
