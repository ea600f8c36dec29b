/** Elements repeated. Gradients sum over the copies. */

import { refuse } from '../gpu/errors.js';
import { checked, isTensor, type Known, required, text, wantTensor } from '../gpu/options.js';
import { arange } from '../tensor/create.js';
import { hostValues } from '../tensor/hostValues.js';
import { at, dimOf, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { expand, reshape, sum } from './broadcast.js';
import { cast } from './cast.js';
import { cumsum } from './cumulative.js';
import { le } from './elementwise/comparison.js';
import { indexSelect } from './indexing.js';
import { unsqueeze } from './shape.js';

type Sizes = readonly number[] | readonly [readonly number[]];

function copies(name: string, x: Tensor, sizes: Sizes): number[] {
  wantTensor(name, 'x', x);
  const flat = sizes.flat();
  return required(name, { sizes: flat }, { sizes: 'counts' }).sizes;
}

/** The whole, so many times along each dimension: a dimension of copies before each, made one with it. */
function repeated(x: Tensor, times: readonly number[]): Tensor {
  const lead = times.length - x.ndim;
  const shape = times.map((_, d) => x.shape[d - lead] ?? 1);
  if (times.every((n) => n === 1)) return reshape(x, shape);
  const apart = reshape(
    x,
    shape.flatMap((n) => [1, n]),
  );
  const copied = expand(
    apart,
    shape.flatMap((n, d) => [at(times, d), n]),
  );
  return reshape(
    copied,
    shape.map((n, d) => n * at(times, d)),
  );
}

/**
 * The tensor so many times along each dimension, and along new leading ones.
 *
 * @param sizes a number for each dimension, one by one or as an array
 * @example repeat(tensor([1, 2, 3]), 4, 2) // [4, 6]
 * @throws KindlingError where they are fewer than the dimensions
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.repeat.html
 */
export function repeat(x: Tensor, ...sizes: number[] | [readonly number[]]): Tensor {
  const times = copies('repeat', x, sizes);
  if (times.length < x.ndim) {
    refuse(`repeat: ${text(times)} has fewer entries than ${show(x.shape)} dimensions; see tile`);
  }
  return repeated(x, times);
}

/**
 * As {@link repeat}; numbers that are missing are 1, for the first dimensions.
 * @see https://pytorch.org/docs/stable/generated/torch.tile.html
 */
export function tile(x: Tensor, ...sizes: number[] | [readonly number[]]): Tensor {
  const times = copies('tile', x, sizes);
  return repeated(x, [...new Array<number>(Math.max(0, x.ndim - times.length)).fill(1), ...times]);
}

export interface RepeatInterleaveOptions {
  /** Along which dimension. Default: of the elements as a vector. */
  dim?: number | undefined;
  /** The length that comes out. Needed where the counts are a tensor: they are on the device. */
  outputSize?: number | undefined;
}

const REPEAT_INTERLEAVE: Known<RepeatInterleaveOptions> = { dim: 'whole', outputSize: 'count' };

/**
 * Each entry of a dimension so many times, one behind the other.
 *
 * @param repeats how many times: a number for all, an array with one for each entry, or such an i32 tensor, and then
 * `outputSize` is needed; what it has beyond their sum reads as in `indexSelect`, NaN of f32
 * @example repeatInterleave(tensor([1, 2]), 2) // [1, 1, 2, 2]
 * @see https://pytorch.org/docs/stable/generated/torch.repeat_interleave.html
 */
export function repeatInterleave(
  x: Tensor,
  repeats: number | readonly number[] | Tensor,
  options: RepeatInterleaveOptions = {},
): Tensor {
  wantTensor('repeatInterleave', 'x', x);
  const { dim, outputSize } = checked('repeatInterleave', options, REPEAT_INTERLEAVE);
  const source = dim === undefined || x.ndim === 0 ? reshape(x, [x.size]) : x;
  const d = dim === undefined ? 0 : dimOf('repeatInterleave', dim, x.ndim);
  const length = at(source.shape, d);
  const wrong = (count: number): never =>
    refuse(`repeatInterleave: ${count} counts for the ${length} entries of dimension ${d} of ${show(source.shape)}`);
  if (isTensor(repeats)) {
    const { dtype, shape, ndim, size } = repeats as Tensor;
    if (ndim > 1 || (dtype !== 'i32' && dtype !== 'u32')) {
      refuse(`repeatInterleave: counts are i32 of shape [${length}], got ${dtype} ${show(shape)}`);
    }
    if (outputSize === undefined) {
      refuse('repeatInterleave: the counts are on the device; give { outputSize }, or them as await repeats.array()');
    }
    if (size !== length && size !== 1) wrong(size);
    return indexSelect(source, d, sources(expand(reshape(repeats as Tensor, [size]), [length]), outputSize));
  }
  required('repeatInterleave', { repeats }, { repeats: 'counts' });
  const counts = [repeats].flat();
  const [count = 0] = counts;
  const each = counts.length === 1 ? new Array<number>(length).fill(count) : counts;
  if (each.length !== length) wrong(each.length);
  const total = each.reduce((all, n) => all + n, 0);
  if (outputSize !== undefined && outputSize !== total) {
    refuse(`repeatInterleave: outputSize is ${outputSize}, but the counts add up to ${total}`);
  }
  if (counts.length === 1) {
    const spread = [...source.shape.slice(0, d + 1), count, ...source.shape.slice(d + 1)];
    return reshape(expand(unsqueeze(source, d + 1), spread), source.shape.with(d, total));
  }
  const places = each.flatMap((n, i) => new Array<number>(n).fill(i));
  return indexSelect(
    source,
    d,
    hostValues('u32', total, () => places),
  );
}

/** Which entry each of `size` comes from: how many counts have been used up before it. */
function sources(counts: Tensor, size: number): Tensor {
  const ends = cumsum(cast(counts, 'i32'), 0);
  return sum(le(unsqueeze(ends, 1), arange(0, size, 1, { dtype: 'i32' })), { dim: 0 });
}
