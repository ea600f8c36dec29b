/** Two-dimensional convolution (cross-correlation, as everywhere in deep learning). */

import { refuse } from '../gpu/errors.js';
import { checked, type Known } from '../gpu/options.js';
import { type Conv2dShape, conv2dOutput } from '../kernels/conv2d/shape.js';
import { zeros, zerosLike } from '../tensor/create.js';
import { differentiable } from '../tensor/remember.js';
import { at, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { reshape, sum } from './broadcast.js';
import {
  CONV,
  type ConvOptions,
  checkConv,
  convForward,
  convInputGrad,
  convWeightGrad,
  inputGrad,
  weightGrad,
} from './convParts.js';
import { add } from './elementwise/arithmetic.js';
import { wantFloats } from './matmul.js';
import { pad } from './pad.js';
import { type Pair, pair } from './pool.js';

export interface Conv2dOptions extends ConvOptions {
  /** Zeros on either side; 'valid' is 0, 'same' keeps the image's size (stride 1). Default: 0. */
  padding?: Pair | 'valid' | 'same' | undefined;
}

const CONV2D: Known<Conv2dOptions> = { ...CONV, padding: 'counts|valid|same' };

function shapeOf(name: string, x: Tensor, weight: Tensor, bias: Tensor | null, options: Conv2dOptions): Conv2dShape {
  const { refuse, ...sizes } = checkConv(name, x, weight, bias, options);
  const [n = 0, c = 0, h = 0, w = 0] = x.shape;
  const shape = { n, c, h, w, ...sizes };
  const { oh, ow } = conv2dOutput(shape);
  const { kh, kw, padH, padW, dilationH, dilationW } = shape;
  if (oh < 1 || ow < 1 || kh < 1 || kw < 1) {
    refuse(
      `a window of ${kh} by ${kw}, dilated by ${dilationH} and ${dilationW}, does not fit ${show(x.shape)} with padding ${show([padH, padW])}`,
    );
  }
  return shape;
}

/** The input padded so that windows of stride 1 keep its size; an odd share goes to the end. */
function same(name: string, x: Tensor, weight: Tensor, { stride = 1, dilation = 1 }: Conv2dOptions) {
  if (pair(stride).some((s) => s !== 1)) refuse(`${name}: padding 'same' wants stride 1`);
  const [totalH = 0, totalW = 0] = [2, 3].map((d) => (pair(dilation)[d - 2] ?? 1) * (at(weight.shape, d) - 1));
  const odd = [0, totalW % 2, 0, totalH % 2];
  const padding = [Math.floor(totalH / 2), Math.floor(totalW / 2)] as const;
  return { x: odd.includes(1) ? pad(x, odd) : x, padding };
}

/**
 * y[n, o] = bias[o] + Σ_c weight[o, c] ⋆ x[n, c]. Sums of products are off as in a matrix product, the gradient by the weight,
 * of N · OH · OW products, too; the gradient by the bias as a sum is.
 *
 * @param x [N, C, H, W] or [C, H, W]
 * @param weight [out, C / groups, height, width]
 * @param bias [out]
 * @returns [N, out, OH, OW] with OH = ⌊(H + 2·padding − dilation·(height − 1) − 1) / stride⌋ + 1
 * @throws KindlingError naming the shapes where they do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: Conv2dOptions = {}): Tensor {
  return convolve('conv2d', x, weight, bias, checked('conv2d', options, CONV2D));
}

/** @internal {@link conv2d}, in whoever's name. */
export function convolve(name: string, x: Tensor, weight: Tensor, bias: Tensor | null, options: Conv2dOptions): Tensor {
  wantFloats(name, { input: x, weight });
  if (x.ndim === 3) {
    const y = convolve(name, reshape(x, [1, ...x.shape]), weight, bias, options);
    return reshape(y, y.shape.slice(1));
  }
  if (options.padding === 'same' && weight.ndim === 4 && x.ndim === 4) {
    const padded = same(name, x, weight, options);
    return convolve(name, padded.x, weight, bias, { ...options, padding: padded.padding });
  }
  const shape = shapeOf(name, x, weight, bias, options);
  const { oh, ow } = conv2dOutput(shape);
  if (x.size === 0 || weight.size === 0) {
    const nothing = zeros([shape.n, shape.o, oh, ow]);
    const y = differentiable(name, [x, weight], nothing, { by: [() => zerosLike(x), () => zerosLike(weight)] }, shape);
    return bias ? add(y, reshape(bias, [shape.o, 1, 1])) : y;
  }
  const inputs = bias ? [x, weight, bias] : [x, weight];
  const value = convForward(shape, inputs);
  const fused = (g: Tensor): (Tensor | null)[] => {
    const dx = x.requiresGrad ? convInputGrad(shape, g, weight) : null;
    if (!weight.requiresGrad && !bias?.requiresGrad) return [dx, null, null];
    // The bias gradient comes with the weight's: it is the sum of what that product reads.
    return [dx, ...convWeightGrad(shape, g, x, inputs.slice(1))];
  };
  const by = [
    (g: Tensor) => inputGrad(shape, g, weight),
    (g: Tensor) => weightGrad(shape, g, x),
    (g: Tensor) => sum(g, { dim: [0, 2, 3] }),
  ];
  return differentiable(name, inputs, value, { by, fused }, shape);
}
