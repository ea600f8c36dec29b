/** Elements in order along a dimension. */
import { adapter } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import { checked, type Known, required, wantTensor } from '../gpu/options.js';
import {
  COUNTED,
  countedSortKernel,
  mergeKernel,
  NETWORK,
  networkSortKernel,
  runsOf,
  type SortSpec,
} from '../kernels/sort.js';
import { launchMany } from '../tensor/launch.js';
import { differentiable } from '../tensor/remember.js';
import { at, dimOf, show, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { markLike } from '../tensor/unfit.js';
import { held } from './cast.js';
import { narrow } from './parts.js';
import { picked } from './placed.js';

/** Elements, and where along the dimension they come from: i32. */
export type Found = [values: Tensor, indices: Tensor];

export interface SortOptions {
  /** Default: -1, the last. */
  dim?: number | undefined;
  /** The greatest first. Default: false. */
  descending?: boolean | undefined;
  /** Equal elements keep their order, whatever this says. Default: false. */
  stable?: boolean | undefined;
}

const SORT: Known<SortOptions> = { dim: 'whole', descending: 'boolean', stable: 'boolean' };

/**
 * The first `keep` elements of rows along `d` in order, without recording.
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
  const spec = (): SortSpec => ({ outer, length, inner, type: held(x), descending, keep, run });
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

/** As {@link ordered}; the values pass their gradient back to where they come from. */
function sorted(name: string, x: Tensor, d: number, descending: boolean, keep = x.shape[d] ?? 1): Found {
  const [values, found] = ordered(x, d, descending, keep);
  // Without a gradient by x: shown to whoever inspects, and not recorded.
  const indices = differentiable('argsort', [x.detach()], found, {}, { dim: d, descending, keep });
  return [picked(name, x, d, indices, values), indices];
}

/**
 * The elements in order along a dimension. NaNs count as the greatest; equal elements keep their order.
 *
 * @returns [values, indices], both of x's shape
 * @see https://pytorch.org/docs/stable/generated/torch.sort.html
 */
export function sort(x: Tensor, options: SortOptions = {}): Found {
  wantTensor('sort', 'x', x);
  const { dim = -1, descending = false } = checked('sort', options, SORT);
  return sorted('sort', x, dimOf('sort', dim, x.ndim), descending);
}

/**
 * The indices that {@link sort} gives.
 * @see https://pytorch.org/docs/stable/generated/torch.argsort.html
 */
export function argsort(x: Tensor, options: SortOptions = {}): Tensor {
  wantTensor('argsort', 'x', x);
  const { dim = -1, descending = false } = checked('argsort', options, SORT);
  return sorted('argsort', x.detach(), dimOf('argsort', dim, x.ndim), descending)[1];
}

export interface TopkOptions {
  /** Default: -1, the last. */
  dim?: number | undefined;
  /** The greatest rather than the least. Default: true. */
  largest?: boolean | undefined;
  /** They come in order, whatever this says. Default: true. */
  sorted?: boolean | undefined;
}

const TOPK: Known<TopkOptions> = { dim: 'whole', largest: 'boolean', sorted: 'boolean' };

/**
 * The `k` greatest elements along a dimension, the greatest first, or the least. NaNs count as the greatest; of equal ones the
 * first are taken first.
 *
 * @returns [values, indices], whose dimension `dim` is k long
 * @throws KindlingError where there are fewer than k
 * @see https://pytorch.org/docs/stable/generated/torch.topk.html
 */
export function topk(x: Tensor, k: number, options: TopkOptions = {}): Found {
  wantTensor('topk', 'x', x);
  required('topk', { k }, { k: 'count' });
  const { dim = -1, largest = true } = checked('topk', options, TOPK);
  const d = dimOf('topk', dim, x.ndim);
  wantCount('topk', x, d, k);
  return sorted('topk', x, d, largest, k);
}

/** @internal @throws KindlingError where a row has fewer than `k` elements */
export function wantCount(name: string, x: Tensor, d: number, k: number): void {
  if (k <= (x.shape[d] ?? 1)) return;
  refuse(`${name}: k is ${k}, and dimension ${d} of ${show(x.shape)} has ${at([...x.shape, 1], d)} elements`);
}

/** @internal Where the k-th least elements along `d` lie, from 1 on: i32, with length 1 along `d`. */
export function kthIndex(x: Tensor, d: number, k: number): Tensor {
  const [, indices] = ordered(x, d, false, k);
  return k === 1 ? indices : narrow(indices, d, k - 1, 1);
}
