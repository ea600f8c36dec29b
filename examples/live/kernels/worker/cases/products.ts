/** c = a b, and what is like it. */
import { matmul, tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { summed, uniform } from '../../shared/exact.js';
import { at, type Prepare } from '../case.js';

/** c[i, j] = Σ a[i, k] b[k, j] */
const product =
  (rows: (n: number) => number): Prepare =>
  (n, seed) => {
    const m = rows(n);
    const [a, b] = [uniform(m * n, seed), uniform(n * n, seed + 1)];
    const [x, y] = [tensor(a, { shape: [m, n] }), tensor(b, { shape: [n, n] })];
    return {
      shape: `[${m}, ${n}] × [${n}, ${n}]`,
      flops: 2 * m * n * n,
      bytes: 4 * (2 * m * n + n * n),
      run: () => matmul(x, y),
      expected: (i) => summed(n, (k) => at(a, Math.floor(i / n) * n + k) * at(b, k * n + (i % n))),
      held: [x, y],
    };
  };

/** y[i, j] = Σ x[i, k] w[j, k] + b[j] */
const linear: Prepare = (n, seed) => {
  const [a, w, b] = [uniform(n * n, seed), uniform(n * n, seed + 1), uniform(n, seed + 2)];
  const [x, weight, bias] = [tensor(a, { shape: [n, n] }), tensor(w, { shape: [n, n] }), tensor(b)];
  return {
    shape: `[${n}, ${n}] × [${n}, ${n}]ᵀ + [${n}]`,
    flops: 2 * n ** 3,
    bytes: 4 * (3 * n * n + n),
    run: () => F.linear(x, weight, bias),
    expected: (i) => {
      const [row, column] = [Math.floor(i / n), i % n];
      return summed(n + 1, (k) => (k < n ? at(a, row * n + k) * at(w, column * n + k) : at(b, column)));
    },
    held: [x, weight, bias],
  };
};

export const PRODUCTS = { matmul: product((n) => n), matvec: product(() => 1), linear };
