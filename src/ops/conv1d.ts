/** One-dimensional convolution: a two-dimensional one over images of height 1. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { convolve } from './conv2d.js';
import { squeeze, unsqueeze } from './shape.js';

/** A number, or a list of it alone. */
type Single = number | readonly [number];

export interface Conv1dOptions {
  /** Default: 1. */
  stride?: Single | undefined;
  /** Zeros on either side; 'valid' is 0, 'same' keeps the length (stride 1). Default: 0. */
  padding?: Single | 'valid' | 'same' | undefined;
  /** Distance between the taps of the window. Default: 1. */
  dilation?: Single | undefined;
  /** Channels are cut into groups that see only their own inputs. Default: 1. */
  groups?: number | undefined;
}

const CONV1D: Known<Conv1dOptions> = {
  stride: 'sizes',
  padding: 'counts|valid|same',
  dilation: 'sizes',
  groups: 'size',
};

/**
 * y[n, o] = bias[o] + Σ_c weight[o, c] ⋆ x[n, c].
 *
 * @param x [N, C, L] or [C, L]
 * @param weight [out, C / groups, length]
 * @param bias [out]
 * @returns [N, out, OL] with OL = ⌊(L + 2·padding − dilation·(length − 1) − 1) / stride⌋ + 1
 * @throws KindlingError naming the shapes, with a height of 1, where they do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html
 */
export function conv1d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: Conv1dOptions = {}): Tensor {
  wantTensor('conv1d', 'input', x);
  wantTensor('conv1d', 'weight', weight);
  if ((x.ndim !== 3 && x.ndim !== 2) || weight.ndim !== 3) {
    refuse(
      `conv1d: wants input [N, C, L] or [C, L] and weight [out, in / groups, length], got ${show(x.shape)} and ${show(weight.shape)}`,
    );
  }
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = checked('conv1d', options, CONV1D);
  const along = (value: Single, height: number) => [height, Number(value)] as const;
  const y = convolve('conv1d', unsqueeze(x, -2), unsqueeze(weight, -2), bias, {
    stride: along(stride, 1),
    padding: typeof padding === 'string' ? padding : along(padding, 0),
    dilation: along(dilation, 1),
    groups,
  });
  return squeeze(y, -2);
}
