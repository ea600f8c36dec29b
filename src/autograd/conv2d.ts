/** Two-dimensional convolution (cross-correlation, as everywhere in deep learning). */
import { KindlingError } from '../gpu/errors.js';
import { conv2dForward } from '../kernels/conv2d/forward.js';
import { conv2dInputGrad } from '../kernels/conv2d/inputGrad.js';
import { type Conv2dShape, conv2dOutput } from '../kernels/conv2d/shape.js';
import { conv2dWeightGrad } from '../kernels/conv2d/weightGrad.js';
import { zerosLike } from '../tensor/create.js';
import { launch, launchMany } from '../tensor/launch.js';
import { at, sameShape, show } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { reshape } from './broadcast.js';
import { convWay, withConv } from './convChoice.js';
import { offering } from './fusion.js';
import { launchProduct } from './matmul.js';
import { type Pair, pair } from './pool.js';
import { pad } from './shape.js';
import { differentiable } from './tape.js';

export interface Conv2dOptions {
  /** Default: 1. */
  stride?: Pair;
  /** Zeros on either side; 'valid' is 0, 'same' keeps the image's size (stride 1). Default: 0. */
  padding?: Pair | 'valid' | 'same';
  /** Distance between the taps of the window. Default: 1. */
  dilation?: Pair;
  /** Channels are cut into groups that see only their own inputs. Default: 1. */
  groups?: number;
}

function shapeOf(x: Tensor, weight: Tensor, bias: Tensor | null, options: Conv2dOptions): Conv2dShape {
  const refuse = (why: string): never => {
    throw new KindlingError(`conv2d: ${why}`);
  };
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  for (const { dtype } of [x, weight, ...(bias ? [bias] : [])]) {
    if (dtype !== 'f32') refuse(`wants f32 tensors, got ${dtype}; cast it`);
  }
  if (x.ndim !== 4) refuse(`wants input [N, C, H, W] or [C, H, W], got ${show(x.shape)}`);
  if (weight.ndim !== 4) refuse(`wants weight [out, in / groups, height, width], got ${show(weight.shape)}`);
  const [n = 0, c = 0, h = 0, w = 0] = x.shape;
  const [o = 0, cg = 0, kh = 0, kw = 0] = weight.shape;
  if (!Number.isInteger(groups) || groups < 1 || o % groups !== 0) {
    refuse(`${groups} groups do not divide the ${o} outputs of weight ${show(weight.shape)}`);
  }
  if (c !== cg * groups) {
    const grouped = groups === 1 ? '' : ` in ${groups} groups`;
    refuse(`input has ${c} channels, weight ${show(weight.shape)}${grouped} wants ${cg * groups}`);
  }
  if (bias && !sameShape(bias.shape, [o]))
    refuse(`weight ${show(weight.shape)} wants bias [${o}], got ${show(bias.shape)}`);
  const [strideH, strideW] = pair(stride);
  const [padH, padW] = typeof padding === 'string' ? [0, 0] : pair(padding);
  const [dilationH, dilationW] = pair(dilation);
  const numbers = [strideH, strideW, dilationH, dilationW, padH + 1, padW + 1];
  if (numbers.some((value) => !Number.isInteger(value) || value < 1)) {
    refuse(
      `stride [${pair(stride)}] and dilation [${pair(dilation)}] are whole numbers from 1 on, padding [${padH},${padW}] from 0 on`,
    );
  }
  const shape = { n, c, h, w, o, kh, kw, strideH, strideW, padH, padW, dilationH, dilationW, groups };
  const { oh, ow } = conv2dOutput(shape);
  if (oh < 1 || ow < 1 || kh < 1 || kw < 1) {
    refuse(
      `a window of ${kh} by ${kw}, dilated by ${dilationH} and ${dilationW}, does not fit ${show(x.shape)} with padding [${padH}, ${padW}]`,
    );
  }
  return shape;
}

