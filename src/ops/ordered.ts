/** What sorting, the greatest elements and medians are made of: rows in order, not recorded. */
import { adapter } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import {
  COUNTED,
  countedSortKernel,
  mergeKernel,
  NETWORK,
  networkSortKernel,
  runsOf,
  type SortSpec,
} from '../kernels/sort.js';
import { launchMany, widest } from '../tensor/launch.js';
import { at, show, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { markLike } from '../tensor/unfit.js';
import { held } from './cast.js';
import { narrow } from './parts.js';

/** Elements, and where along the dimension they come from: i32. */
export type Found = [values: Tensor, indices: Tensor];

/**
 * The first `keep` elements of rows along `d` in order.
 *
 * Runs of workgroup memory are for GPUs: SwiftShader, slow at barriers, took 2.3 s for [256, 1024] by them, and 0.9 s by
 * counting and merging; for 2¹⁸ in one row 3.8 and 1.1 (two cores, both busy, 2026-11). To compile them took seconds.
 */
export function ordered(
  x: Tensor,
  d: number,
  descending: boolean,
  keep: number,
  counted = adapter().isSoftware,
): Found {
  const length = x.shape[d] ?? 1;
  const outer = sizeOf(x.shape.slice(0, d));
  const inner = sizeOf(x.shape.slice(d + 1));
  const shape = x.shape.map((n, i) => (i === d ? keep : n));
  const inRows = (size: number) =>
    [
      { shape: [outer * inner, size], dtype: 'u32' },
      { shape: [outer * inner, size], dtype: 'i32' },
    ] as const;
  const results = [
    { shape, dtype: x.dtype },
    { shape, dtype: 'i32' },
  ] as const;
  let run = counted || length <= COUNTED ? COUNTED : NETWORK;
  while (!counted && run > COUNTED && run / 2 >= length) run /= 2;
  const spec = (): SortSpec => ({ outer, length, inner, type: held(x), descending, keep, run, most: widest() });
  const first = length > COUNTED && !counted ? networkSortKernel : countedSortKernel;
  let { stride, last } = runsOf(spec());
  let found: Tensor[] = launchMany(first(spec()), [x], last ? results : inRows(stride));
  while (!last) {
    const merge = mergeKernel(spec());
    run *= 2;
    ({ stride, last } = runsOf(spec()));
    found = launchMany(merge, last ? [...found, x] : found, last ? results : inRows(stride));
  }
  const [values, indices] = found as Found;
  return [markLike(values, x), indices];
}

/** @throws KindlingError where a row has fewer than `k` elements */
export function wantCount(name: string, x: Tensor, d: number, k: number): void {
  if (k <= (x.shape[d] ?? 1)) return;
  refuse(`${name}: k is ${k}, and dimension ${d} of ${show(x.shape)} has ${at([...x.shape, 1], d)} elements`);
}

/** Where the k-th least elements along `d` lie, from 1 on: i32, with length 1 along `d`. */
export function kthIndex(x: Tensor, d: number, k: number): Tensor {
  const [, indices] = ordered(x, d, false, k);
  return k === 1 ? indices : narrow(indices, d, k - 1, 1);
}
