import { KindlingError } from '../gpu/errors.js';
import type { ImageDataset } from './dataset.js';

/** Changes one sample's array on the host, in place, after bytes have been scaled to 0 … 1. */
export interface Transform {
  apply(values: Float32Array, shape: readonly number[]): void;
}

/**
 * Mean and standard deviation of each channel of byte pictures, on the scale 0 … 1. The standard deviation is the
 * unbiased one, as PyTorch's `std`. Sums of bytes and of their squares are whole numbers below 2^53, hence exact.
 *
 * @throws KindlingError for a data set without pictures
 */
export function channelStats({ images, length, shape }: ImageDataset): { mean: number[]; std: number[] } {
  if (length === 0) throw new KindlingError('channelStats: the data set has no pictures');
  const [channels, height, width] = shape;
  const area = height * width;
  const count = length * area;
  const mean: number[] = [];
  const std: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    let sum = 0;
    let squares = 0;
    for (let start = channel * area; start < images.length; start += channels * area) {
      for (let i = start; i < start + area; i++) {
        const byte = images[i] as number;
        sum += byte;
        squares += byte * byte;
      }
    }
    mean.push(sum / count / 255);
    std.push(Math.sqrt(Math.max(0, squares - (sum / count) * sum) / (count - 1)) / 255);
  }
  return { mean, std };
}

/**
 * (x − mean) / std, channel by channel, for pictures [channels, …].
 *
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html
 */
export class Normalize implements Transform {
  /** @throws KindlingError unless there are as many standard deviations as means, none of them 0 */
  constructor(
    readonly mean: readonly number[],
    readonly std: readonly number[],
  ) {
    if (mean.length !== std.length || std.some((value) => !(value > 0))) {
      throw new KindlingError(`Normalize: mean [${mean}] and std [${std}] do not fit each other`);
    }
  }

  apply(values: Float32Array, shape: readonly number[]): void {
    const channels = this.mean.length;
    if (shape[0] !== channels)
      throw new KindlingError(`Normalize: ${channels} means for a picture of shape [${shape}]`);
    const area = values.length / channels;
    for (let channel = 0; channel < channels; channel++) {
      const mean = this.mean[channel] as number;
      const std = this.std[channel] as number;
      for (let i = channel * area; i < (channel + 1) * area; i++) values[i] = ((values[i] as number) - mean) / std;
    }
  }
}
