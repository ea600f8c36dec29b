/** Transposed convolutions in one dimension and two. */
import { checked, type Known } from '../gpu/options.js';
import type { Tensor } from '../tensor/tensor.js';
import { CONV, Conv, type ConvOptions } from './conv.js';
import * as F from './functional.js';

type Single = readonly [number];
type Double = readonly [number, number];

export interface ConvTransposeOptions<Size> extends Omit<ConvOptions<Size>, 'padding' | 'paddingMode'> {
  /** What is cut off the output on every side. Default: 0. */
  padding?: number | Size | undefined;
  /** What is more at the end; less than stride or dilation. Default: 0. */
  outputPadding?: number | Size | undefined;
}

export type ConvTranspose1dOptions = ConvTransposeOptions<Single>;
export type ConvTranspose2dOptions = ConvTransposeOptions<Double>;

const { paddingMode: _, ...SIZES } = CONV;
const CONV_TRANSPOSE: Known<ConvTransposeOptions<readonly number[]>> = {
  ...SIZES,
  padding: 'counts',
  outputPadding: 'counts',
};

/**
 * Transposed convolution in one dimension. x: [N, inChannels, L]; y: [N, outChannels, L'] with
 * L' = (L − 1)·stride − 2·padding + dilation·(kernelSize − 1) + outputPadding + 1.
 *
 * weight: [inChannels, outChannels / groups, kernelSize]. Starts uniform in ±1/√(outChannels/groups · kernelSize).
 *
 * @example new ConvTranspose1d(16, 8, 2, { stride: 2 })(zeros([1, 16, 7])) // [1, 8, 14]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
 */
export class ConvTranspose1d extends Conv<Single> {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number | Single,
    options: ConvTranspose1dOptions = {},
  ) {
    super(1, inChannels, outChannels, kernelSize, checked('ConvTranspose1d', options, CONV_TRANSPOSE), true);
  }

  forward(x: Tensor): Tensor {
    const { stride, padding, dilation, outputPadding, groups } = this;
    // Its options have no 'same' and no 'valid'.
    const cut = padding as Single;
    return F.convTranspose1d(x, this.weight, this.bias, { stride, padding: cut, dilation, outputPadding, groups });
  }
}

/**
 * Transposed convolution, the gradient of {@link F.conv2d} by its input. x: [N, inChannels, H, W]; y: [N, outChannels, H', W']
 * with H' = (H − 1)·stride − 2·padding + dilation·(kernelSize − 1) + outputPadding + 1.
 *
 * weight: [inChannels, outChannels / groups, kernel height, kernel width]. Starts uniform in
 * ±1/√(outChannels/groups · kernel height · kernel width).
 *
 * @example new ConvTranspose2d(16, 8, 2, { stride: 2 })(zeros([1, 16, 7, 7])) // [1, 8, 14, 14]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
 */
export class ConvTranspose2d extends Conv<Double> {
  constructor(inChannels: number, outChannels: number, kernelSize: F.Pair, options: ConvTranspose2dOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, checked('ConvTranspose2d', options, CONV_TRANSPOSE), true);
  }

  forward(x: Tensor): Tensor {
    const { stride, padding, dilation, outputPadding, groups } = this;
    // Its options have no 'same' and no 'valid'.
    const cut = padding as Double;
    return F.convTranspose2d(x, this.weight, this.bias, { stride, padding: cut, dilation, outputPadding, groups });
  }
}
