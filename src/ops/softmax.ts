/** Softmax and its logarithm along one dimension. */

import { withLanes } from '../choose/variant.js';
import { refuse } from '../gpu/errors.js';
import { checked, wantTensor } from '../gpu/options.js';
import type { Kernel } from '../kernels/kernel.js';
import {
  LOG_SOFTMAX,
  MASKED_SOFTMAX,
  SOFTMAX,
  type SoftmaxKind,
  type SoftmaxSpec,
  softmaxKernel,
} from '../kernels/softmax.js';
import { LOG_SOFTMAX_SLOPE, SOFTMAX_SLOPE, softmaxGradKernel } from '../kernels/softmaxGrad.js';
import { launch } from '../tensor/launch.js';
import { differentiable } from '../tensor/remember.js';
import { at, dimOf, sizeOf } from '../tensor/shape.js';
import type { GradFn, Tensor } from '../tensor/tensor.js';
import { sum } from './broadcast.js';
import { mul, neg, sub } from './elementwise/arithmetic.js';
import { exp } from './elementwise/exponential.js';

/** A dimension as in `torch.softmax(x, 1)`, or by name as in `softmax(x, { dim: 1 })`. */
export type Dim = number | { readonly dim: number };

/** How log-probabilities along dimension 1 were made, where that is recorded. */
function madeBy({ gradFn }: Tensor): GradFn | undefined {
  const isOne = gradFn?.name === 'logSoftmax' && Reflect.get(gradFn.attributes ?? {}, 'dim') === 1;
  return isOne ? gradFn : undefined;
}

/** @internal The logits whose recorded log-softmax along dimension 1 this tensor is, for a loss with a shorter way back. */
export function logitsOf(y: Tensor): Tensor | undefined {
  const made = madeBy(y);
  return made && !y.storage.overwrittenSince(made.order) ? made.inputs[0] : undefined;
}

/** @internal Whether a log-softmax of its logits again would give `y`. */
export function isRepeatable(y: Tensor): boolean {
  const made = madeBy(y);
  const storage = made?.inputs[0]?.storage;
  return Boolean(made && storage?.isUsable && !storage.overwrittenSince(made.order));
}

type Grad = (spec: SoftmaxSpec) => Kernel;

function along(kind: SoftmaxKind, x: Tensor, dim: Dim, grad?: Grad): Tensor {
  const { name } = kind;
  const log = kind === LOG_SOFTMAX;
  wantTensor(name, 'x', x);
  if (x.dtype !== 'f32') refuse(`${name}: wants an f32 tensor, this is ${x.dtype}; cast it`);
  const d = dimOf(name, typeof dim === 'number' ? dim : checked(name, dim, { dim: 'whole' }).dim, x.ndim);
  const shape = x.ndim === 0 ? [1] : x.shape;
  const [outer, length, inner] = [sizeOf(shape.slice(0, d)), at(shape, d), sizeOf(shape.slice(d + 1))];
  const spec = { outer, length, inner };
  const tuned = { log, ...spec };
  const y = withLanes('softmax', tuned, (lanes) => launch(softmaxKernel(kind, { ...spec, lanes }), [x], x.shape));
  const total = (t: Tensor) => sum(t, { dim: d, keepdim: true });
  return differentiable(
    name,
    [x],
    y,
    {
      by: [(g) => (log ? sub(g, mul(exp(y), total(g))) : mul(y, sub(g, total(mul(g, y)))))],
      ...(grad && {
        fused: (g: Tensor) => [
          withLanes('softmax.grad', tuned, (lanes) => launch(grad({ ...spec, lanes }), [y, g], x.shape)),
        ],
      }),
    },
    { dim: d },
  );
}

const ofSoftmax: Grad = (spec) => softmaxGradKernel(SOFTMAX_SLOPE, spec);

/**
 * e^x / Σ e^x along `dim`; large x do not overflow. Default dim: the last.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
 */
export const softmax = (x: Tensor, dim: Dim = -1): Tensor => along(SOFTMAX, x, dim, ofSoftmax);

/** @internal {@link softmax} along the last dimension, where a row of nothing but −∞ becomes 0 and passes none back. */
export const maskedSoftmax = (x: Tensor): Tensor => along(MASKED_SOFTMAX, x, -1, ofSoftmax);

/**
 * log(softmax(x)) along `dim`, without the loss of digits of the two in turn. Default dim: the last.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html
 */
export const logSoftmax = (x: Tensor, dim: Dim = -1): Tensor =>
  along(LOG_SOFTMAX, x, dim, (spec) => softmaxGradKernel(LOG_SOFTMAX_SLOPE, spec));

/**
 * @internal {@link logSoftmax} along dimension 1, whose gradient is made by other functions: for losses, most of which have a gradient
 * of their own.
 */
export const logProbabilities = (x: Tensor): Tensor => along(LOG_SOFTMAX, x, 1);

/** {@link softmax} of −x. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.softmin.html */
export function softmin(x: Tensor, dim: Dim = -1): Tensor {
  wantTensor('softmin', 'x', x);
  return softmax(neg(x), typeof dim === 'number' ? dim : checked('softmin', dim, { dim: 'whole' }).dim);
}
