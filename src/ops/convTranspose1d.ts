/** One-dimensional transposed convolution: a two-dimensional one over images of height 1. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { convolveTransposed } from './convTranspose2d.js';
import { squeeze, unsqueeze } from './shape.js';

/** A number, or a list of it alone. */
type Single = number | readonly [number];

export interface ConvTranspose1dOptions {
  /** Distance at which the windows of neighbouring inputs lie in the output. Default: 1. */
  stride?: Single | undefined;
  /** Elements cut off the output on either side. Default: 0. */
  padding?: Single | undefined;
  /** Elements more at the end; less than stride or dilation. Default: 0. */
  outputPadding?: Single | undefined;
  /** Distance between the taps of the window. Default: 1. */
  dilation?: Single | undefined;
  /** Channels are cut into groups that see only their own inputs. Default: 1. */
  groups?: number | undefined;
}

const CONV_TRANSPOSE1D: Known<ConvTranspose1dOptions> = {
  stride: 'sizes',
  padding: 'counts',
  outputPadding: 'counts',
  dilation: 'sizes',
  groups: 'size',
};

/**
 * Every input adds its multiple of the weight to a window of the output.
 *
 * @param x [N, C, L] or [C, L]
 * @param weight [C, out / groups, length]
 * @param bias [out]
 * @returns [N, out, OL] with OL = (L − 1)·stride − 2·padding + dilation·(length − 1) + outputPadding + 1
 * @throws KindlingError naming the shapes, with a height of 1, where they do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html
 */
export function convTranspose1d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTranspose1dOptions = {},
): Tensor {
  const name = 'convTranspose1d';
  wantTensor(name, 'input', x);
  wantTensor(name, 'weight', weight);
  if ((x.ndim !== 3 && x.ndim !== 2) || weight.ndim !== 3) {
    refuse(
      `${name}: wants input [N, C, L] or [C, L] and weight [in, out / groups, length], got ${show(x.shape)} and ${show(weight.shape)}`,
    );
  }
  const { stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups } = checked(name, options, CONV_TRANSPOSE1D);
  const along = (value: Single, height: number) => [height, Number(value)] as const;
  const y = convolveTransposed(name, unsqueeze(x, -2), unsqueeze(weight, -2), bias, {
    stride: along(stride, 1),
    padding: along(padding, 0),
    outputPadding: along(outputPadding, 0),
    dilation: along(dilation, 1),
    groups,
  });
  return squeeze(y, -2);
}
