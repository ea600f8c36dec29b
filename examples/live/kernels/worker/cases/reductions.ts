/** Sums, and the place of the largest. */
import { argmax, cumsum, sum, type Tensor, tensor } from 'kindling';
import { type Exact, exactly, summed, uniform } from '../../shared/exact.js';
import { at, type Floats, type Prepare } from '../case.js';

const all: Prepare = (n, seed) => {
  const values = uniform(n, seed);
  const x = tensor(values);
  return {
    shape: `[${n}]`,
    flops: 0,
    bytes: 4 * n + 4,
    run: () => sum(x),
    expected: () => summed(n, (k) => at(values, k)),
    held: [x],
  };
};

/** Over x [rows, columns]. */
const table =
  (
    shapeOf: (n: number) => readonly [number, number],
    outputs: (rows: number, columns: number) => number,
    run: (x: Tensor) => Tensor,
    expected: (values: Floats, rows: number, columns: number) => (i: number) => Exact,
  ): Prepare =>
  (n, seed) => {
    const [rows, columns] = shapeOf(n);
    const values = uniform(rows * columns, seed);
    const x = tensor(values, { shape: [rows, columns] });
    return {
      shape: `[${rows}, ${columns}]`,
      flops: 0,
      bytes: 4 * (values.length + outputs(rows, columns)),
      run: () => run(x),
      expected: expected(values, rows, columns),
      held: [x],
    };
  };

const wide = (n: number): readonly [number, number] => [n, 512];

const sumRows = table(
  wide,
  (rows) => rows,
  (x) => sum(x, { dim: 1 }),
  (values, _, columns) => (i) => summed(columns, (k) => at(values, i * columns + k)),
);

const sumColumns = table(
  wide,
  (_, columns) => columns,
  (x) => sum(x, { dim: 0 }),
  (values, rows, columns) => (i) => summed(rows, (k) => at(values, k * columns + i)),
);

/** The first of several that are equal. */
export function largest(values: Floats, from: number, count: number): number {
  let best = 0;
  for (let k = 1; k < count; k++) if (at(values, from + k) > at(values, from + best)) best = k;
  return best;
}

const arg = table(
  wide,
  (rows) => rows,
  (x) => argmax(x, { dim: 1 }),
  (values, _, columns) => (i) => exactly(largest(values, i * columns, columns)),
);

const running = table(
  (n) => [64, n],
  (rows, columns) => rows * columns,
  (x) => cumsum(x, 1),
  (values, _, columns) => (i) => summed((i % columns) + 1, (k) => at(values, i - (i % columns) + k)),
);

export const REDUCTIONS = { sum: all, sumRows, sumColumns, argmax: arg, cumsum: running };
