/** Functions of each element by itself. */
import { add, mul, relu, sigmoid, tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { exactly, uniform } from '../../shared/exact.js';
import { at, type Prepare } from '../case.js';

const one: Prepare = (n, seed) => {
  const values = uniform(n, seed);
  const x = tensor(values);
  return {
    shape: `[${n}]`,
    flops: 0,
    bytes: 8 * n,
    run: () => relu(x),
    expected: (i) => exactly(Math.max(0, at(values, i))),
    held: [x],
  };
};

const two: Prepare = (n, seed) => {
  const [a, b] = [uniform(n, seed), uniform(n, seed + 1)];
  const [x, y] = [tensor(a), tensor(b)];
  return {
    shape: `[${n}] + [${n}]`,
    flops: 0,
    bytes: 12 * n,
    run: () => add(x, y),
    expected: (i) => exactly(at(a, i) + at(b, i)),
    held: [x, y],
  };
};

const sigma = (value: number): number => 1 / (1 + Math.exp(-value));

/** σ(x a + b) y: one launch for four functions. */
const chain: Prepare = (n, seed) => {
  const values = [0, 1, 2, 3].map((k) => uniform(n, seed + k)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const [x, a, b, y] = values.map((of) => tensor(of)) as [F4, F4, F4, F4];
  return {
    shape: `four of [${n}]`,
    flops: 0,
    bytes: 20 * n,
    run: () => mul(sigmoid(add(mul(x, a), b)), y),
    expected: (i) => {
      const [xi, ai, bi, yi] = values.map((of) => at(of, i)) as [number, number, number, number];
      return exactly(sigma(xi * ai + bi) * yi);
    },
    held: [x, a, b, y],
  };
};
type F4 = ReturnType<typeof tensor>;

const P = 0.2;
/** So many standard deviations are not chance. */
const CHANCE = 5;

/** 0 with probability p, else x / (1 - p). */
const dropout: Prepare = (n, seed) => {
  const values = uniform(n, seed);
  const x = tensor(values);
  return {
    shape: `[${n}]`,
    flops: 0,
    bytes: 8 * n,
    run: () => F.dropout(x, { p: P }),
    expected: (i, got) => (got === 0 ? { value: 0, scale: 1 } : exactly(at(values, i) / (1 - P))),
    also(results) {
      let zeros = 0;
      for (let i = 0; i < results.length; i++) if (results[i] === 0) zeros++;
      const share = zeros / results.length;
      const away = Math.abs(share - P) / Math.sqrt((P * (1 - P)) / results.length);
      return away < CHANCE ? `${(100 * share).toFixed(2)} % became 0, p being ${100 * P} %` : null;
    },
    held: [x],
  };
};

export const MAPS = { relu: one, add: two, chain, dropout };
