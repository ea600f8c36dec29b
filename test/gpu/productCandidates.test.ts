/** Every candidate that a tuner may choose, on any adapter, against plain loops. They compile for minutes: ci:long runs them. */
import { test } from 'vitest';
import { candidates } from '../../src/kernels/gemm/candidates.js';
import { canRun, checkConvolution, checkPooled, checkProduct, named } from '../support/productChecks.js';
import { shapeOf } from '../support/products.js';

const CANDIDATES = [true, false].flatMap((software) =>
  [true, false].flatMap((subgroups) =>
    candidates(
      { batches: 1, rows: 512, columns: 512, outer: 1, inner: 512, splittable: false },
      { software, subgroups },
    ),
  ),
);
const each = [...new Map(CANDIDATES.map((how) => [JSON.stringify(how), how])).values()]
  .filter(({ tile }) => tile)
  .map(named);

test.each(each)('the candidate %s', { timeout: 300_000 }, async (_, how) => {
  if (!canRun(how.variant)) return;
  const ragged = shapeOf({ n: 3, c: 5, o: 7, h: 12, w: 9, padH: 1, strideW: 2 });
  await checkProduct({ m: 37, n: 75, k: 29, relu: true, mask: true, bias: true, splits: 1 }, how);
  await checkProduct({ m: 68, n: 132, k: 36, transA: true, rowSum: true, splits: 2 }, how);
  await checkConvolution(ragged, how);
  await checkPooled(ragged, how);
});
