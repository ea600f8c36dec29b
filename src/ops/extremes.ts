/** The greatest, the least and the middle of elements, by PyTorch's names. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, required, wantTensor } from '../gpu/options.js';
import { full } from '../tensor/create.js';
import { differentiable, noGrad, stepwise } from '../tensor/remember.js';
import { dimOf, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { reducedShape, reshape, sum, wantsElements } from './broadcast.js';
import { cast } from './cast.js';
import { div, mul } from './elementwise/arithmetic.js';
import { eq, isnan } from './elementwise/comparison.js';
import { logicalAnd, logicalOr } from './elementwise/logical.js';
import { type Found, kthIndex, wantCount } from './ordered.js';
import { picked } from './placed.js';
import { amax, amin, argmax, argmin } from './reduce.js';
import { where } from './shape.js';

/** Of all elements. */
export interface Whole {
  dim?: undefined;
  keepdim?: boolean | undefined;
}

/** Along a dimension. */
export interface AlongDim {
  /** Negative ones count from the end. */
  dim: number;
  /** Keep the dimension with length 1. Default: false. */
  keepdim?: boolean | undefined;
}

type Along = Whole | AlongDim;

const ALONG: Known<Partial<AlongDim>> = { dim: 'whole', keepdim: 'boolean' };

/** One element of all, whose gradient its equals share; a NaN's equals are NaNs. */
function shared(name: string, x: Tensor, value: Tensor): Tensor {
  const grad = (g: Tensor): Tensor => {
    const known = value.detach();
    const equals = logicalOr(eq(x, known), logicalAnd(isnan(x), isnan(known)));
    const ties = cast(equals, 'f32');
    return stepwise(mul(ties, div(g, sum(ties))), x);
  };
  return differentiable(name, [x], value, { by: [grad] }, { dims: x.shape.map((_, d) => d), keepdim: false });
}

/** Elements along a dimension, of indices with length 1 along it. */
function along(name: string, x: Tensor, d: number, keepdim: boolean, index: Tensor): Found {
  const values = picked(name, x, d, index);
  const shape = reducedShape(x.shape, [d], keepdim);
  return [reshape(values, shape), reshape(index, shape)];
}

function extreme(name: 'max' | 'min', x: Tensor, options: Along): Tensor | Found {
  wantTensor(name, 'x', x);
  const { dim, keepdim = false } = checked(name, options, ALONG);
  if (dim === undefined) {
    if (x.size === 0) refuse(`${name}: no elements in shape ${show(x.shape)}`);
    return shared(name, x, cast((name === 'max' ? amax : amin)(x.detach()), x.dtype));
  }
  const d = dimOf(name, dim, x.ndim);
  wantsElements(name, x, [d]);
  return along(name, x, d, keepdim, (name === 'max' ? argmax : argmin)(x, { dim: d, keepdim: true }));
}

/**
 * The greatest element, whose gradient its equals share; or the greatest along a dimension, and where they are: the first
 * where several are equal, which gets the gradient. A NaN counts as the greatest.
 *
 * @returns a scalar; with `dim` [values, indices]
 * @throws KindlingError where there are no elements
 * @see https://pytorch.org/docs/stable/generated/torch.max.html
 */
export function max(x: Tensor, options?: Whole): Tensor;
export function max(x: Tensor, options: AlongDim): Found;
export function max(x: Tensor, options: Along = {}): Tensor | Found {
  return extreme('max', x, options);
}

/**
 * The least element, or the least along a dimension, as {@link max}. A NaN counts as the least here.
 *
 * @returns a scalar; with `dim` [values, indices]
 * @throws KindlingError where there are no elements
 * @see https://pytorch.org/docs/stable/generated/torch.min.html
 */
export function min(x: Tensor, options?: Whole): Tensor;
export function min(x: Tensor, options: AlongDim): Found;
export function min(x: Tensor, options: Along = {}): Tensor | Found {
  return extreme('min', x, options);
}

/** Where the lower of the two middle elements along `d` lies, or the first NaN. */
function middle(x: Tensor, d: number): Tensor {
  const index = kthIndex(x, d, Math.floor(((x.shape[d] ?? 1) + 1) / 2));
  if (x.dtype !== 'f32') return index;
  const greatest = argmax(x, { dim: d, keepdim: true });
  return where(isnan(picked('gather', x, d, greatest)), greatest, index);
}

/**
 * The middle element of all in order, the lower of the two where their number is even, whose gradient its equals share; or
 * those along a dimension, and where they are. NaN where there is a NaN.
 *
 * @returns a scalar, NaN of no elements; with `dim` [values, indices]
 * @throws KindlingError where a dimension has no elements, or there are none of an integer type
 * @see https://pytorch.org/docs/stable/generated/torch.median.html
 */
export function median(x: Tensor, options?: Whole): Tensor;
export function median(x: Tensor, options: AlongDim): Found;
export function median(x: Tensor, options: Along = {}): Tensor | Found {
  wantTensor('median', 'x', x);
  const { dim, keepdim = false } = checked('median', options, ALONG);
  if (dim !== undefined) {
    const d = dimOf('median', dim, x.ndim);
    wantsElements('median', x, [d]);
    return along(
      'median',
      x,
      d,
      keepdim,
      noGrad(() => middle(x, d)),
    );
  }
  if (x.size === 0) {
    if (x.dtype !== 'f32') refuse(`median: no elements in shape ${show(x.shape)}`);
    return full([], Number.NaN);
  }
  const value = noGrad(() => {
    const flat = reshape(x, [x.size]);
    return reshape(picked('gather', flat, 0, middle(flat, 0)), []);
  });
  return shared('median', x, value);
}

export interface KthvalueOptions extends Partial<AlongDim> {
  /** Default: -1, the last. */
  dim?: number;
}

/**
 * The k-th least elements along a dimension, from 1 on, and where they are. NaNs count as the greatest.
 *
 * @returns [values, indices]
 * @throws KindlingError where there are fewer than k
 * @see https://pytorch.org/docs/stable/generated/torch.kthvalue.html
 */
export function kthvalue(x: Tensor, k: number, options: KthvalueOptions = {}): Found {
  wantTensor('kthvalue', 'x', x);
  required('kthvalue', { k }, { k: 'size' });
  const { dim = -1, keepdim = false } = checked('kthvalue', options, ALONG);
  const d = dimOf('kthvalue', dim, x.ndim);
  wantCount('kthvalue', x, d, k);
  return along(
    'kthvalue',
    x,
    d,
    keepdim,
    noGrad(() => kthIndex(x, d, k)),
  );
}
