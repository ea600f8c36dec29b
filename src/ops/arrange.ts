/** Elements in another order, and dimensions in other places. All are differentiable. */

import { refuse } from '../gpu/errors.js';
import { atMost, checked, type Known, ofTensor, required, text, wantTensors } from '../gpu/options.js';
import { differentiable, noGrad } from '../tensor/remember.js';
import { at, dimOf, show, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { joined, strided } from './blocks.js';
import { expand, reshape } from './broadcast.js';
import { flip } from './parts.js';
import { permute, transpose } from './shape.js';

const list = (value: number | readonly number[]): readonly number[] => [value].flat();

/**
 * Entries moved along dimensions by so many places; those that leave at one end come in at the other.
 *
 * @param shifts a number, or one for each of `dims`; negative ones move towards the beginning
 * @param dims without them all elements move as those of a vector do
 * @example roll(tensor([1, 2, 3, 4]), 1) // [4, 1, 2, 3]
 * @throws KindlingError unless there are as many shifts as dimensions
 * @see https://pytorch.org/docs/stable/generated/torch.roll.html
 */
export function roll(x: Tensor, shifts: number | readonly number[], dims?: number | readonly number[]): Tensor {
  ofTensor('roll', 3, arguments);
  required('roll', { shifts }, { shifts: 'wholes' });
  const by = list(shifts);
  if (dims === undefined) {
    if (by.length !== 1) refuse(`roll: ${by.length} shifts without dims; give as many of both, or one shift`);
    return reshape(rolled(reshape(x, [x.size]), [0], by), x.shape);
  }
  const along = list(dims).map((dim) => dimOf('roll', dim, x.ndim));
  if (along.length !== by.length || by.length === 0) {
    refuse(`roll: shifts ${text(shifts)} and dims ${text(dims)} are not as many`);
  }
  if (x.ndim === 0) refuse('roll: a scalar has no dimensions');
  return rolled(x, along, by);
}

function rolled(x: Tensor, dims: readonly number[], shifts: readonly number[]): Tensor {
  const y = noGrad(() => dims.reduce((made, d, i) => turned(made, d, at(shifts, i)), x));
  if (y === x) return x;
  const back = shifts.map((shift) => -shift);
  return differentiable('roll', [x], y, { by: [(g) => rolled(g, dims, back)] });
}

/** Along one dimension: what is cut off at the end stands before the rest. */
function turned(x: Tensor, dim: number, shift: number): Tensor {
  const length = at(x.shape, dim);
  const cut = length - (((shift % length) + length) % length);
  if (cut === length || x.size === 0) return x;
  return joined([strided(x, dim, cut, length), strided(x, dim, 0, cut)], dim);
}

/**
 * Turned by quarters in the plane of two dimensions, from the first towards the second.
 *
 * @param k how many quarters; negative ones turn the other way. Default: 1
 * @param dims default [0, 1]
 * @see https://pytorch.org/docs/stable/generated/torch.rot90.html
 */
export function rot90(x: Tensor, k = 1, dims: readonly [number, number] = [0, 1]): Tensor {
  ofTensor('rot90', 3, arguments);
  required('rot90', { k }, { k: 'whole' });
  const given: readonly number[] = dims;
  if (!Array.isArray(given) || given.length !== 2) refuse(`rot90: dims are two dimensions, got ${text(given)}`);
  if (x.ndim < 2) refuse(`rot90: wants two dimensions or more, got ${show(x.shape)}`);
  const [a = 0, b = 0] = given.map((dim) => dimOf('rot90', dim, x.ndim));
  if (a === b) refuse(`rot90: dims ${text(dims)} are one dimension of ${show(x.shape)}`);
  const quarters = ((k % 4) + 4) % 4;
  if (quarters === 0) return x;
  if (quarters === 2) return flip(x, [a, b]);
  return flip(transpose(x, a, b), quarters === 1 ? a : b);
}

/**
 * Dimensions moved to other places; the others keep their order.
 *
 * @param source a dimension, or several
 * @param destination where each goes
 * @example movedim(zeros([8, 3, 32, 32]), 1, -1) // [8, 32, 32, 3]
 * @see https://pytorch.org/docs/stable/generated/torch.movedim.html
 */
export function movedim(
  x: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  ofTensor('movedim', 3, arguments);
  required('movedim', { source, destination }, { source: 'wholes', destination: 'wholes' });
  const [from, to] = [source, destination].map((dims) => list(dims).map((dim) => dimOf('movedim', dim, x.ndim)));
  const once = [from, to].every((dims = []) => new Set(dims).size === dims.length);
  if (!from || !to || from.length !== to.length || !once) {
    refuse(
      `movedim: ${text(source)} and ${text(destination)} are not as many dimensions of ${show(x.shape)}, each once`,
    );
  }
  const rest = x.shape.map((_, d) => d).filter((d) => !from.includes(d));
  const order = x.shape.map((_, d) => (to.includes(d) ? at(from, to.indexOf(d)) : (rest.shift() as number)));
  return order.every((from, d) => from === d) ? x : permute(x, order);
}

/**
 * One dimension made several, the opposite of `flatten`.
 *
 * @param sizes their lengths, of which one may be -1
 * @throws KindlingError where they do not multiply to the length of the dimension
 * @see https://pytorch.org/docs/stable/generated/torch.unflatten.html
 */
export function unflatten(x: Tensor, dim: number, sizes: readonly number[]): Tensor {
  ofTensor('unflatten', 3, arguments);
  const d = dimOf('unflatten', dim, x.ndim);
  if (x.ndim === 0) refuse('unflatten: a scalar has no dimensions');
  if (!Array.isArray(sizes) || sizes.length === 0) refuse(`unflatten: wants an array of lengths, got ${text(sizes)}`);
  const length = at(x.shape, d);
  const known = sizeOf(sizes.filter((n) => n !== -1));
  const full = sizes.map((n) => (n === -1 ? length / known : n));
  const fits = full.every((n) => Number.isInteger(n) && n >= 0) && sizeOf(full) === length;
  if (!fits || sizes.filter((n) => n === -1).length > 1) {
    refuse(
      `unflatten: ${text(sizes)} does not multiply to the ${length} entries of dimension ${dim} of ${show(x.shape)}`,
    );
  }
  return reshape(x, [...x.shape.slice(0, d), ...full, ...x.shape.slice(d + 1)]);
}

export interface MeshgridOptions {
  /** 'ij': the first vector runs along the first dimension; 'xy': along the second, as in pictures. Default: 'ij'. */
  indexing?: 'ij' | 'xy' | undefined;
}

const MESHGRID: Known<MeshgridOptions> = { indexing: ['ij', 'xy'] };

/**
 * The coordinates of a grid: each vector repeated along the dimensions of the others.
 *
 * @param tensors vectors, or numbers as scalars
 * @returns as many tensors, of one shape
 * @see https://pytorch.org/docs/stable/generated/torch.meshgrid.html
 */
export function meshgrid(tensors: readonly Tensor[], options: MeshgridOptions = {}): Tensor[] {
  atMost('meshgrid', 2, arguments);
  wantTensors('meshgrid', tensors);
  const { indexing = 'ij' } = checked('meshgrid', options, MESHGRID);
  const [first] = tensors;
  if (!first) refuse('meshgrid: wants at least one tensor');
  for (const { ndim, shape, dtype } of tensors) {
    if (ndim > 1) refuse(`meshgrid: wants vectors, got ${show(shape)}`);
    if (dtype !== first.dtype) refuse(`meshgrid: wants vectors of one type, got ${first.dtype} and ${dtype}`);
  }
  const swapped = indexing === 'xy' && tensors.length > 1;
  const place = (i: number): number => (swapped && i < 2 ? 1 - i : i);
  const shape = tensors.map((_, d) => (tensors[place(d)] as Tensor).size);
  return tensors.map((x, i) =>
    expand(
      reshape(
        x,
        shape.map((_, d) => (d === place(i) ? x.size : 1)),
      ),
      shape,
    ),
  );
}
