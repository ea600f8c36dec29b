/**
 * A convolution and its two gradients, each by what was found fastest: as launches, which are not recorded, and as functions, each
 * of which is linear in both of its inputs and has the other two for gradients.
 */

import { type ConvWay, convWay, type Part, withConv } from '../choose/convChoice.js';
import type { ProductChoice } from '../choose/variant.js';
import { refuse as refuseAs } from '../gpu/errors.js';
import { type Known, text } from '../gpu/options.js';
import { directFits } from '../kernels/conv2d/direct.js';
import { conv2dForward } from '../kernels/conv2d/forward.js';
import { conv2dInputGrad } from '../kernels/conv2d/inputGrad.js';
import { type Conv2dShape, conv2dOutput } from '../kernels/conv2d/shape.js';
import { conv2dWeightGrad } from '../kernels/conv2d/weightGrad.js';
import { launch } from '../tensor/launch.js';
import { differentiable } from '../tensor/remember.js';
import { type Shape, sameShape, show } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { direct } from './direct.js';
import { checkFloat, launchProduct } from './matmul.js';
import { type Pair, pair } from './pool.js';

/** Runs a part by what was found fastest, in another way where `run` is given one. */
function inWay<Spec extends { readonly shape: Conv2dShape }, Result>(
  part: Part,
  spec: Spec,
  run: (chosen: Spec & ProductChoice, way: ConvWay | undefined) => Result,
): Result {
  const way = convWay(spec.shape) ?? (directFits(spec.shape) ? direct : undefined);
  return withConv(part, spec, way?.defaults(spec.shape)?.[part], (chosen) =>
    run(chosen, chosen.otherWay ? way : undefined),
  );
}

/** [x, weight, bias?] → y. */
export function convForward(shape: Conv2dShape, inputs: readonly Tensor[]): Tensor {
  const [x, weight, bias = null] = inputs as [Tensor, Tensor, Tensor?];
  const { oh, ow } = conv2dOutput(shape);
  const like = [shape.n, shape.o, oh, ow];
  return inWay('forward', { shape, bias: bias !== null }, (spec, way) =>
    way?.forward ? way.forward(spec, x, weight, bias, like) : launch(conv2dForward(spec), inputs, like),
  );
}

/** dx of dy and weight. */
export function convInputGrad(shape: Conv2dShape, dy: Tensor, weight: Tensor): Tensor {
  const like = [shape.n, shape.c, shape.h, shape.w];
  return inWay('inputGrad', { shape }, (spec, way) =>
    way?.inputGrad ? way.inputGrad(spec, dy, weight, like) : launch(conv2dInputGrad(spec), [dy, weight], like),
  );
}

/** [dweight, dbias?] of dy and x; `like` are weight and bias. */
export function convWeightGrad(shape: Conv2dShape, dy: Tensor, x: Tensor, like: readonly { shape: Shape }[]): Tensor[] {
  return inWay('weightGrad', { shape, bias: like.length > 1 }, (spec, way) =>
    way?.weightGrad ? way.weightGrad(spec, dy, x, like) : launchProduct(conv2dWeightGrad(spec), [dy, x], [], like),
  );
}

/** dx of dy and weight, as a function of both: what it passes back are the other two parts, and so on. */
export const inputGrad = (shape: Conv2dShape, dy: Tensor, weight: Tensor): Tensor =>
  differentiable('conv2d.inputGrad', [dy, weight], convInputGrad(shape, dy, weight), {
    by: [(g) => forward(shape, g, weight), (g) => weightGrad(shape, dy, g)],
  });

/** dweight of dy and x, likewise. */
export function weightGrad(shape: Conv2dShape, dy: Tensor, x: Tensor): Tensor {
  const like = { shape: [shape.o, shape.c / shape.groups, shape.kh, shape.kw] };
  const [value] = convWeightGrad(shape, dy, x, [like]) as [Tensor];
  return differentiable('conv2d.weightGrad', [dy, x], value, {
    by: [(g) => forward(shape, x, g), (g) => inputGrad(shape, dy, g)],
  });
}

/** y of x and weight within a gradient, likewise. */
export const forward = (shape: Conv2dShape, x: Tensor, weight: Tensor): Tensor =>
  differentiable('conv2d.again', [x, weight], convForward(shape, [x, weight]), {
    by: [(g) => inputGrad(shape, g, weight), (g) => weightGrad(shape, g, x)],
  });

/** What convolutions of either direction take besides padding. */
export interface ConvOptions {
  /** Default: 1. */
  stride?: Pair | undefined;
  /** Distance between the taps of the window. Default: 1. */
  dilation?: Pair | undefined;
  /** Channels are cut into groups that see only their own inputs. Default: 1. */
  groups?: number | undefined;
}

/** The kinds of {@link ConvOptions}. */
export const CONV: Known<ConvOptions> = { stride: 'sizes', dilation: 'sizes', groups: 'size' };

/** Sizes of a convolution, or of a transposed one, checked against each other. */
export function checkConv(
  name: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  { stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvOptions & { padding?: Pair | string | undefined },
  transposed = false,
) {
  const refuse: (why: string) => never = (why) => refuseAs(`${name}: ${why}`);
  // Whoever writes the options in its place is told of the bias.
  if (bias !== null && !(bias instanceof Tensor)) {
    refuse(`bias is a tensor or null, and options come after it: ${name}(x, weight, null, { … })`);
  }
  checkFloat(name, x, weight, ...(bias ? [bias] : []));
  if (x.ndim !== 4) refuse(`wants input [N, C, H, W] or [C, H, W], got ${show(x.shape)}`);
  if (weight.ndim !== 4) {
    const layout = transposed ? 'in, out' : 'out, in';
    refuse(`wants weight [${layout} / groups, height, width], got ${show(weight.shape)}`);
  }
  const [, c = 0] = x.shape;
  const [first = 0, second = 0, kh = 0, kw = 0] = weight.shape;
  if (first % groups !== 0) {
    const side = transposed ? 'inputs' : 'outputs';
    refuse(`${groups} groups do not divide the ${first} ${side} of weight ${show(weight.shape)}`);
  }
  const [wanted, o] = transposed ? [first, second * groups] : [second * groups, first];
  if (c !== wanted) {
    const grouped = groups === 1 ? '' : ` in ${groups} groups`;
    refuse(`input has ${c} channels, weight ${show(weight.shape)}${grouped} wants ${wanted}`);
  }
  if (bias && !sameShape(bias.shape, [o])) {
    refuse(`weight ${show(weight.shape)} wants bias [${o}], got ${show(bias.shape)}`);
  }
  const [strideH, strideW] = pair(stride);
  const [padH, padW] = typeof padding === 'string' ? [0, 0] : pair(padding);
  const [dilationH, dilationW] = pair(dilation);
  if (![strideH, strideW, dilationH, dilationW, padH + 1, padW + 1].every((n) => Number.isInteger(n) && n > 0)) {
    refuse(
      `stride ${text(stride)}, dilation ${text(dilation)}, padding ${text(padding)}: each is a whole number, or two`,
    );
  }
  return { refuse, o, kh, kw, strideH, strideW, padH, padW, dilationH, dilationW, groups };
}
