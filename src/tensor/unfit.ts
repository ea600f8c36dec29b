/**
 * Integers that there are not. f32 has NaN for what cannot be said; among integers the smallest i32, the largest u32, and
 * what is neither 0 nor 1 of bool stand for it, in tensors that were marked: to read such an element is an error, and to
 * cast it to f32 gives NaN.
 */
import { refuse } from '../gpu/errors.js';
import type { Storage } from '../stream/storage.js';

/** What is asked of a tensor here. */
interface Held {
  readonly storage: Storage;
  readonly dtype: string;
}

const reasons = new WeakMap<Storage, string>();

/** The element that says so, as its bits in WGSL. */
export const noneBits = (dtype: string): string =>
  dtype === 'f32' ? '0x7fc00000u' : dtype === 'i32' ? '0x80000000u' : '0xffffffffu';

/** Marks a tensor, and what shares its memory. @param reason what to tell whoever reads such an element */
export function mark<T extends Held>(tensor: T, reason: string): T {
  reasons.set(tensor.storage, reason);
  return tensor;
}

/** Marks a tensor as the first marked one of those that it was made of. Returns it. */
export function markLike<T extends Held>(made: T, ...of: Held[]): T {
  const reason = of.map(({ storage }) => reasons.get(storage)).find((found) => found);
  if (reason === undefined) reasons.delete(made.storage);
  else reasons.set(made.storage, reason);
  return made;
}

/** What kernels are told of a marked tensor of integers. */
export const noneOf = (tensor: Held): { readonly none?: string } =>
  isMarked(tensor) && tensor.dtype !== 'bool' ? { none: noneBits(tensor.dtype) } : {};

export const isMarked = (tensor: Held): boolean => reasons.has(tensor.storage);

/** @throws KindlingError where an element of a marked tensor is none */
export function checkFit(tensor: Held, values: { includes(value: number): boolean }): void {
  const reason = reasons.get(tensor.storage);
  if (reason === undefined) return;
  const none = tensor.dtype === 'i32' ? -(2 ** 31) : 2 ** 32 - 1;
  if (values.includes(none)) refuse(reason);
}
