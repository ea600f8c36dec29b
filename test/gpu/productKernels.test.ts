/** The kernels of matmul and conv2d, in each variant and small tile that this adapter can run, against plain loops. */
import { test } from 'vitest';
import type { Conv2dShape } from '../../src/kernels/conv2d/shape.js';
import type { Candidate } from '../../src/kernels/gemm/candidates.js';
import { matmul as matmulKernel } from '../../src/kernels/matmul.js';
import { matmulShape } from '../../src/ops/matmulShape.js';
import { values } from '../support/agree.js';
import {
  allClose,
  canRun,
  checkConvolution,
  checkPooled,
  checkProduct,
  named,
  type Product,
  run,
} from '../support/productChecks.js';
import { CONVOLUTIONS, product, shapeOf } from '../support/products.js';

/** Small tiles compile fast and leave ragged edges; default ones run in the tests above. */
const VARIANTS = (
  [
    { variant: 'registers', tile: { rows: 3, columns: 4, lanes: 4 } },
    { variant: 'subgroups', tile: { rows: 4, columns: 4, lanes: 4 } },
    { variant: 'workgroup', tile: { rows: 4, columns: 4, threads: [4, 4] } },
    { variant: 'workgroup', tile: { rows: 8, columns: 4, threads: [2, 4], steps: 12 } },
  ] satisfies Candidate[]
).map(named);

const PRODUCTS: readonly Product[] = [
  { m: 10, n: 41, k: 11, mask: true },
  { m: 17, n: 9, k: 10, transA: true },
  { m: 5, n: 35, k: 9, transB: true, bias: true, relu: true },
  { m: 6, n: 5, k: 7, transA: true, transB: true, rowSum: true },
  { m: 9, n: 7, k: 50, bias: true, relu: true, splits: 4 },
  { m: 9, n: 20, k: 72, transA: true, rowSum: true, bias: true, splits: 3 },
  { m: 9, n: 20, k: 72, transA: true, mask: true, bias: true, splits: 3 },
  { m: 3, n: 18, k: 1, splits: 1 },
  // Parts enough for several to be read at once, and some left over.
  { m: 3, n: 5, k: 37 * 16 - 7, splits: 37, rowSum: true, bias: true },
  // Whole vec4 of both factors, in every transposition.
  { m: 12, n: 36, k: 20, rowSum: true },
  { m: 12, n: 36, k: 20, transA: true, transB: true, rowSum: true, splits: 1 },
  { m: 20, n: 8, k: 36, transB: true, bias: true, splits: 2 },
  { m: 36, n: 12, k: 4, transA: true },
];

test.each(VARIANTS)('matmul kernels: %s', async (_, how) => {
  if (!canRun(how.variant)) return;
  for (const spec of PRODUCTS) await checkProduct(spec, how);
});

test.each(VARIANTS)('matmul kernels: batches cut into parts: %s', async (_, how) => {
  if (!canRun(how.variant)) return;
  const [a, b] = [values([2, 3, 40]), values([2, 40, 4])];
  const fitting = matmulShape(a.shape, b.shape);
  const wanted = [product(a, b)];
  await allClose('y', run(matmulKernel({ ...fitting.spec, ...how, splits: 3 }), [a, b], [], wanted), wanted);
});

test.each(VARIANTS)('conv2d kernels: %s', async (_, how) => {
  if (!canRun(how.variant)) return;
  // On a software adapter each of the tall tiles compiles for a second or two: every third shape shows them.
  const shapes = how.tile?.rows === 8 ? CONVOLUTIONS.filter((_, i) => i % 3 === 0) : CONVOLUTIONS;
  for (const s of shapes) await checkConvolution(s, how);
});

const POOLED: readonly Conv2dShape[] = [
  shapeOf({ n: 2, c: 3, o: 4, h: 9, w: 8 }),
  shapeOf({ n: 3, c: 2, o: 5, h: 4, w: 12, padH: 1, padW: 2, strideW: 2 }),
  shapeOf({ n: 2, c: 4, o: 6, h: 9, w: 7, groups: 2, dilationH: 2, padW: 1 }),
];

test.each(VARIANTS)('conv2d with ReLU and pool: %s', async (_, how) => {
  if (!canRun(how.variant)) return;
  for (const s of POOLED) await checkPooled(s, how);
});
