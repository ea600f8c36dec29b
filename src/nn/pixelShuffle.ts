/** Channels as pixels, and pixels as channels. */
import { atMost, required } from '../gpu/options.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { Module } from './module.js';
import { named } from './repr.js';

/**
 * r² channels become r × r pixels of one: {@link F.pixelShuffle}. x: [..., C·r², H, W]; y: [..., C, H·r, W·r].
 *
 * @example new PixelShuffle(3)(zeros([1, 9, 4, 4])) // [1, 1, 12, 12]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
 */
export class PixelShuffle extends Module {
  constructor(public upscaleFactor: number) {
    super();
    atMost('PixelShuffle', 1, arguments);
    required('PixelShuffle', { upscaleFactor }, { upscaleFactor: 'size' });
  }

  forward(x: Tensor): Tensor {
    return F.pixelShuffle(x, this.upscaleFactor);
  }

  override extraRepr(): string {
    return named({ upscale_factor: this.upscaleFactor });
  }
}

/**
 * r × r pixels become r² channels: {@link F.pixelUnshuffle}. x: [..., C, H·r, W·r]; y: [..., C·r², H, W].
 *
 * @example new PixelUnshuffle(3)(zeros([1, 1, 12, 12])) // [1, 9, 4, 4]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
 */
export class PixelUnshuffle extends Module {
  constructor(public downscaleFactor: number) {
    super();
    atMost('PixelUnshuffle', 1, arguments);
    required('PixelUnshuffle', { downscaleFactor }, { downscaleFactor: 'size' });
  }

  forward(x: Tensor): Tensor {
    return F.pixelUnshuffle(x, this.downscaleFactor);
  }

  override extraRepr(): string {
    return named({ downscale_factor: this.downscaleFactor });
  }
}
