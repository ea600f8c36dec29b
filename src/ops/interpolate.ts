/** Images in another size. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { constant } from '../stream/scope.js';
import { tensor } from '../tensor/create.js';
import { at, type Shape, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { expand, reshape } from './broadcast.js';
import { add, mul } from './elementwise/arithmetic.js';
import { indexSelect } from './indexing.js';

export interface InterpolateOptions {
  /** Length of each spatial dimension, or one for all. Give this or `scaleFactor`. */
  size?: number | Shape | undefined;
  /** New length over old, of each spatial dimension or for all; lengths are rounded down. */
  scaleFactor?: number | Shape | undefined;
  /** 'linear', 'bilinear' and 'trilinear' are of one, two and three spatial dimensions, 'bicubic' of two. Default: 'nearest'. */
  mode?: 'nearest' | 'linear' | 'bilinear' | 'trilinear' | 'bicubic' | undefined;
  /** Whether the middles of the corners fall on each other, rather than the corners' edges. Not of 'nearest'. Default: false. */
  alignCorners?: boolean | null | undefined;
}

/** Spatial dimensions of the modes that mix elements. */
const DIMENSIONS = { nearest: 0, linear: 1, bilinear: 2, trilinear: 3, bicubic: 2 };

/** @internal */
export const INTERPOLATE: Known<InterpolateOptions> = {
  size: 'sizes',
  scaleFactor: 'numbers',
  mode: ['nearest', 'linear', 'bilinear', 'trilinear', 'bicubic'],
  alignCorners: 'boolean?',
};

/**
 * An image, signal or volume in another size. 'nearest' takes the element before: y[i] = x[⌊i / scale⌋]; the others mix two
 * neighbours of each dimension, or four by cubics (a = −0.75), as PyTorch without antialiasing.
 *
 * @param x [N, C, d...]
 * @throws KindlingError unless one of `size` and `scaleFactor` is given and fits x
 * @example interpolate(zeros([1, 3, 8, 8]), { scaleFactor: 2 }); // [1, 3, 16, 16]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  wantTensor('interpolate', 'x', x);
  const { size, scaleFactor, mode = 'nearest', alignCorners = null } = checked('interpolate', options, INTERPOLATE);
  if (mode === 'nearest' && alignCorners !== null)
    refuse("interpolate: mode 'nearest' takes no alignCorners; leave it out");
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
  if (mode !== 'nearest' && lengths.length !== DIMENSIONS[mode]) {
    refuse(
      `interpolate: mode '${mode}' is of ${DIMENSIONS[mode]} spatial dimensions, ${show(x.shape)} has ${lengths.length}`,
    );
  }
  return lengths.reduce((y, from, d) => {
    const length = at(to, d);
    const scale = size === undefined ? at(each, d) : length / from;
    if (mode === 'nearest') return nearest(y, d + 2, length, scale);
    const step = alignCorners ? (length > 1 ? (from - 1) / (length - 1) : 0) : 1 / scale;
    return mixed(y, d + 2, length, Math.fround(step), Boolean(alignCorners), mode === 'bicubic');
  }, x);
}

/** Along one dimension, each element a sum of its neighbours by weights. Places are in f32, as PyTorch's. */
function mixed(x: Tensor, dim: number, to: number, step: number, aligned: boolean, cubic: boolean): Tensor {
  const last = at(x.shape, dim) - 1;
  const places = Array.from({ length: to }, (_, i) => {
    const place = Math.fround(aligned ? step * i : Math.fround(step * (i + 0.5)) - 0.5);
    return cubic ? place : Math.max(0, place);
  });
  const taps = (cubic ? [-1, 0, 1, 2] : [0, 1]).map((tap) => {
    const weigh = cubic ? cubicWeight : (distance: number): number => 1 - distance;
    const index = places.map((place) => Math.min(last, Math.max(0, Math.floor(place) + tap)));
    const weight = places.map((place) => weigh(Math.abs(place - Math.floor(place) - tap)));
    const column = [to, ...x.shape.slice(dim + 1).map(() => 1)];
    const [picks, weights] = [
      constant(() => tensor(Int32Array.from(index))),
      constant(() => tensor(Float32Array.from(weight), { shape: column })),
    ];
    return mul(indexSelect(x, dim, picks), weights);
  });
  return taps.reduce((sum, tap) => add(sum, tap));
}

/** The cubic convolution of Keys with a = −0.75, at a distance of at most 2. */
function cubicWeight(d: number): number {
  const a = -0.75;
  return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
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
