/**
 * Reshape, expand and sum: what broadcasting needs. They stand together because each is made of the others' gradients:
 * expand's gradient is a sum, and a sum's gradient expands.
 */
import { KindlingError } from '../gpu/errors.js';
import { gatherKernel } from '../kernels/copy.js';
import { type Reduction, reduceKernel, splitDims, splitsFor } from '../kernels/reduce.js';
import { launch } from '../tensor/launch.js';
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
  stridesOf,
} from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { cast } from './cast.js';
import { differentiable } from './tape.js';

/** The same elements in another shape; one entry may be -1. Shares memory. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = sizeOf(shape.filter((n) => n !== -1));
  const full = shape.map((n) => (n === -1 ? x.size / known : n));
  if (shape.filter((n) => n === -1).length > 1 || sizeOf(full) !== x.size || full.some((n) => !Number.isInteger(n))) {
    throw new KindlingError(`reshape: ${x.size} elements of ${show(x.shape)} do not fit ${show(shape)}`);
  }
  checkShape('reshape', full);
  return differentiable('reshape', [x], new Tensor(full, x.dtype, x.storage), (g) => [reshape(g, x.shape)]);
}

/** Repeated along dimensions of length 1, and along new leading ones; -1 keeps a length. */
export function expand(x: Tensor, shape: Shape): Tensor {
  const lead = shape.length - x.ndim;
  const to = shape.map((n, d) => (n === -1 && d >= lead ? at(x.shape, d - lead) : n));
  if (sameShape(to, x.shape)) return x;
  if (lead < 0 || !sameShape(broadcast('expand', x.shape, to), to)) {
    throw new KindlingError(`expand: ${show(x.shape)} does not expand to ${show(shape)}`);
  }
  const kernel = gatherKernel({ shape: to, strides: broadcastStrides(x.shape, to), offset: 0 });
  return differentiable('expand', [x], launch(kernel, [x], to, x.dtype), (g) => [sumTo(g, x.shape)]);
}

export interface ReduceOptions {
  /** Dimensions to reduce; default all. Negative ones count from the end. */
  dim?: number | readonly number[];
  /** Keep reduced dimensions with length 1. Default: false. */
  keepdim?: boolean;
}

/** @internal */
export const held = (x: Tensor): 'f32' | 'i32' | 'u32' => (x.dtype === 'bool' ? 'u32' : x.dtype);

/** @internal The shape with reduced dimensions of length 1. */
export const withOnes = (shape: Shape, dims: readonly number[]): number[] =>
  shape.map((n, d) => (dims.includes(d) ? 1 : n));

/** @internal The shape after reducing `dims`. */
export function reducedShape(shape: Shape, dims: readonly number[], keepdim: boolean): number[] {
  return keepdim ? withOnes(shape, dims) : shape.filter((_, d) => !dims.includes(d));
}

/** @internal Reduces without recording. */
export function reduce(op: Reduction, x: Tensor, dims: readonly number[], shape: Shape, scale = 1): Tensor {
  const dtype = x.dtype === 'bool' ? 'i32' : x.dtype;
  const source = cast(x, dtype);
  const split = splitDims(x.shape, stridesOf(x.shape), dims);
  const length = sizeOf(split.reduced);
  const outputs = sizeOf(split.kept);
  const splits = splitsFor(outputs, length);
  const type = held(source);
  if (splits === 1) return launch(reduceKernel({ op, type, ...split, splits, scale }), [source], shape, dtype);
  const partial = launch(reduceKernel({ op, type, ...split, splits, scale: 1 }), [source], [outputs, splits], dtype);
  const rest = splitDims([outputs, splits], [splits, 1], [1]);
  return launch(reduceKernel({ op, type, ...rest, splits: 1, scale }), [partial], shape, dtype);
}

/** Sum over dimensions. bool counts its true elements. */
export function sum(x: Tensor, { dim, keepdim = false }: ReduceOptions = {}): Tensor {
  const dims = dimsOf('sum', dim, x.ndim);
  const value = reduce('sum', x, dims, reducedShape(x.shape, dims, keepdim));
  return differentiable('sum', [x], value, (g) => [expand(reshape(g, withOnes(x.shape, dims)), x.shape)]);
}

/** Sums a gradient back to the shape that was broadcast. */
export function sumTo(grad: Tensor, shape: Shape): Tensor {
  if (sameShape(grad.shape, shape)) return grad;
  const lead = grad.ndim - shape.length;
  const dims = grad.shape.flatMap((n, d) => (d < lead || (shape[d - lead] === 1 && n !== 1) ? [d] : []));
  return reshape(dims.length === 0 ? grad : sum(grad, { dim: dims }), shape);
}
