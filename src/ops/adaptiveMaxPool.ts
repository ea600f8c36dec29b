/**
 * Maxima of windows laid so that there are as many as wanted: window i of n elements reaches from ⌊i · n / out⌋ to
 * ⌈(i + 1) · n / out⌉. Where they overlap or differ in length, their elements are laid side by side first, a shorter window's
 * last one again, and pooled then: a copy of x, larger by what windows share.
 */
import { refuse } from '../gpu/errors.js';
import { atMost, required, wantTensor } from '../gpu/options.js';
import { constant } from '../stream/scope.js';
import { tensor } from '../tensor/create.js';
import { at, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { indexSelect } from './indexing.js';
import { maxPool2d, type Pair, pair } from './pool.js';
import { asImage, type Single } from './pool1d.js';
import { squeeze } from './shape.js';

/** Windows of a dimension side by side, and how long they are. */
function sideBySide(x: Tensor, dim: number, output: number): { x: Tensor; length: number } {
  const input = at(x.shape, dim);
  if (input % output === 0) return { x, length: input / output };
  const starts = Array.from({ length: output }, (_, i) => Math.floor((i * input) / output));
  const ends = starts.map((_, i) => Math.ceil(((i + 1) * input) / output));
  const length = Math.max(...ends.map((end, i) => end - at(starts, i)));
  const picks = Int32Array.from({ length: output * length }, (_, k) => {
    const window = Math.floor(k / length);
    return Math.min(at(starts, window) + (k % length), at(ends, window) - 1);
  });
  const index = constant(() => tensor(picks));
  return { x: indexSelect(x, dim, index), length };
}

/**
 * Largest elements of windows laid so that the result has `outputSize` rows and columns. The gradient goes to the first
 * one where several are equal.
 *
 * @param x [N, C, H, W] or [C, H, W]
 * @throws KindlingError where there are no elements to choose from
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html
 */
export function adaptiveMaxPool2d(x: Tensor, outputSize: Pair): Tensor {
  atMost('adaptiveMaxPool2d', 2, arguments);
  wantTensor('adaptiveMaxPool2d', 'x', x);
  required('adaptiveMaxPool2d', { outputSize }, { outputSize: 'sizes' });
  return pooled('adaptiveMaxPool2d', x, pair(outputSize));
}

/**
 * Largest elements of windows laid so that the result has `outputSize` elements: {@link adaptiveMaxPool2d} of images one
 * pixel high.
 *
 * @param x [N, C, L] or [C, L]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool1d.html
 */
export function adaptiveMaxPool1d(x: Tensor, outputSize: Single): Tensor {
  atMost('adaptiveMaxPool1d', 2, arguments);
  const image = asImage('adaptiveMaxPool1d', x);
  required('adaptiveMaxPool1d', { outputSize }, { outputSize: 'sizes' });
  return squeeze(pooled('adaptiveMaxPool1d', image, [1, Number(outputSize)]), -2);
}

function pooled(name: string, x: Tensor, [height, width]: readonly [number, number]): Tensor {
  const lengths = x.shape.slice(-2);
  if (x.dtype !== 'f32' || (x.ndim !== 4 && x.ndim !== 3)) {
    refuse(`${name}: wants f32 of shape [N, C, H, W] or [C, H, W], got ${x.dtype} ${show(x.shape)}`);
  }
  if ([...lengths, height, width].some((n) => !(Number.isInteger(n) && n >= 1))) {
    refuse(`${name}: ${show(x.shape)} cannot become ${height} by ${width}`);
  }
  const rows = sideBySide(x, x.ndim - 2, height);
  const columns = sideBySide(rows.x, x.ndim - 1, width);
  return maxPool2d(columns.x, [rows.length, columns.length]);
}
