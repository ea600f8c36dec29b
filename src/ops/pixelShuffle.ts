/** Channels as pixels, and pixels as channels. */

import { refuse } from '../gpu/errors.js';
import { ofTensor, required } from '../gpu/options.js';
import { show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { reshape } from './broadcast.js';
import { permute } from './shape.js';

/** Planes and leading dimensions, with the order of what follows the channel. */
function rearranged(x: Tensor, shape: readonly number[], order: readonly number[], to: readonly number[]): Tensor {
  const lead = x.shape.slice(0, -3);
  const leading = lead.map((_, d) => d);
  const moved = permute(reshape(x, [...lead, ...shape]), [...leading, ...order.map((d) => d + lead.length)]);
  return reshape(moved, [...lead, ...to]);
}

function planes(name: string, x: Tensor): [channels: number, height: number, width: number] {
  if (x.ndim < 3) refuse(`${name}: wants [..., C, H, W], got ${show(x.shape)}`);
  const [channels = 0, height = 0, width = 0] = x.shape.slice(-3);
  return [channels, height, width];
}

/**
 * y[c, h·r + i, w·r + j] = x[c·r² + i·r + j, h, w]: r² channels become r × r pixels of one.
 *
 * @param x [..., C·r², H, W]
 * @param upscaleFactor r
 * @returns [..., C, H·r, W·r]
 * @throws KindlingError where the channels are no multiple of r²
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html
 */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  ofTensor('pixelShuffle', 2, arguments);
  required('pixelShuffle', { upscaleFactor }, { upscaleFactor: 'size' });
  const r = upscaleFactor;
  const [channels, h, w] = planes('pixelShuffle', x);
  if (channels % r ** 2 !== 0) {
    refuse(`pixelShuffle: ${channels} channels of ${show(x.shape)} are no multiple of ${r}² = ${r ** 2}`);
  }
  const c = channels / r ** 2;
  return rearranged(x, [c, r, r, h, w], [0, 3, 1, 4, 2], [c, h * r, w * r]);
}

/**
 * The opposite of {@link pixelShuffle}: r × r pixels become r² channels.
 *
 * @param x [..., C, H·r, W·r]
 * @param downscaleFactor r
 * @returns [..., C·r², H, W]
 * @throws KindlingError where height or width are no multiples of r
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html
 */
export function pixelUnshuffle(x: Tensor, downscaleFactor: number): Tensor {
  ofTensor('pixelUnshuffle', 2, arguments);
  required('pixelUnshuffle', { downscaleFactor }, { downscaleFactor: 'size' });
  const r = downscaleFactor;
  const [c, height, width] = planes('pixelUnshuffle', x);
  const [h, w] = [height / r, width / r];
  if (h % 1 !== 0 || w % 1 !== 0) {
    refuse(`pixelUnshuffle: height ${height} or width ${width} of ${show(x.shape)} is no multiple of ${r}`);
  }
  return rearranged(x, [c, h, r, w, r], [0, 2, 4, 1, 3], [c * r * r, h, w]);
}
