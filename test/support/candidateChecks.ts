/** Every candidate that a tuner may choose for a product, and what is asked of each. */
import { type Candidate, candidates } from '../../src/kernels/gemm/candidates.js';
import { canRun, checkConvolution, checkPooled, checkProduct } from './productChecks.js';
import { shapeOf } from './products.js';

const all = [true, false].flatMap((software) =>
  [true, false].flatMap((subgroups) =>
    candidates(
      { batches: 1, rows: 512, columns: 512, outer: 1, inner: 512, splittable: false },
      { software, subgroups },
    ),
  ),
);
const CANDIDATES = [...new Map(all.map((how) => [JSON.stringify(how), how])).values()].filter(({ tile }) => tile);

/** Those of at most 16 elements an invocation compile in seconds, the others for minutes. */
export const [SMALL, LARGE] = [true, false].map((isSmall) =>
  CANDIDATES.filter(({ tile }) => !!tile && tile.rows * tile.columns <= 16 === isSmall),
) as [Candidate[], Candidate[]];

/** A candidate against plain loops, on any adapter. */
export async function checkCandidate(how: Candidate): Promise<void> {
  if (!canRun(how.variant)) return;
  const ragged = shapeOf({ n: 3, c: 5, o: 7, h: 12, w: 9, padH: 1, strideW: 2 });
  await checkProduct({ m: 37, n: 75, k: 29, relu: true, mask: true, bias: true, splits: 1 }, how);
  await checkProduct({ m: 68, n: 132, k: 36, transA: true, rowSum: true, splits: 2 }, how);
  await checkConvolution(ragged, how);
  await checkPooled(ragged, how);
}
