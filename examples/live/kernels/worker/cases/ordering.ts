/** Rows in order, and the first of them. */
import { sort, type Tensor, tensor, topk } from 'kindling';
import { exactly, uniform } from '../../shared/exact.js';
import { at, type Prepare } from '../case.js';

const ROWS = 64;
const FIRST = 10;

const ordered =
  (kept: (n: number) => number, descending: boolean, run: (x: Tensor) => Tensor): Prepare =>
  (n, seed) => {
    const values = uniform(ROWS * n, seed);
    const x = tensor(values, { shape: [ROWS, n] });
    const count = kept(n);
    const known = new Map<number, Float32Array>();
    const row = (r: number): Float32Array => {
      const found = known.get(r) ?? values.slice(r * n, (r + 1) * n).sort();
      known.set(r, found);
      return found;
    };
    return {
      shape: `[${ROWS}, ${n}]`,
      flops: 0,
      // Values and places of what is kept.
      bytes: 4 * ROWS * (n + 2 * count),
      run: () => run(x),
      expected: (i) => {
        const place = i % count;
        return exactly(at(row(Math.floor(i / count)), descending ? n - 1 - place : place));
      },
      held: [x],
    };
  };

export const ORDERING = {
  sort: ordered(
    (n) => n,
    false,
    (x) => sort(x, { dim: 1 })[0],
  ),
  topk: ordered(
    () => FIRST,
    true,
    (x) => topk(x, FIRST)[0],
  ),
};
