/**
 * Reshape, expand and sum: what broadcasting needs. They stand together because each is made of the others' gradients:
 * expand's gradient is a sum, and a sum's gradient expands.
 */

import { launchFlat, withReduce } from '../choose/variant.js';
import { refuse } from '../gpu/errors.js';
import { checked, type Known, ofTensor, wantTensor } from '../gpu/options.js';
import { gatherKernel } from '../kernels/copy.js';
import { fitKernel } from '../kernels/fit.js';
import { cut, type ReduceVariant, type Reduction, reduceKernel, type Slab, SUM, slabsOf } from '../kernels/reduce.js';
import { full } from '../tensor/create.js';
import { launch } from '../tensor/launch.js';
import { differentiable } from '../tensor/remember.js';
import {
  at,
  broadcast,
  broadcastStrides,
  checkShape,
  dimsOf,
  type Shape,
  sameShape,
  show,
  sizeOf,
  wantShape,
} from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { mark, noneBits } from '../tensor/unfit.js';
import { cast, held } from './cast.js';

/** The same elements in another shape; one entry may be -1. Shares memory. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  ofTensor('reshape', 2, arguments);
  wantShape('reshape', shape);
  const known = shape.filter((n) => n !== -1);
  const full = shape.map((n) => (n === -1 ? x.size / sizeOf(known) : n));
  if (known.length < shape.length - 1 || sizeOf(full) !== x.size || !full.every(Number.isInteger)) {
    refuse(`reshape: ${x.size} elements of ${show(x.shape)} do not fit ${show(shape)}`);
  }
  checkShape('reshape', full);
  return differentiable('reshape', [x], new Tensor(full, x.dtype, x.storage), { by: [(g) => reshape(g, x.shape)] });
}

/** Repeated along dimensions of length 1, and along new leading ones; -1 keeps a length. */
export function expand(x: Tensor, shape: Shape): Tensor {
  ofTensor('expand', 2, arguments);
  wantShape('expand', shape);
  const lead = shape.length - x.ndim;
  const to = shape.map((n, d) => (n === -1 && d >= lead ? at(x.shape, d - lead) : n));
  if (sameShape(to, x.shape)) return x;
  if (lead < 0 || !sameShape(broadcast('expand', x.shape, to), to)) {
    refuse(`expand: ${show(x.shape)} does not expand to ${show(shape)}`);
  }
  const kernel = gatherKernel({ shape: to, strides: broadcastStrides(x.shape, to), offset: 0 });
  return differentiable('expand', [x], launch(kernel, [x], to, x.dtype), { by: [(g) => sumTo(g, x.shape)] });
}

export interface ReduceOptions {
  /** Dimensions to reduce; default all. Negative ones count from the end. */
  dim?: number | readonly number[] | undefined;
  /** Keep reduced dimensions with length 1. Default: false. */
  keepdim?: boolean | undefined;
}

/** @internal */
export const REDUCE: Known<ReduceOptions> = { dim: 'wholes', keepdim: 'boolean' };

/** @internal What to reduce, checked. */
export function asked(name: string, x: Tensor, options: ReduceOptions): { dims: number[]; keepdim: boolean } {
  const { dim, keepdim = false } = checked(name, options, REDUCE);
  return { dims: dimsOf(name, dim, wantTensor(name, 'x', x).ndim), keepdim };
}

/** @internal @throws KindlingError where there is nothing to choose from */
export function wantsElements(name: string, x: Tensor, dims: readonly number[]): void {
  if (dims.some((d) => x.shape[d] === 0)) refuse(`${name}: no elements along ${show(dims)} of shape ${show(x.shape)}`);
}

/** @internal The shape with reduced dimensions of length 1. */
export const withOnes = (shape: Shape, dims: readonly number[]): number[] =>
  shape.map((n, d) => (dims.includes(d) ? 1 : n));

/** @internal The shape after reducing `dims`. */
export function reducedShape(shape: Shape, dims: readonly number[], keepdim: boolean): number[] {
  return keepdim ? withOnes(shape, dims) : shape.filter((_, d) => !dims.includes(d));
}

/** @internal Reduces without recording. */
export function reduce(
  op: Reduction,
  x: Tensor,
  dims: readonly number[],
  shape: Shape,
  { scale = 1, variant }: { scale?: number | undefined; variant?: ReduceVariant } = {},
): Tensor {
  const dtype = x.dtype === 'bool' ? 'i32' : x.dtype;
  if (dims.some((d) => x.shape[d] === 0)) return full(shape, op.ofNothing * scale, { dtype });
  const spec = { op: op.name, dtype: x.dtype, shape: x.shape, dims, scale };
  const run = (variant: ReduceVariant): Tensor => {
    // What is cut is reduced once more.
    const whole = (slab: Slab): (Slab & ReturnType<typeof cut>)[] => {
      const how = cut(slab, variant);
      return [{ ...slab, ...how }, ...(how.splits > 1 ? whole({ ...slab, length: how.splits }) : [])];
    };
    return slabsOf(x.shape, dims)
      .flatMap(whole)
      .reduce(
        (made, stage, s, stages) => {
          const { outer, inner, splits } = stage;
          const isLast = s === stages.length - 1;
          const kernel = reduceKernel(op, { type: held(made), ...stage, scale: isLast ? scale : 1 });
          return launch(kernel, [made], isLast ? shape : [outer, splits, inner], dtype);
        },
        cast(x, dtype),
      );
  };
  return variant ? run(variant) : withReduce(spec, run);
}

/**
 * @internal What `compute` makes of integers, and none of them where the exact result does not fit the type. Of others what
 * it makes.
 */
export function fitted(name: string, x: Tensor, compute: (x: Tensor) => Tensor): Tensor {
  const value = compute(x);
  if (x.dtype !== 'i32' && x.dtype !== 'u32') return value;
  const spec = { size: value.size, type: x.dtype, none: noneBits(x.dtype) };
  const made = launchFlat('fit', fitKernel, spec, [value, compute(cast(x, 'f32'))], value.shape, x.dtype);
  return mark(made, `${name}: the result does not fit ${x.dtype}; compute it in f32: ${name}(x.to('f32'))`);
}

/**
 * Sum over dimensions. bool counts its true elements, in i32. Of n terms of one sign it is off by at most 2e-7 · log2 n of itself;
 * so are means, running sums, norms, and the sums within losses, normalisation and their gradients. There is no integer wider
 * than 32 bits: to read a sum that does not fit i32 or u32 is an error, and in f32 it is NaN.
 */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  return total('sum', x, asked('sum', x, options), 1, (g) => g);
}

/** @internal A sum times `scale`, recorded; `scaled` does that to a gradient. */
export function total(
  name: string,
  x: Tensor,
  { dims, keepdim }: ReturnType<typeof asked>,
  scale: number,
  scaled: (grad: Tensor) => Tensor,
): Tensor {
  const value = fitted(name, x, (t) => reduce(SUM, t, dims, reducedShape(x.shape, dims, keepdim), { scale }));
  const by = [(g: Tensor) => expand(reshape(scaled(g), withOnes(x.shape, dims)), x.shape)];
  return differentiable(name, [x], value, { by }, { dims, keepdim });
}

/** Sums a gradient back to the shape that was broadcast. */
export function sumTo(grad: Tensor, shape: Shape): Tensor {
  if (sameShape(grad.shape, shape)) return grad;
  const lead = grad.ndim - shape.length;
  const dims = grad.shape.flatMap((n, d) => (d < lead || (shape[d - lead] === 1 && n !== 1) ? [d] : []));
  return reshape(dims.length ? sum(grad, { dim: dims }) : grad, shape);
}
