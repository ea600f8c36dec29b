/** The kernels of products over f16, in each variant and small tile, against plain loops over the same values. */
import type { Candidate } from '../../src/kernels/gemm/candidates.js';
import { onHalves } from '../support/halves.js';
import {
  canRun,
  checkConvolution,
  checkPooled,
  checkProduct,
  named,
  overHalves,
  type Product,
} from '../support/productChecks.js';
import { CONVOLUTIONS, shapeOf } from '../support/products.js';

const VARIANTS = (
  [
    { variant: 'registers', tile: { rows: 3, columns: 4, lanes: 4 } },
    { variant: 'subgroups', tile: { rows: 4, columns: 4, lanes: 4 } },
    { variant: 'workgroup', tile: { rows: 4, columns: 4, threads: [4, 4] } },
  ] satisfies Candidate[]
).map(named);

const PRODUCTS: readonly Product[] = [
  { m: 10, n: 41, k: 11, mask: true },
  { m: 17, n: 9, k: 10, transA: true },
  { m: 6, n: 5, k: 7, transA: true, transB: true, rowSum: true },
  { m: 9, n: 7, k: 50, bias: true, relu: true, splits: 4 },
  // Whole vec4 of both factors, in every transposition.
  { m: 12, n: 36, k: 20, rowSum: true },
  { m: 12, n: 36, k: 20, transA: true, transB: true, rowSum: true, splits: 1 },
  { m: 20, n: 8, k: 36, transB: true, bias: true, splits: 2 },
];

for (const [name, how] of VARIANTS) {
  onHalves(`matmul over f16: ${name}`, async () => {
    if (!canRun(how.variant)) return;
    await overHalves(async () => {
      for (const spec of PRODUCTS) await checkProduct(spec, how);
    });
  });

  onHalves(`conv2d over f16: ${name}`, async () => {
    if (!canRun(how.variant)) return;
    await overHalves(async () => {
      // Lavapipe compiles kernels with workgroup memory for seconds each.
      const every = how.variant === 'workgroup' ? 8 : 3;
      for (const s of CONVOLUTIONS.filter((_, i) => i % every === 0)) await checkConvolution(s, how);
      await checkPooled(shapeOf({ n: 2, c: 3, o: 4, h: 9, w: 8 }), how);
    });
  });
}
