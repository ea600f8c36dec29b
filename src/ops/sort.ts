/** Elements in order along a dimension. */
import { checked, type Known, required, wantTensor } from '../gpu/options.js';
import { differentiable } from '../tensor/remember.js';
import { dimOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { type Found, ordered, wantCount } from './ordered.js';
import { picked } from './placed.js';

export type { Found } from './ordered.js';

export interface SortOptions {
  /** Default: -1, the last. */
  dim?: number | undefined;
  /** The greatest first. Default: false. */
  descending?: boolean | undefined;
  /** Equal elements keep their order, whatever this says. Default: false. */
  stable?: boolean | undefined;
}

const SORT: Known<SortOptions> = { dim: 'whole', descending: 'boolean', stable: 'boolean' };

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
