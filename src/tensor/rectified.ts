/**
 * ReLUs, and gradients that are 0 wherever a ReLU is. The gradient of a max-pool behind a ReLU can be made so at no cost, by
 * places that leave out windows of nothing but zeros; then the ReLU's own gradient has nothing left to do.
 */
import { tick } from '../memory/overwrites.js';
import type { Storage } from '../stream/storage.js';
import type { Tensor } from './tensor.js';

/** By tensor, so that what only shares the memory of a ReLU (a leaf made by detach) is none; gradients by storage. */
const zeros = new WeakMap<object, { readonly relu: Storage; readonly at: number }>();

/** @internal Says that a tensor, or a storage, is 0 wherever the ReLU `relu` is. */
export const mark = (zero: Tensor | Storage, { storage }: Tensor): void => {
  zeros.set(zero, { relu: storage, at: tick() });
};

/** @internal Whether a tensor, or a storage, is still 0 wherever `relu` is. */
export function isMarked(zero: Tensor | Storage, { storage }: Tensor): boolean {
  const found = zeros.get(zero);
  return (
    found?.relu === storage &&
    ![storage, 'storage' in zero ? zero.storage : zero].some((one) => one.overwrittenSince(found.at))
  );
}
