import { refuse } from '../gpu/errors.js';
import { atMost, text } from '../gpu/options.js';
import type { ImageDataset } from './dataset.js';

/**
 * Mean and standard deviation of each channel of byte pictures, on the scale 0 … 1. The standard deviation is the
 * unbiased one, as PyTorch's `std`. Sums of bytes and of their squares are whole numbers below 2^53, hence exact.
 *
 * @throws KindlingError for a data set without pictures
 */
export function channelStats(dataset: ImageDataset): { mean: number[]; std: number[] } {
  atMost('channelStats', 1, arguments);
  const { images, length, shape }: Partial<ImageDataset> = dataset ?? {};
  if (!images || !shape) refuse(`channelStats: wants an ImageDataset, got ${text(dataset)}`);
  if (length === 0) refuse('channelStats: the data set has no pictures');
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
