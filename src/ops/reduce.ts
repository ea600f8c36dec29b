/** Sums, means, extremes: dimensions reduced away. */

import { reduceVariant } from '../choose/variant.js';
import { refuse } from '../gpu/errors.js';
import { checked, extended, type Known, wantTensor } from '../gpu/options.js';
import { argKernel, cut, MAX, MIN, PROD, slabsOf } from '../kernels/reduce.js';
import { launch } from '../tensor/launch.js';
import { differentiable, stepwise } from '../tensor/remember.js';
import { at, dimOf, dimsOf, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import {
  asked,
  fitted,
  REDUCE,
  type ReduceOptions,
  reduce,
  reducedShape,
  reshape,
  sum,
  total,
  wantsElements,
  withOnes,
} from './broadcast.js';
import { cast, held } from './cast.js';
import { abs, div, mul, sqrt, square, sub } from './elementwise/arithmetic.js';
import { eq } from './elementwise/comparison.js';
import { pow } from './elementwise/pow.js';
import { where } from './shape.js';

/** Mean over dimensions, off as {@link sum} is. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const over = asked('mean', x, options);
  const scale = 1 / sizeOf(over.dims.map((d) => at(x.shape, d)));
  return total('mean', cast(x, 'f32'), over, scale, (g) => mul(g, scale));
}

/**
 * Product over dimensions; of n factors it is off by n · 6e-8 of itself at most. Of integers it is held to its type as
 * {@link sum}.
 */
export function prod(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { dims, keepdim } = asked('prod', x, options);
  const value = fitted('prod', x, (t) => reduce(PROD, t, dims, reducedShape(x.shape, dims, keepdim)));
  const grad = (g: Tensor) => {
    // The product of the others: of all but one 0 that is that 0's, and 0 of the rest; of all but several nobody's.
    const zero = eq(x, 0);
    const others = where(zero, 1, x);
    const zeros = sum(cast(zero, 'f32'), { dim: dims, keepdim: true });
    const back = mul(reshape(g, withOnes(x.shape, dims)), prod(others, { dim: dims, keepdim: true }));
    // A NaN among the others shows through the 0.
    return where(eq(zeros, cast(zero, 'f32')), div(back, others), mul(back, 0));
  };
  return differentiable('prod', [x], value, { by: [grad] }, { dims, keepdim });
}

/** `quiet`: what is NaN passes 0 back, not NaN. */
function extreme(op: 'max' | 'min', x: Tensor, options: ReduceOptions, quiet = false): Tensor {
  const { dims, keepdim } = asked(`a${op}`, x, options);
  wantsElements(`a${op}`, x, dims);
  const value = reduce(op === 'max' ? MAX : MIN, x, dims, reducedShape(x.shape, dims, keepdim));
  const grad = (g: Tensor) => {
    const ones = withOnes(x.shape, dims);
    const ties = cast(eq(x, reshape(value.detach(), ones)), 'f32');
    const count = sum(ties, { dim: dims, keepdim: true });
    const each = div(reshape(g, ones), count);
    return stepwise(mul(ties, quiet ? where(eq(count, 0), 0, each) : each), x);
  };
  return differentiable(`a${op}`, [x], value, { by: [grad] }, { dims, keepdim });
}

/** Largest element over dimensions; equal ones share the gradient. */
export const amax = (x: Tensor, options: ReduceOptions = {}): Tensor => extreme('max', x, options);
/** Smallest element over dimensions; equal ones share the gradient. */
export const amin = (x: Tensor, options: ReduceOptions = {}): Tensor => extreme('min', x, options);

function arg(op: 'max' | 'min', x: Tensor, options: { dim?: number | undefined; keepdim?: boolean }): Tensor {
  wantTensor(`arg${op}`, 'x', x);
  const { dim, keepdim = false } = checked(`arg${op}`, options, { dim: 'whole', keepdim: 'boolean' });
  const dims = dim === undefined ? dimsOf(`arg${op}`, undefined, x.ndim) : [dimOf(`arg${op}`, dim, x.ndim)];
  wantsElements(`arg${op}`, x, dims);
  const [slab = { outer: 1, length: 1, inner: x.size }] = slabsOf(x.shape, dims);
  const { outer, inner } = slab;
  const { splits } = cut(slab, { ...reduceVariant(), lanes: 1 });
  const spec = { op, type: held(x), ...slab };
  const shape = reducedShape(x.shape, dims, keepdim);
  const first = launch(argKernel({ ...spec, splits }), [x], splits === 1 ? shape : [outer, splits, inner], 'i32');
  const value =
    splits === 1 ? first : launch(argKernel({ ...spec, splits: 1, among: splits }), [x, first], shape, 'i32');
  // Without a gradient by x: shown to whoever inspects, and not recorded.
  return differentiable(`arg${op}`, [x.detach()], value, {}, { dims });
}

/** Index of the largest element along `dim` (of all elements, flattened, without it), the first where several are equal. */
export const argmax = (x: Tensor, options: { dim?: number | undefined; keepdim?: boolean } = {}): Tensor =>
  arg('max', x, options);
/** Index of the smallest element, as {@link argmax}. */
export const argmin = (x: Tensor, options: { dim?: number | undefined; keepdim?: boolean } = {}): Tensor =>
  arg('min', x, options);

export interface VarianceOptions extends ReduceOptions {
  /** Subtracted from the number of elements in the divisor. Default: 1, the unbiased estimate. */
  correction?: number | undefined;
}

const VARIANCE: Known<VarianceOptions> = /* @__PURE__ */ extended(REDUCE, { correction: 'number' });

/**
 * Variance over dimensions, in two passes. (`var` is a word of JavaScript.) It is off by twice as much of itself as a sum
 * is, and by (e · mean / deviation)² where the mean is off by e of itself, which is 1e-7 to 1e-6.
 */
export function variance(x: Tensor, options: VarianceOptions = {}): Tensor {
  wantTensor('variance', 'x', x);
  const { dim, keepdim = false, correction = 1 } = checked('variance', options, VARIANCE);
  const dims = dimsOf('variance', dim, x.ndim);
  const n = sizeOf(dims.map((d) => at(x.shape, d)));
  const centred = sub(x, mean(x, { dim: dims, keepdim: true }));
  return mul(sum(square(centred), { dim: dims, keepdim }), 1 / Math.max(0, n - correction));
}

/** Standard deviation over dimensions, the root of {@link variance}, off by half as much of itself. */
export const std = (x: Tensor, options: VarianceOptions = {}): Tensor =>
  rootOf(variance(wantTensor('std', 'x', x), checked('std', options, VARIANCE)), sqrt);

export interface NormOptions extends ReduceOptions {
  /** The exponent; `Infinity` is the largest absolute value. Default: 2. */
  p?: number | undefined;
}

/**
 * (Σ |x|^p)^(1/p) over dimensions; its gradient at 0 is 0, and below p = 1 that of every element that is 0.
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html
 */
export function norm(x: Tensor, options: NormOptions = {}): Tensor {
  wantTensor('norm', 'x', x);
  const { p = 2, ...along } = checked('norm', options, { ...REDUCE, p: 'number' });
  if (p === 1) return sum(abs(x), along);
  if (p === 2) return rootOf(sum(square(cast(x, 'f32')), along), sqrt);
  if (p === Number.POSITIVE_INFINITY) {
    wantsElements('norm', x, dimsOf('norm', along.dim, x.ndim));
    return extreme('max', abs(x), along, true);
  }
  if (!(p > 0)) refuse(`norm: p ${p} is not greater than 0`);
  const sizes = abs(cast(x, 'f32'));
  const powers = p < 1 ? rootOf(sizes, (t) => pow(t, p)) : pow(sizes, p);
  return rootOf(sum(powers, along), (s) => pow(s, 1 / p));
}

/** The root of x ≥ 0, whose gradient at 0 is 0 rather than infinite. */
function rootOf(x: Tensor, root: (x: Tensor) => Tensor): Tensor {
  const none = eq(x, 0);
  return where(none, 0, root(where(none, 1, x)));
}
