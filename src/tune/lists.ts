/** What may be tried for each kind of kernel. */

import { type ConvSpec, convSize } from '../choose/convChoice.js';
import type { CandidateList } from '../choose/tuned.js';
import { FLAT_CANDIDATES } from '../kernels/flat.js';
import { candidates } from '../kernels/gemm/candidates.js';
import type { Slab } from '../kernels/reduce.js';
import { REDUCE_CANDIDATES } from '../kernels/reduce.js';
import { widest } from '../tensor/launch.js';

/** Invocations per row. */
const LANES = [1, 4, 16, 64, 256].map((lanes) => ({ lanes }));

/** The candidates for an op of this shape: a dozen at most are tried. */
export function listed(list: CandidateList, shape: object): readonly object[] {
  if (typeof list === 'function') return list();
  if (list === 'flat') return FLAT_CANDIDATES.filter(({ workgroup }) => workgroup <= widest());
  if (list === 'reduce') return REDUCE_CANDIDATES.filter(({ lanes }) => lanes <= widest());
  if (list === 'rows') return LANES.filter(({ lanes }) => lanes <= Math.min(widest(), (shape as Slab).length));
  const { size, abilities, otherWay } = list;
  const products = candidates(typeof size === 'string' ? convSize(size, (shape as ConvSpec).shape) : size, abilities);
  const [first] = products;
  return otherWay === undefined ? products : [{ variant: first?.variant, otherWay: true }, ...products];
}

/** The default as a candidate, where it depends on what the program asked for (`useWinograd()`): another one may have another. */
export const standardOf = (list: CandidateList, shape: object): object | null =>
  (typeof list === 'object' && list.otherWay !== undefined && listed(list, shape)[list.otherWay ? 0 : 1]) || null;
