/**
 * Three-dimensional convolution: a two-dimensional one over an image for each depth of the output, whose channels are x's at
 * the depths that the window takes together. So it is one product, and costs a copy of x that is kernel depth / stride times
 * as large, and one of the output.
 */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { constant } from '../stream/scope.js';
import { tensor } from '../tensor/create.js';
import { at, show } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { reshape } from './broadcast.js';
import { convolve } from './conv2d.js';
import { indexSelect } from './indexing.js';
import { pad } from './pad.js';
import { permute, squeeze, unsqueeze } from './shape.js';

/** A number for depth, height and width alike, or all three. */
export type Triple = number | readonly [number, number, number];

export interface Conv3dOptions {
  /** Default: 1. */
  stride?: Triple | undefined;
  /** Zeros on either side; 'valid' is 0, 'same' keeps the volume's size (stride 1). Default: 0. */
  padding?: Triple | 'valid' | 'same' | undefined;
  /** Distance between the taps of the window. Default: 1. */
  dilation?: Triple | undefined;
  /** Channels are cut into groups that see only their own inputs. Default: 1. */
  groups?: number | undefined;
}

const CONV3D: Known<Conv3dOptions> = {
  stride: 'sizes',
  padding: 'counts|valid|same',
  dilation: 'sizes',
  groups: 'size',
};

/** Depth, and [height, width]. */
const parts = (value: Triple): readonly [number, readonly [number, number]] =>
  typeof value === 'number' ? [value, [value, value]] : [value[0], [value[1], value[2]]];

/** Zeros before and after the depths. */
function depthPadding(padding: Triple | string, window: number): readonly [number, number] {
  if (padding === 'same') return [Math.floor((window - 1) / 2), Math.ceil((window - 1) / 2)];
  const [both] = typeof padding === 'string' ? [0] : parts(padding as Triple);
  return [both, both];
}

/**
 * y[n, o] = bias[o] + Σ_c weight[o, c] ⋆ x[n, c].
 *
 * @param x [N, C, D, H, W] or [C, D, H, W]
 * @param weight [out, C / groups, depth, height, width]
 * @param bias [out]
 * @returns [N, out, OD, OH, OW] with OD = ⌊(D + 2·padding − dilation·(depth − 1) − 1) / stride⌋ + 1
 * @throws KindlingError naming the shapes where they do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv3d.html
 */
export function conv3d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: Conv3dOptions = {}): Tensor {
  wantTensor('conv3d', 'input', x);
  wantTensor('conv3d', 'weight', weight);
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = checked('conv3d', options, CONV3D);
  if ((x.ndim !== 5 && x.ndim !== 4) || weight.ndim !== 5) {
    refuse(
      `conv3d: wants input [N, C, D, H, W] or [C, D, H, W] and weight [out, in / groups, depth, height, width], got ${show(x.shape)} and ${show(weight.shape)}`,
    );
  }
  if (bias !== null && !(bias instanceof Tensor)) {
    refuse('conv3d: bias is a tensor or null, and options come after it: conv3d(x, weight, null, { … })');
  }
  if (x.ndim === 4) return squeeze(conv3d(unsqueeze(x, 0), weight, bias, options), 0);
  const [out = 0, channels = 0, taps = 0, kh = 0, kw = 0] = weight.shape;
  const [n = 0, c = 0, , h = 0, w = 0] = x.shape;
  if (c !== channels * groups) {
    refuse(
      `conv3d: input has ${c} channels, weight ${show(weight.shape)} in ${groups} groups wants ${channels * groups}`,
    );
  }
  const [step, planeStride] = parts(stride);
  const [apart, planeDilation] = parts(dilation);
  if (padding === 'same' && [step, ...planeStride].some((s) => s !== 1))
    refuse("conv3d: padding 'same' wants stride 1");
  const window = apart * (taps - 1) + 1;
  const [front, back] = depthPadding(padding, window);
  const padded = front + back > 0 ? pad(x, [0, 0, 0, 0, front, back]) : x;
  const depth = at(padded.shape, 2);
  const depths = Math.floor((depth - window) / step) + 1;
  if (taps < 1 || depths < 1)
    refuse(`conv3d: a window ${window} deep does not fit ${show(x.shape)} with padding ${front}`);
  const picks = Int32Array.from({ length: depths * taps }, (_, k) => Math.floor(k / taps) * step + (k % taps) * apart);
  const deep =
    picks.length === depth && taps === 1
      ? padded
      : indexSelect(
          padded,
          2,
          constant(() => tensor(picks)),
        );
  const images = permute(reshape(deep, [n, c, depths, taps, h, w]), [0, 2, 1, 3, 4, 5]);
  const y = convolve(
    'conv3d',
    reshape(images, [n * depths, c * taps, h, w]),
    reshape(weight, [out, channels * taps, kh, kw]),
    bias,
    {
      stride: planeStride,
      padding: typeof padding === 'string' ? padding : parts(padding)[1],
      dilation: planeDilation,
      groups,
    },
  );
  const [, , oh = 0, ow = 0] = y.shape;
  return permute(reshape(y, [n, depths, out, oh, ow]), [0, 2, 1, 3, 4]);
}
