/** Normalisation of rows, and of channels over a batch. */
import { tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { type Exact, uniform } from '../../shared/exact.js';
import { at, gradientOf, type Prepare } from '../case.js';

const LENGTH = 256;
const EPSILON = 1e-5;

/** Mean, and 1/√(variance + ε), of `count` values. */
function moments(count: number, value: (k: number) => number): { mean: number; rstd: number } {
  let [sum, squares] = [0, 0];
  for (let k = 0; k < count; k++) sum += value(k);
  const mean = sum / count;
  for (let k = 0; k < count; k++) squares += (value(k) - mean) ** 2;
  return { mean, rstd: 1 / Math.sqrt(squares / count + EPSILON) };
}

/** y = (x - mean) rstd weight + bias; its terms are what an error is measured against. */
const scaled = (x: number, { mean, rstd }: { mean: number; rstd: number }, weight: number, bias: number): Exact => ({
  value: (x - mean) * rstd * weight + bias,
  scale: (Math.abs(x) + Math.abs(mean)) * rstd * Math.abs(weight) + Math.abs(bias),
});

const layerNorm: Prepare = (n, seed) => {
  const [values, w, b] = [uniform(n * LENGTH, seed), uniform(LENGTH, seed + 1), uniform(LENGTH, seed + 2)];
  const [x, weight, bias] = [tensor(values, { shape: [n, LENGTH] }), tensor(w), tensor(b)];
  return {
    shape: `[${n}, ${LENGTH}]`,
    flops: 0,
    bytes: 8 * values.length,
    run: () => F.layerNorm(x, [LENGTH], { weight, bias }),
    expected: (i) => {
      const column = i % LENGTH;
      const row = moments(LENGTH, (k) => at(values, i - column + k));
      return scaled(at(values, i), row, at(w, column), at(b, column));
    },
    held: [x, weight, bias],
  };
};

/** dx = rstd (h - mean of h - x̂ · mean of h x̂), where h = g weight */
const layerNormGrad: Prepare = (n, seed) => {
  const [values, w, g] = [uniform(n * LENGTH, seed), uniform(LENGTH, seed + 1), uniform(n * LENGTH, seed + 2)];
  const x = tensor(values, { shape: [n, LENGTH], requiresGrad: true });
  const [weight, above] = [tensor(w), tensor(g, { shape: [n, LENGTH] })];
  return {
    shape: `[${n}, ${LENGTH}]`,
    flops: 0,
    bytes: 12 * values.length,
    run: gradientOf(x, () => F.layerNorm(x, [LENGTH], { weight }), above),
    expected: (i) => {
      const first = i - (i % LENGTH);
      const { mean, rstd } = moments(LENGTH, (k) => at(values, first + k));
      const h = (k: number): number => at(g, first + k) * at(w, k);
      const hat = (k: number): number => (at(values, first + k) - mean) * rstd;
      let [a, b] = [0, 0];
      for (let k = 0; k < LENGTH; k++) {
        a += h(k) / LENGTH;
        b += (h(k) * hat(k)) / LENGTH;
      }
      const [own, beside] = [h(i % LENGTH), hat(i % LENGTH) * b];
      return { value: rstd * (own - a - beside), scale: rstd * (Math.abs(own) + Math.abs(a) + Math.abs(beside)) };
    },
    held: [x, weight, above],
  };
};

const [CHANNELS, SIZE] = [32, 14];

const batchNorm: Prepare = (images, seed) => {
  const plane = SIZE ** 2;
  const [values, w, b] = [
    uniform(images * CHANNELS * plane, seed),
    uniform(CHANNELS, seed + 1),
    uniform(CHANNELS, seed + 2),
  ];
  const x = tensor(values, { shape: [images, CHANNELS, SIZE, SIZE] });
  const [weight, bias] = [tensor(w), tensor(b)];
  const known = new Map<number, { mean: number; rstd: number }>();
  const of = (channel: number) => {
    const place = (k: number): number => (Math.floor(k / plane) * CHANNELS + channel) * plane + (k % plane);
    const found = known.get(channel) ?? moments(images * plane, (k) => at(values, place(k)));
    known.set(channel, found);
    return found;
  };
  return {
    shape: `[${images}, ${CHANNELS}, ${SIZE}, ${SIZE}]`,
    flops: 0,
    bytes: 8 * values.length,
    run: () => F.batchNorm(x, { weight, bias, training: true }),
    expected: (i) => {
      const channel = Math.floor(i / plane) % CHANNELS;
      return scaled(at(values, i), of(channel), at(w, channel), at(b, channel));
    },
    held: [x, weight, bias],
  };
};

export const NORMALIZING = { layerNorm, layerNormGrad, batchNorm };
