/** Scaled dot-product attention. */
import { KindlingError } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { at, broadcast, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { dropout } from './dropout.js';
import { add, mul } from './elementwise/arithmetic.js';
import { checkFloat, matmul, times } from './matmul.js';
import { where } from './shape.js';
import { maskedSoftmax } from './softmax.js';
import { triangle } from './triangle.js';

export interface AttentionOptions {
  /** bool: true where a query may see a key; f32: added to the scores. Broadcasts to [..., L, S]. Default: none. */
  attnMask?: Tensor | null | undefined;
  /** Probability with which a weight becomes 0; unlike the module this does not ask whether one trains. Default: 0. */
  dropoutP?: number | undefined;
  /** Query i sees keys up to i. Not together with `attnMask`. Default: false. */
  isCausal?: boolean | undefined;
  /** Of the scores before softmax. Default: 1 / √E. */
  scale?: number | null | undefined;
}

const ATTENTION: Known<AttentionOptions> = {
  attnMask: 'tensor?',
  dropoutP: 'number',
  isCausal: 'boolean',
  scale: 'number?',
};

/**
 * softmax(scale · query · keyᵀ + mask) · value. A query that may see no key gets 0, and so do the gradients by it.
 *
 * @param query [..., L, E]
 * @param key [..., S, E]
 * @param value [..., S, V]
 * @returns [..., L, V]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
 */
export const scaledDotProductAttention = (
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): Tensor => attend(query, key, value, checked('scaledDotProductAttention', options, ATTENTION))[0];

/** @internal {@link scaledDotProductAttention} and its weights, [..., L, S], after dropout. */
export function attend(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { attnMask = null, dropoutP = 0, isCausal = false, scale }: AttentionOptions,
): [Tensor, Tensor] {
  const refuse = (why: string): never => {
    throw new KindlingError(`scaledDotProductAttention: ${why}`);
  };
  Object.entries({ query, key, value }).forEach(([name, x]) => void wantTensor('scaledDotProductAttention', name, x));
  const shapes = [query, key, value].map(({ shape }) => show(shape)).join(', ');
  const width = query.shape.at(-1);
  if ([query, key, value].some(({ ndim }) => ndim < 2) || key.shape.at(-1) !== width) {
    refuse(`wants query [..., L, E], key [..., S, E] and value [..., S, V], got ${shapes}`);
  }
  if (at(key.shape, key.ndim - 2) !== at(value.shape, value.ndim - 2)) {
    refuse(`there are not as many keys as values in ${shapes}`);
  }
  if (attnMask && isCausal) refuse('attnMask and isCausal exclude each other; put the causal mask into attnMask');
  // Queries are fewer than scores.
  const scaled = mul(query, scale ?? 1 / Math.sqrt(width ?? 1));
  const name = 'scaledDotProductAttention';
  checkFloat(name, scaled, key);
  broadcast(name, query.shape.slice(0, -2), key.shape.slice(0, -2));
  // Keys are read as they lie.
  let scores = times(scaled, key, { transB: true }, name);
  if (isCausal) scores = triangle(scores, true, 0, '-Infinity');
  if (attnMask?.dtype === 'bool') scores = where(attnMask, scores, Number.NEGATIVE_INFINITY);
  else if (attnMask?.dtype === 'f32') scores = add(scores, attnMask);
  else if (attnMask) refuse(`attnMask is bool or f32, this is ${attnMask.dtype}; cast it`);
  const weights = dropout(maskedSoftmax(scores), { p: dropoutP });
  return [matmul(weights, value), weights];
}
