/** Parts of tensors, and tensors made of parts. All are differentiable. */

import { refuse } from '../gpu/errors.js';
import { atMost, ofTensor, required, wantTensors } from '../gpu/options.js';
import { at, dimOf, dimsOf, show, stridesOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { joined, strided, takeBlock } from './blocks.js';
import { reshape } from './broadcast.js';
import { unsqueeze } from './shape.js';

/** `length` entries of dimension `dim`, from `start`, which counts from the end where it is negative. */
export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  ofTensor('narrow', 4, arguments);
  required('narrow', { start, length }, { start: 'whole', length: 'count' });
  const n = x.shape[dimOf('narrow', dim, x.ndim)] ?? 0;
  const from = start < 0 ? start + n : start;
  if (from < 0 || from + length > n) {
    refuse(`narrow: ${length} entries from ${start} are not inside dimension ${dim} of ${show(x.shape)}`);
  }
  return slice(x, dim, from, from + length);
}

/**
 * Entries `start` to `end` (without it) of dimension `dim`, every `step`-th. Negative positions count from the end, and
 * those beyond the ends are clamped, as in Python's `x[start:end:step]`.
 */
export function slice(x: Tensor, dim: number, start = 0, end = Number.MAX_SAFE_INTEGER, step = 1): Tensor {
  ofTensor('slice', 5, arguments);
  const d = dimOf('slice', dim, x.ndim);
  const length = x.shape[d];
  if (length === undefined) refuse('slice: a scalar has no dimensions');
  required('slice', { start, end, step }, { start: 'number', end: 'number', step: 'size' });
  const position = (at: number): number => Math.min(length, Math.max(0, at < 0 ? at + length : at));
  const [from, to] = [position(start), position(end)];
  if (from % 1 || to % 1) refuse(`slice: ${start} or ${end} is not whole`);
  return strided(x, d, from, to, step);
}

/** One entry of dimension `dim`, which goes away. */
export function select(x: Tensor, dim: number, index: number): Tensor {
  ofTensor('select', 3, arguments);
  const d = dimOf('select', dim, x.ndim);
  const length = x.shape[d] ?? 0;
  required('select', { index }, { index: 'whole' });
  const from = index < 0 ? index + length : index;
  if (from < 0 || from >= length) refuse(`select: index ${index} is outside dimension ${d} of ${show(x.shape)}`);
  return reshape(
    slice(x, d, from, from + 1),
    x.shape.filter((_, i) => i !== d),
  );
}

/**
 * The pieces along a dimension: of so many entries each, the last perhaps shorter, or of the sizes listed.
 * @see https://pytorch.org/docs/stable/generated/torch.split.html
 */
export function split(x: Tensor, size: number | readonly number[], dim = 0): Tensor[] {
  ofTensor('split', 3, arguments);
  const length = at(x.shape, dimOf('split', dim, x.ndim));
  required('split', { size }, { size: 'counts' });
  if (size === 0) refuse('split: pieces of 0 entries');
  const sizes =
    typeof size === 'number'
      ? Array.from({ length: Math.max(1, Math.ceil(length / size)) }, (_, i) => Math.min(size, length - i * size))
      : size;
  if (sizes.reduce((sum, n) => sum + n, 0) !== length) {
    refuse(`split: [${sizes}] does not add up to the ${length} entries of dimension ${dim} of ${show(x.shape)}`);
  }
  let end = 0;
  return sizes.map((n) => {
    end += n;
    return narrow(x, dim, end - n, n);
  });
}

/** As {@link split}, into so many pieces of one size, the last perhaps shorter; fewer where entries do not suffice. */
export function chunk(x: Tensor, chunks: number, dim = 0): Tensor[] {
  ofTensor('chunk', 3, arguments);
  required('chunk', { chunks }, { chunks: 'size' });
  return split(x, Math.max(1, Math.ceil(at(x.shape, dimOf('chunk', dim, x.ndim)) / chunks)), dim);
}

/** The entries of a dimension, which goes away: {@link select} of each. */
export function unbind(x: Tensor, dim = 0): Tensor[] {
  ofTensor('unbind', 2, arguments);
  const length = at(x.shape, dimOf('unbind', dim, x.ndim));
  return Array.from({ length }, (_, i) => select(x, dim, i));
}

/** The order of entries reversed along dimensions. */
export function flip(x: Tensor, dims: number | readonly number[]): Tensor {
  ofTensor('flip', 2, arguments);
  const turned = dimsOf('flip', dims, x.ndim);
  const strides = stridesOf(x.shape);
  const offset = turned.reduce((sum, d) => sum + (at(x.shape, d) - 1) * at(strides, d), 0);
  const block = {
    shape: x.shape,
    strides: strides.map((s, d) => (turned.includes(d) ? -s : s)),
    offset: x.size === 0 ? 0 : offset,
  };
  return takeBlock('flip', x, block, { dims: turned });
}

/** Tensors joined along a dimension that exists. As in PyTorch, one of shape [0] joins any. */
export function cat(given: readonly Tensor[], dim = 0): Tensor {
  atMost('cat', 2, arguments);
  wantTensors('cat', given);
  const tensors = given.some(({ ndim }) => ndim > 1) ? given.filter(({ ndim, size }) => ndim !== 1 || size > 0) : given;
  const [first] = tensors;
  if (!first) refuse('cat: wants at least one tensor');
  const d = dimOf('cat', dim, first.ndim);
  for (const { shape, dtype } of tensors) {
    if (dtype !== first.dtype || shape.length !== first.ndim || shape.some((n, i) => i !== d && n !== first.shape[i])) {
      refuse(`cat: ${show(shape)} ${dtype} does not continue ${show(first.shape)} ${first.dtype} along ${d}`);
    }
  }
  return joined(tensors, d);
}

/** Tensors of one shape joined along a new dimension. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  atMost('stack', 2, arguments);
  wantTensors('stack', tensors);
  const [first] = tensors;
  if (!first) refuse('stack: wants at least one tensor');
  const place = dimOf('stack', dim, first.ndim + 1);
  return cat(
    tensors.map((x) => unsqueeze(x, place)),
    place,
  );
}
