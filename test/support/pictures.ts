/** Pictures of random bytes, their loaders' batches, and what is done to them. */
import { expect } from 'vitest';
import { ImageDataset, type ImageSample } from '../../src/data/dataset.js';
import type { DataLoader } from '../../src/data/loader.js';
import { Compose, Cutout, Normalize, RandomCrop, RandomHorizontalFlip } from '../../src/data/transforms.js';

export type Picture = readonly [number, number, number];

export function pictures(count: number, shape: Picture = [3, 32, 32]): ImageDataset {
  let state = 99;
  const byte = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 24;
  };
  const labels = Uint8Array.from({ length: count }, byte);
  const images = Uint8Array.from({ length: count * shape[0] * shape[1] * shape[2] }, byte);
  return new ImageDataset(images, labels, [], 'random', false, shape);
}

interface Values {
  shape: readonly number[];
  x: Uint32Array;
  y: number[];
}

/** The batches of an epoch, floats by their bits. */
export async function epochOf(loader: DataLoader<ImageSample>): Promise<Values[]> {
  const batches: Values[] = [];
  for await (const [x, y] of loader) {
    const [values, labels] = [await x.data(), await y.data()];
    expect([x.dtype, y.dtype, y.shape]).toEqual(['f32', 'i32', [x.shape[0]]]);
    batches.push({ shape: x.shape, x: new Uint32Array(values.buffer), y: [...labels] });
  }
  return batches;
}

export const normalise = new Normalize([0.49, 0.48, 0.44], [0.25, 0.24, 0.26]);
export const standard = new Compose([new RandomCrop(32, { padding: 4 }), new RandomHorizontalFlip(), normalise]);
export const augmented = new Compose([...standard.transforms, new Cutout(8, { p: 0.75 })]);
