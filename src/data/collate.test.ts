import { describe, expect, it } from 'vitest';
import { collate, collated } from './collate.js';
import { TensorDataset } from './dataset.js';
import { Normalize, RandomCrop } from './transforms.js';

const data = new TensorDataset(
  { data: Uint8Array.of(0, 51, 255, 102), shape: [2, 1, 2] },
  { data: Int32Array.of(7, 8), shape: [2] },
  { data: Uint32Array.of(1, 2), shape: [2, 1] },
);
const samples = [data.get(1), data.get(0)];

describe('collate', () => {
  it('scales bytes and keeps other types', () => {
    expect(collate(samples)).toEqual([
      { data: Float32Array.of(1, 0.4, 0, 0.2), shape: [2, 1, 2] },
      { data: Int32Array.of(8, 7), shape: [2] },
      { data: Uint32Array.of(2, 1), shape: [2, 1] },
    ]);
  });

  it('transforms the first component, and leaves the samples as they are', () => {
    const floats = new TensorDataset({ data: Float32Array.of(1, 2, 3), shape: [3, 1] });
    const [batch] = collate([floats.get(0), floats.get(2)], new Normalize([1], [2]));
    expect(batch?.data).toEqual(Float32Array.of(0, 1));
    expect(floats.get(2)[0].data).toEqual(Float32Array.of(3));
    expect(collate(samples, new Normalize([0.5], [0.5]))[1]?.data).toEqual(Int32Array.of(8, 7));
  });

  it('draws anew for a sample that came before in the epoch', () => {
    const pictures = new TensorDataset({ data: Float32Array.from({ length: 64 }, (_, i) => i), shape: [1, 1, 8, 8] });
    const same = Array.from({ length: 6 }, () => pictures.get(0));
    const draw = { seed: 1, epoch: 0, indices: [0, 0, 0, 0, 0, 0] };
    const crops = (repeats: number[] | null) => {
      const [batch] = collate(same, new RandomCrop(4), { ...draw, repeats });
      return Array.from({ length: 6 }, (_, i) => String(batch?.data.subarray(i * 16, (i + 1) * 16)));
    };
    expect(new Set(crops(null)).size).toBe(1);
    expect(new Set(crops([0, 1, 2, 3, 4, 5])).size).toBeGreaterThan(4);
    expect(crops([0, 1, 2, 3, 4, 5])[0]).toBe(crops(null)[0]);
  });

  it('takes what a collateFn gives, bytes as numbers', () => {
    expect(collated([{ data: Uint8Array.of(1, 2), shape: [1, 1, 2] }])).toEqual([
      { data: Int32Array.of(1, 2), shape: [1, 1, 2] },
    ]);
    expect(() => collated({ x: 1 })).toThrow('collateFn gives an array of arrays with shapes, not an object');
    expect(() => collated([3])).toThrow('collateFn: wants arrays with their shapes, { data, shape }, got 3');
    expect(() => collated([{ data: new Float32Array(3), shape: [2] }])).toThrow('shape [2] wants 2 elements');
  });

  it('refuses what is no sample', () => {
    const one = { data: new Float32Array(2), shape: [2] };
    const sample = (given: unknown) => () => collate([given] as never);
    expect(sample([one, 3])).toThrow('DataLoader: wants arrays with their shapes, { data, shape }, got 3');
    expect(sample([new Float32Array(2)])).toThrow('got a Float32Array');
    expect(sample([{ data: BigInt64Array.of(1n), shape: [] }])).toThrow('Int32Array.from(data, Number)');
    expect(sample(one)).toThrow('DataLoader: samples are lists of as many arrays each, got an object');
  });

  it('refuses samples that differ, and transforms of integers', () => {
    const one = { data: new Float32Array(2), shape: [2] };
    expect(() => collate([[one], [{ data: new Float32Array(3), shape: [3] }]])).toThrow(/component 0.*\[2\] and \[3\]/);
    expect(() => collate([[one], [{ data: new Int32Array(2), shape: [2] }]])).toThrow(/shape or type/);
    expect(() => collate([[one, one], [one]])).toThrow(/lists of as many arrays each, got \[an object\]/);
    expect(() => collate([[one], [one, one]])).toThrow(/as many arrays each/);
    expect(() => collate([[{ data: new Int32Array(2), shape: [2] }]], new Normalize([0], [1]))).toThrow(/transform/);
  });
});
