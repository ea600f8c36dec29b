/** Weights, pictures and labels of W, the same for every library, and how they travel: one file of little-endian f32. */
import { uniform } from './workloads.js';

/** Parameters in the order of the network, as PyTorch lays them out. */
export const PARAMETERS = [
  ['conv1.weight', [32, 3, 3, 3]],
  ['conv1.bias', [32]],
  ['conv2.weight', [64, 32, 3, 3]],
  ['conv2.bias', [64]],
  ['conv3.weight', [64, 64, 3, 3]],
  ['conv3.bias', [64]],
  ['fc1.weight', [64, 1024]],
  ['fc1.bias', [64]],
  ['fc2.weight', [10, 64]],
  ['fc2.bias', [10]],
] as const satisfies readonly (readonly [string, readonly number[]])[];

export const LEARNING_RATE = 1e-3;
const PIXELS = 3 * 32 * 32;

export interface Batch {
  /** [n, 3, 32, 32], from 0 to 1. */
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

export class TrainingData {
  constructor(
    readonly weights: readonly Float32Array[],
    private readonly images: Float32Array,
    private readonly labels: Float32Array,
  ) {}

  /** Batch `t` in the order of the pictures, from the start again after the last. */
  batch(t: number, size: number): Batch {
    const images = new Float32Array(size * PIXELS);
    const labels = new Int32Array(size);
    for (let i = 0; i < size; i++) {
      const from = (t * size + i) % this.labels.length;
      images.set(this.images.subarray(from * PIXELS, (from + 1) * PIXELS), i * PIXELS);
      labels[i] = this.labels[from] as number;
    }
    return { images, labels };
  }

  /** The weights, then labels and pictures. */
  toFile(): Float32Array {
    const parts = [...this.weights, this.labels, this.images];
    const file = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      file.set(part, at);
      at += part.length;
    }
    return file;
  }

  static fromFile(file: Float32Array): TrainingData {
    let at = 0;
    const take = (size: number): Float32Array => {
      at += size;
      return file.subarray(at - size, at);
    };
    const weights = PARAMETERS.map(([, shape]) => take(shape.reduce<number>((a, b) => a * b, 1)));
    const count = (file.length - at) / (PIXELS + 1);
    return new TrainingData(weights, file.subarray(at + count), take(count));
  }

  /** Pictures of noise and PyTorch's default initialisation, from a fixed seed. */
  static random(count: number): TrainingData {
    const weights = PARAMETERS.map(([name, shape], i) => {
      const fanIn = { conv1: 27, conv2: 288, conv3: 576, fc1: 1024, fc2: 64 }[name.split('.')[0] as 'conv1'];
      return uniform(
        shape.reduce<number>((a, b) => a * b, 1),
        i + 1,
      ).map((value) => value / Math.sqrt(fanIn));
    });
    const images = uniform(count * PIXELS, 100).map((value) => (value + 1) / 2);
    const labels = uniform(count, 101).map((value) => Math.floor((value + 1) * 5));
    return new TrainingData(weights, images, labels);
  }
}
