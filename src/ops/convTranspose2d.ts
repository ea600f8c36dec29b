/** Transposed convolution: forward is conv2d's gradient by its input, and the gradients are the rest of conv2d. */

import { checked, type Known, wantTensor } from '../gpu/options.js';
import { conv2dOutput } from '../kernels/conv2d/shape.js';
import { zerosLike } from '../tensor/create.js';
import { differentiable } from '../tensor/remember.js';
import { show } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { reshape } from './broadcast.js';
import { CONV, type ConvOptions, checkConv, convInputGrad, forward, weightGrad } from './convParts.js';
import { add } from './elementwise/arithmetic.js';
import { pad } from './pad.js';
import { type Pair, pair } from './pool.js';

/** `stride` is the distance at which the windows of neighbouring inputs lie in the output. */
export interface ConvTranspose2dOptions extends ConvOptions {
  /** Rows and columns cut off the output on either side. Default: 0. */
  padding?: Pair | undefined;
  /** Rows and columns more at the end; less than stride or dilation. Default: 0. */
  outputPadding?: Pair | undefined;
}

const CONV_TRANSPOSE: Known<ConvTranspose2dOptions> = { ...CONV, padding: 'counts', outputPadding: 'counts' };

/**
 * Every input adds its multiple of the weight to a window of the output: the gradient of {@link conv2d} by its input, of
 * which `x` is the gradient by the output.
 *
 * @param x [N, C, H, W] or [C, H, W]
 * @param weight [C, out / groups, height, width]
 * @param bias [out]
 * @returns [N, out, OH, OW] with OH = (H − 1)·stride − 2·padding + dilation·(height − 1) + outputPadding + 1
 * @throws KindlingError naming the shapes where they do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTranspose2dOptions = {},
): Tensor {
  return convolveTransposed('convTranspose2d', x, weight, bias, checked('convTranspose2d', options, CONV_TRANSPOSE));
}

/** @internal {@link convTranspose2d}, in whoever's name. */
export function convolveTransposed(
  name: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: ConvTranspose2dOptions,
): Tensor {
  wantTensor(name, 'input', x);
  wantTensor(name, 'weight', weight);
  if (x.ndim === 3) {
    const y = convolveTransposed(name, reshape(x, [1, ...x.shape]), weight, bias, options);
    return reshape(y, y.shape.slice(1));
  }
  const { refuse, o: out, ...sizes } = checkConv(name, x, weight, bias, options, true);
  const { kh, kw, strideH, strideW, padH, padW, dilationH, dilationW } = sizes;
  const [moreH, moreW] = pair(options.outputPadding ?? 0);
  const fits = (more: number, ...bounds: number[]) => Number.isInteger(more) && more >= 0 && more < Math.max(...bounds);
  if (!fits(moreH, strideH, dilationH) || !fits(moreW, strideW, dilationW)) {
    refuse(`outputPadding [${moreH}, ${moreW}] is whole and less than stride or dilation`);
  }
  if (moreH >= strideH || moreW >= strideW) {
    // A whole stride more of output is one more input of zeros.
    const outputPadding = [moreH % strideH, moreW % strideW] as const;
    const zeros = [0, Math.floor(moreW / strideW), 0, Math.floor(moreH / strideH)];
    return convolveTransposed(name, pad(x, zeros), weight, bias, { ...options, outputPadding });
  }
  const [n = 0, c = 0, inH = 0, inW = 0] = x.shape;
  const h = (inH - 1) * strideH - 2 * padH + dilationH * (kh - 1) + moreH + 1;
  const w = (inW - 1) * strideW - 2 * padW + dilationW * (kw - 1) + moreW + 1;
  if (h < 1 || w < 1 || kh < 1 || kw < 1 || inH < 1 || inW < 1) {
    refuse(`${show(x.shape)} and weight ${show(weight.shape)} make an output of ${h} by ${w}`);
  }
  // The convolution that this turns round: from [N, out, OH, OW] to x.
  const shape = { n, c: out, h, w, o: c, ...sizes };
  const { oh, ow } = conv2dOutput(shape);
  if (oh !== inH || ow !== inW) throw new Error(`${name}: ${oh} by ${ow}, not ${inH} by ${inW}`);
  const empty = x.size === 0 || weight.size === 0;
  const value = empty ? zerosLike(new Tensor([n, out, h, w])) : convInputGrad(shape, x, weight);
  const by = empty
    ? [() => zerosLike(x), () => zerosLike(weight)]
    : [(g: Tensor) => forward(shape, g, weight), (g: Tensor) => weightGrad(shape, x, g)];
  const attributes = { ...shape, outputPadding: [moreH, moreW] };
  const y = differentiable(name, [x, weight], value, { by }, attributes);
  return bias ? add(y, reshape(bias, [out, 1, 1])) : y;
}
