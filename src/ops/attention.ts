/** Scaled dot-product attention. */
import { refuse as refuseAs } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { at, broadcast, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { dropout } from './dropout.js';
import { add, mul } from './elementwise/arithmetic.js';
import { checkFloat, matmul, times } from './matmul.js';
import { where } from './shape.js';
import { maskedSoftmax } from './softmax.js';
import { type Attending, tiledAttention, tilesFor } from './tiledAttention.js';
import { triangle } from './triangle.js';

const NAME = 'scaledDotProductAttention';

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
 * For E and V up to 256 (64 on software adapters) it runs in tiles, without a matrix of scores, forward and backward: beside
 * inputs, outputs and their gradients there are five numbers for each query. It is made of products instead, and holds two
 * matrices [..., L, S],
 * - for wider features, and where a size is 0,
 * - for a mask or values that broadcast query and key: a mask [L, 1], or with more dimensions; values of more batches than both,
 * - for a mask that wants a gradient, a dropout of 1, and a scale that is not finite,
 * - for fewer than 8 queries; on software adapters for fewer than 16, for fewer than 64 keys (16 if causal), and beyond 100,000 of either,
 * - while a graph is exported to ONNX, and while anomalies are looked for.
 *
 * @param query [..., L, E]
 * @param key [..., S, E]
 * @param value [..., S, V]
 * @returns [..., L, V]
 * @throws KindlingError naming the shapes where they do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
 */
export const scaledDotProductAttention = (
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): Tensor => attended(query, key, value, checked(NAME, options, ATTENTION));

/** @internal {@link scaledDotProductAttention}, of options that are known. */
export function attended(query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions): Tensor {
  const given = fitting(query, key, value, options);
  const tiles = tilesFor(given);
  if (!tiles) return composed(given)[0];
  return tiledAttention(given, tiles, (inputs, drop) => composed({ ...given, ...inputs }, drop)[0]);
}

/** @internal {@link scaledDotProductAttention} and its weights, [..., L, S], after dropout. */
export const attend = (query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions): [Tensor, Tensor] =>
  composed(fitting(query, key, value, options));

/** Arguments that fit each other. */
function fitting(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { attnMask = null, dropoutP = 0, isCausal = false, scale }: AttentionOptions,
): Attending {
  const refuse: (why: string) => never = (why) => refuseAs(`${NAME}: ${why}`);
  Object.entries({ query, key, value }).forEach(([name, x]) => void wantTensor(NAME, name, x));
  const shapes = [query, key, value].map(({ shape }) => show(shape)).join(', ');
  const width = query.shape.at(-1);
  if ([query, key, value].some(({ ndim }) => ndim < 2) || key.shape.at(-1) !== width) {
    refuse(`wants query [..., L, E], key [..., S, E] and value [..., S, V], got ${shapes}`);
  }
  if (at(key.shape, key.ndim - 2) !== at(value.shape, value.ndim - 2)) {
    refuse(`there are not as many keys as values in ${shapes}`);
  }
  if (attnMask && isCausal) refuse('attnMask and isCausal exclude each other; put the causal mask into attnMask');
  if (attnMask && attnMask.dtype !== 'bool' && attnMask.dtype !== 'f32') {
    refuse(`attnMask is bool or f32, this is ${attnMask.dtype}; cast it`);
  }
  if (!(dropoutP >= 0 && dropoutP <= 1)) refuse(`dropoutP is a probability, got ${dropoutP}`);
  checkFloat(NAME, query, key, value);
  const batch = broadcast(NAME, query.shape.slice(0, -2), key.shape.slice(0, -2));
  broadcast(NAME, batch, value.shape.slice(0, -2));
  const causal = isCausal;
  return { query, key, value, mask: attnMask, causal, scale: scale ?? 1 / Math.sqrt(width ?? 1), dropoutP };
}

/** Products, and the softmax between them, with the matrices that these make. */
function composed(
  { query, key, value, mask, causal, scale, dropoutP }: Attending,
  drop = (weights: Tensor): Tensor => dropout(weights, { p: dropoutP }),
): [Tensor, Tensor] {
  // Queries are fewer than scores. Keys are read as they lie.
  let scores = times(mul(query, scale), key, { transB: true }, NAME);
  if (causal) scores = triangle(scores, true, 0, '-Infinity');
  if (mask?.dtype === 'bool') scores = where(mask, scores, Number.NEGATIVE_INFINITY);
  else if (mask) scores = add(scores, mask);
  const weights = drop(maskedSoftmax(scores));
  return [matmul(weights, value), weights];
}
