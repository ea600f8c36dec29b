/** Windows of 2 × 2, side by side. */
import { type Tensor, tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { exactly, summed, uniform } from '../../shared/exact.js';
import { at, gradientOf, type Prepare, type Prepared } from '../case.js';

const [CHANNELS, SIZE] = [32, 28];
const OUT = SIZE / 2;

/** Where the four elements of window `i` lie. */
export function placesOf(i: number): number[] {
  const corner = (Math.floor(i / OUT ** 2) * SIZE + (Math.floor(i / OUT) % OUT) * 2) * SIZE + (i % OUT) * 2;
  return [corner, corner + 1, corner + SIZE, corner + SIZE + 1];
}

const windowOf = (i: number): number => {
  const [column, row, plane] = [i % SIZE, Math.floor(i / SIZE) % SIZE, Math.floor(i / SIZE ** 2)];
  return (plane * OUT + Math.floor(row / 2)) * OUT + Math.floor(column / 2);
};

function prepared(
  images: number,
  seed: number,
): { values: Float32Array; x: Tensor } & Omit<Prepared, 'run' | 'expected'> {
  const values = uniform(images * CHANNELS * SIZE ** 2, seed);
  const x = tensor(values, { shape: [images, CHANNELS, SIZE, SIZE] });
  return {
    values,
    x,
    shape: `[${images}, ${CHANNELS}, ${SIZE}, ${SIZE}]`,
    flops: 0,
    bytes: 5 * values.length,
    held: [x],
  };
}

const largest = (values: Float32Array, i: number): number =>
  placesOf(i).reduce((best, place) => (at(values, place) > at(values, best) ? place : best));

/** y = the largest of a window */
const maxPool2d: Prepare = (images, seed) => {
  const { values, x, ...rest } = prepared(images, seed);
  return { ...rest, run: () => F.maxPool2d(x, 2), expected: (i) => exactly(at(values, largest(values, i))) };
};

/** dx = g where the largest of a window lies, else 0 */
const maxPool2dGrad: Prepare = (images, seed) => {
  const { values, x, held, ...rest } = prepared(images, seed);
  const grads = uniform(values.length / 4, seed + 1);
  const g = tensor(grads, { shape: [images, CHANNELS, OUT, OUT] });
  return {
    ...rest,
    bytes: 4 * (2 * values.length + grads.length),
    run: gradientOf(x.requiresGrad_(), () => F.maxPool2d(x, 2), g),
    expected: (i) => exactly(largest(values, windowOf(i)) === i ? at(grads, windowOf(i)) : 0),
    held: [...held, g],
  };
};

/** y = the mean of a window */
const avgPool2d: Prepare = (images, seed) => {
  const { values, x, ...rest } = prepared(images, seed);
  const expected: Prepared['expected'] = (i) => {
    const places = placesOf(i);
    return summed(4, (k) => at(values, at(places, k)) / 4);
  };
  return { ...rest, run: () => F.avgPool2d(x, 2), expected };
};

export const POOLING = { maxPool2d, maxPool2dGrad, avgPool2d };
