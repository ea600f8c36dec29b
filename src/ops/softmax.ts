/** Softmax and its logarithm along one dimension. */

import { withLanes } from '../choose/variant.js';
import { refuse } from '../gpu/errors.js';
import { checked, wantTensor } from '../gpu/options.js';
import { softmaxGradKernel, softmaxKernel } from '../kernels/softmax.js';
import { tick } from '../memory/overwrites.js';
import { launch } from '../tensor/launch.js';
import { differentiable, isGradEnabled } from '../tensor/remember.js';
import { at, dimOf, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { sum } from './broadcast.js';
import { mul, neg, sub } from './elementwise/arithmetic.js';
import { exp } from './elementwise/exponential.js';

/** A dimension as in `torch.softmax(x, 1)`, or by name as in `softmax(x, { dim: 1 })`. */
export type Dim = number | { readonly dim: number };

/** What log-probabilities along dimension 1 were made of, where that is recorded, and when. */
const logits = new WeakMap<Tensor, { readonly x: Tensor; readonly at: number }>();

/** @internal The logits whose recorded log-softmax along dimension 1 this tensor is, for a loss with a shorter way back. */
export function logitsOf(y: Tensor): Tensor | undefined {
  const made = logits.get(y);
  return made && !y.storage.overwrittenSince(made.at) ? made.x : undefined;
}

/** @internal Whether a log-softmax of its logits again would give `y`. */
export function isRepeatable(y: Tensor): boolean {
  const made = logits.get(y);
  if (!made) return false;
  const { storage } = made.x;
  return storage.isUsable && !storage.overwrittenSince(made.at);
}

function along(name: string, x: Tensor, dim: Dim, log: boolean, masked = false): Tensor {
  wantTensor(name, 'x', x);
  if (x.dtype !== 'f32') refuse(`${name}: wants an f32 tensor, this is ${x.dtype}; cast it`);
  const d = dimOf(name, typeof dim === 'number' ? dim : checked(name, dim, { dim: 'whole' }).dim, x.ndim);
  const shape = x.ndim === 0 ? [1] : x.shape;
  const [outer, length, inner] = [sizeOf(shape.slice(0, d)), at(shape, d), sizeOf(shape.slice(d + 1))];
  const spec = { log, outer, length, inner, ...(masked && { masked }) };
  const y = withLanes('softmax', spec, (lanes) => launch(softmaxKernel({ ...spec, lanes }), [x], x.shape));
  if (log && d === 1 && x.requiresGrad && isGradEnabled()) logits.set(y, { x, at: tick() });
  const total = (t: Tensor) => sum(t, { dim: d, keepdim: true });
  return differentiable(
    name,
    [x],
    y,
    {
      by: [(g) => (log ? sub(g, mul(exp(y), total(g))) : mul(y, sub(g, total(mul(g, y)))))],
      fused: (g) => [
        withLanes('softmax.grad', spec, (lanes) => launch(softmaxGradKernel({ ...spec, lanes }), [y, g], x.shape)),
      ],
    },
    { dim: d },
  );
}

/**
 * e^x / Σ e^x along `dim`; large x do not overflow. Default dim: the last.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
 */
export const softmax = (x: Tensor, dim: Dim = -1): Tensor => along('softmax', x, dim, false);

/** @internal {@link softmax} along the last dimension, where a row of nothing but −∞ becomes 0 and passes none back. */
export const maskedSoftmax = (x: Tensor): Tensor => along('softmax', x, -1, false, true);

/**
 * log(softmax(x)) along `dim`, without the loss of digits of the two in turn. Default dim: the last.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html
 */
export const logSoftmax = (x: Tensor, dim: Dim = -1): Tensor => along('logSoftmax', x, dim, true);

/** {@link softmax} of −x. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.softmin.html */
export function softmin(x: Tensor, dim: Dim = -1): Tensor {
  wantTensor('softmin', 'x', x);
  return softmax(neg(x), typeof dim === 'number' ? dim : checked('softmin', dim, { dim: 'whole' }).dim);
}
