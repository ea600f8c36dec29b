/** Images in another size. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known } from '../gpu/options.js';
import { constant } from '../gpu/storage.js';
import { tensor } from '../tensor/create.js';
import { at, type Shape, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { expand, reshape } from './broadcast.js';
import { indexSelect } from './indexing.js';

export interface InterpolateOptions {
  /** Length of each spatial dimension, or one for all. Give this or `scaleFactor`. */
  size?: number | Shape;
  /** New length over old, of each spatial dimension or for all; lengths are rounded down. */
  scaleFactor?: number | Shape;
  /** Default, and the only one: 'nearest'. */
  mode?: 'nearest';
}

/** @internal */
export const INTERPOLATE: Known<InterpolateOptions> = { size: 'sizes', scaleFactor: 'numbers', mode: ['nearest'] };

/**
 * An image, signal or volume in another size, each element that of the nearest before it: y[i] = x[⌊i / scale⌋].
 *
 * @param x [N, C, d...]
 * @throws KindlingError unless one of `size` and `scaleFactor` is given and fits x
 * @example interpolate(zeros([1, 3, 8, 8]), { scaleFactor: 2 }); // [1, 3, 16, 16]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  const { size, scaleFactor } = checked('interpolate', options, INTERPOLATE);
  if ((size === undefined) === (scaleFactor === undefined)) refuse('interpolate: give one of size and scaleFactor');
  const lengths = x.shape.slice(2);
  const given = size ?? scaleFactor ?? [];
  const each = typeof given === 'number' ? lengths.map(() => given) : given;
  const to = lengths.map((n, d) => (size === undefined ? Math.floor(n * (each[d] ?? 0)) : (each[d] ?? 0)));
  if (lengths.length === 0 || each.length !== lengths.length || [...lengths, ...to].some((n) => !(n >= 1))) {
    refuse(
      `interpolate: ${show(x.shape)} has ${lengths.length} spatial dimensions, none of which can be left empty; got ${show(each)} for them`,
    );
  }
  return lengths.reduce((y, from, d) => {
    const length = at(to, d);
    return nearest(y, d + 2, length, size === undefined ? at(each, d) : length / from);
  }, x);
}

/** Along one dimension. Which element is nearest is decided in f32, as PyTorch does. */
function nearest(x: Tensor, dim: number, to: number, scale: number): Tensor {
  const from = at(x.shape, dim);
  const times = to / from;
  const [before, after] = [x.shape.slice(0, dim), x.shape.slice(dim + 1)];
  if (times === 1) return x;
  if (times === 2 || (times === scale && Number.isInteger(times))) {
    const repeated = expand(reshape(x, [...before, from, 1, ...after]), [...before, from, times, ...after]);
    return reshape(repeated, [...before, to, ...after]);
  }
  const inverse = Math.fround(1 / scale);
  const source = (i: number): number => Math.min(from - 1, Math.floor(Math.fround(i * inverse)));
  const index = constant(() => tensor(Int32Array.from({ length: to }, (_, i) => source(i))));
  return indexSelect(x, dim, index);
}