/** The input padded so that windows of stride 1 keep its size; an odd share goes to the end. */
function same(x: Tensor, weight: Tensor, { stride = 1, dilation = 1 }: Conv2dOptions): { x: Tensor; padding: Pair } {
  if (pair(stride).some((s) => s !== 1)) throw new KindlingError("conv2d: padding 'same' wants stride 1");
  const [totalH = 0, totalW = 0] = [2, 3].map((d) => (pair(dilation)[d - 2] ?? 1) * (at(weight.shape, d) - 1));
  const odd = [0, totalW % 2, 0, totalH % 2];
  return { x: odd.includes(1) ? pad(x, odd) : x, padding: [Math.floor(totalH / 2), Math.floor(totalW / 2)] };
}

/**
 * y[n, o] = bias[o] + Σ_c weight[o, c] ⋆ x[n, c].
 *
 * @param x [N, C, H, W] or [C, H, W]
 * @param weight [out, C / groups, height, width]
 * @param bias [out]
 * @returns [N, out, OH, OW] with OH = ⌊(H + 2·padding − dilation·(height − 1) − 1) / stride⌋ + 1
 * @throws KindlingError naming the shapes where they do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: Conv2dOptions = {}): Tensor {
  if (x.ndim === 3) {
    const y = conv2d(reshape(x, [1, ...x.shape]), weight, bias, options);
    return reshape(y, y.shape.slice(1));
  }
  if (options.padding === 'same' && weight.ndim === 4 && x.ndim === 4) {
    const padded = same(x, weight, options);
    return conv2d(padded.x, weight, bias, { ...options, padding: padded.padding });
  }
  const shape = shapeOf(x, weight, bias, options);
  const { oh, ow } = conv2dOutput(shape);
  const outputShape = [shape.n, shape.o, oh, ow];
  const empty = x.size === 0 || weight.size === 0;
  const inputs = bias ? [x, weight, bias] : [x, weight];
  const spec = { shape, bias: bias !== null };
  const way = convWay(shape);
  const byDefault = way?.defaults(shape);
  const plain = (relu: boolean): Tensor =>
    withConv('forward', shape, { ...spec, relu }, byDefault?.forward, (choice) =>
      way?.forward && choice.otherWay
        ? way.forward({ ...spec, relu, ...choice }, x, weight, bias, outputShape)
        : launch(conv2dForward({ ...spec, relu, ...choice }), inputs, outputShape),
    );
  const positive = (): Tensor => {
    const pooled = [shape.n, shape.o, Math.floor(oh / 2), Math.floor(ow / 2)];
    const outputs = [{ shape: pooled }, { shape: pooled, dtype: 'u32' as const }];
    const both = { ...spec, relu: true, pool: true };
    const maxPool = () =>
      withConv('forward', shape, both, undefined, (choice) =>
        launchMany(conv2dForward({ ...both, ...choice }), inputs, outputs),
      );
    const y = plain(true);
    return oh < 2 || ow < 2 || byDefault?.forward ? y : offering(y, { maxPool });
  };
  const value = empty ? new Tensor(outputShape) : offering(plain(false), { relu: positive });
  const backward = (g: Tensor): (Tensor | null)[] => {
    if (empty) return [x, weight, ...(bias ? [bias] : [])].map(zerosLike);
    const inputGrad = (mask: readonly Tensor[]): Tensor => {
      const gradient = { shape, mask: mask.length > 0 };
      return withConv('inputGrad', shape, gradient, byDefault?.inputGrad, (choice) =>
        way?.inputGrad && choice.otherWay
          ? way.inputGrad({ ...gradient, ...choice }, g, weight, mask, x.shape)
          : launch(conv2dInputGrad({ ...gradient, ...choice }), [g, weight, ...mask], x.shape),
      );
    };
    const dx = x.requiresGrad ? offering(inputGrad([]), { reluMask: (y) => inputGrad([y]) }) : null;
    if (!weight.requiresGrad && !bias?.requiresGrad) return [dx, null, null];
    // The bias gradient comes with the weight's: it is the sum of what that product reads.
    const like = bias ? [weight, bias] : [weight];
    const [dw = null, db = null] = withConv('weightGrad', shape, spec, byDefault?.weightGrad, (choice) =>
      way?.weightGrad && choice.otherWay
        ? way.weightGrad({ ...spec, ...choice }, g, x, like)
        : launchProduct(conv2dWeightGrad({ ...spec, ...choice }), [g, x], [], like),
    );
    return [dx, dw, db];
  };
  return differentiable('conv2d', inputs, value, backward, shape);
}
