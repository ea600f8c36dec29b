/** Softmax of rows, its logarithm, and the loss that is made of it. */
import { logSoftmax, softmax, tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { exactly, summed, uniform, whole } from '../../shared/exact.js';
import { at, type Floats, gradientOf, type Prepare } from '../case.js';

const CLASSES = 512;

const scores = (n: number, seed: number): Floats => uniform(n * CLASSES, seed).map((value) => 5 * value);

/** log Σ exp of the row in which place `i` lies. */
export function logSum(values: Floats, i: number, columns: number): number {
  const start = i - (i % columns);
  const most = values.subarray(start, start + columns).reduce((a, b) => Math.max(a, b));
  return most + Math.log(summed(columns, (k) => Math.exp(at(values, start + k) - most)).value);
}

const rows =
  (log: boolean): Prepare =>
  (n, seed) => {
    const values = scores(n, seed);
    const x = tensor(values, { shape: [n, CLASSES] });
    return {
      shape: `[${n}, ${CLASSES}]`,
      flops: 0,
      bytes: 8 * values.length,
      run: () => (log ? logSoftmax(x, { dim: 1 }) : softmax(x, { dim: 1 })),
      expected: (i) => {
        const value = at(values, i) - logSum(values, i, CLASSES);
        return exactly(log ? value : Math.exp(value));
      },
      held: [x],
    };
  };

/** The mean over rows of log Σ exp x - x[target] */
const crossEntropy: Prepare = (n, seed) => {
  const [values, targets] = [scores(n, seed), whole(n, CLASSES, seed + 1)];
  const [x, y] = [tensor(values, { shape: [n, CLASSES] }), tensor(targets)];
  return {
    shape: `[${n}, ${CLASSES}]`,
    flops: 0,
    bytes: 4 * values.length + 4 * n + 4,
    run: () => F.crossEntropy(x, y),
    expected: () => {
      const loss = (row: number): number =>
        logSum(values, row * CLASSES, CLASSES) - at(values, row * CLASSES + at(targets, row));
      return exactly(summed(n, loss).value / n);
    },
    held: [x, y],
  };
};

/** dx = (softmax - 1 at the target) / rows */
const crossEntropyGrad: Prepare = (n, seed) => {
  const [values, targets] = [scores(n, seed), whole(n, CLASSES, seed + 1)];
  const [x, y] = [tensor(values, { shape: [n, CLASSES] }), tensor(targets)];
  return {
    shape: `[${n}, ${CLASSES}]`,
    flops: 0,
    bytes: 8 * values.length + 4 * n,
    run: gradientOf(x.requiresGrad_(), () => F.crossEntropy(x, y)),
    expected: (i) => {
      const share = Math.exp(at(values, i) - logSum(values, i, CLASSES));
      const isTarget = i % CLASSES === at(targets, Math.floor(i / CLASSES));
      return { value: (share - (isTarget ? 1 : 0)) / n, scale: (isTarget ? 1 + share : share) / n };
    },
    held: [x, y],
  };
};

export const ROWS = { softmax: rows(false), logSoftmax: rows(true), crossEntropy, crossEntropyGrad };
