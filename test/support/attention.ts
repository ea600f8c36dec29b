/** Attention in doubles, and what it is tried on. */
import type { Tensor } from 'kindling';
import { scaledDotProductAttention } from 'kindling/nn/functional';
import type { AttentionOptions } from '../../src/ops/attention.js';
import { at, build, get, type Plain, plain, sizeOf, toTensor, values } from './agree.js';

/** Attention of plain arrays: its sizes, and what it is asked. */
export interface Case {
  readonly batch: readonly number[];
  readonly of?: {
    readonly query?: readonly number[];
    readonly key?: readonly number[];
    readonly value?: readonly number[];
  };
  readonly l: number;
  readonly s: number;
  readonly e: number;
  readonly v: number;
  readonly causal?: boolean;
  readonly scale?: number;
  /** Shape of a mask, and of what: whether keys are seen, or what is added. */
  readonly mask?: readonly [type: 'bool' | 'f32', shape: readonly number[]];
  readonly spread?: number;
}

/** What it is given, at random; masks hide all from row 4. */
export const open = (given: Case): { query: Plain; key: Plain; value: Plain; g: Plain; mask: Plain | null } => {
  const { batch, of = {}, l, s, e, v, spread = 2, mask } = given;
  return {
    query: values([...(of.query ?? batch), l, e], -spread, spread),
    key: values([...(of.key ?? batch), s, e], -spread / 2, spread / 2),
    value: values([...(of.value ?? batch), s, v]),
    g: values([...batch, l, v]),
    mask: mask
      ? build(mask[1], (...at) => {
          const column = at.at(-1) ?? 0;
          const row = at.at(-2) ?? 0;
          if (mask[0] === 'bool') return Number((row + 2 * column) % 3 !== 1 && row !== 4);
          return row === 4 || (row + column) % 5 === 1 ? Number.NEGATIVE_INFINITY : Math.sin(row + 3 * column);
        })
      : null,
  };
};

/** y, dq, dk, dv in doubles. */
export function exactly(given: Case, { query, key, value, g, mask }: ReturnType<typeof open>) {
  const { batch, l, s, e, v, causal, scale = 1 / Math.sqrt(e) } = given;
  const y = new Float64Array(sizeOf(g.shape));
  const slopes = { query, key, value };
  const grads = Object.fromEntries(
    Object.entries(slopes).map(([name, { data }]) => [name, new Float64Array(data.length)]),
  ) as Record<keyof typeof slopes, Float64Array>;
  const placeIn = ({ shape }: Plain, ...coordinates: number[]): number => {
    const own = coordinates.slice(coordinates.length - shape.length);
    return shape.reduce((offset, n, d) => offset * n + (n === 1 ? 0 : at(own, d)), 0);
  };
  const bump = (name: keyof typeof slopes, by: number, ...coordinates: number[]): void => {
    const place = placeIn(slopes[name], ...coordinates);
    grads[name][place] = at(grads[name], place) + by;
  };
  for (let b = 0; b < sizeOf(batch); b++) {
    let rest = b;
    const where = batch.map(() => 0);
    for (let d = batch.length - 1; d >= 0; d--) {
      where[d] = rest % at(batch, d);
      rest = Math.floor(rest / at(batch, d));
    }
    for (let i = 0; i < l; i++) {
      const scores = Array.from({ length: s }, (_, j) => {
        let score = 0;
        for (let c = 0; c < e; c++) score += scale * get(query, ...where, i, c) * get(key, ...where, j, c);
        if (causal && j > i) return Number.NEGATIVE_INFINITY;
        if (!mask) return score;
        const seen = get(mask, ...where, i, j);
        return given.mask?.[0] === 'f32' ? score + seen : seen === 1 ? score : Number.NEGATIVE_INFINITY;
      });
      const largest = Math.max(...scores);
      const powers = scores.map((score) => (largest === Number.NEGATIVE_INFINITY ? 0 : Math.exp(score - largest)));
      const sum = powers.reduce((a, b) => a + b, 0);
      const weights = powers.map((power) => (sum === 0 ? 0 : power / sum));
      const row = (b * l + i) * v;
      const inner = Array.from({ length: s }, (_, j) => {
        let product = 0;
        for (let c = 0; c < v; c++) {
          y[row + c] = at(y, row + c) + at(weights, j) * get(value, ...where, j, c);
          product += at(g.data, row + c) * get(value, ...where, j, c);
          bump('value', at(weights, j) * at(g.data, row + c), ...where, j, c);
        }
        return product;
      });
      const all = inner.reduce((total, one, j) => total + one * at(weights, j), 0);
      inner.forEach((one, j) => {
        const slope = scale * at(weights, j) * (one - all);
        for (let c = 0; c < e; c++) {
          bump('query', slope * get(key, ...where, j, c), ...where, i, c);
          bump('key', slope * get(query, ...where, i, c), ...where, j, c);
        }
      });
    }
  }
  return { y: plain(g.shape, [...y]), grads };
}

export const optionsOf = ({ causal, scale, mask }: Case, given: Plain | null): AttentionOptions => ({
  ...(causal && { isCausal: true }),
  ...(scale !== undefined && { scale }),
  ...(given && { attnMask: mask?.[0] === 'bool' ? toTensor(given).to('bool') : toTensor(given) }),
});

export type Leaves = [query: Tensor, key: Tensor, value: Tensor];
export const leavesOf = ({ query, key, value }: ReturnType<typeof open>): Leaves =>
  [query, key, value].map((one) => toTensor(one).requiresGrad_()) as Leaves;

/** y and the gradients by the leaves. */
export function bothWays(leaves: readonly Tensor[], options: AttentionOptions, g: Tensor): Tensor[] {
  for (const leaf of leaves) leaf.grad = null;
  const y = scaledDotProductAttention(...(leaves as Leaves), options);
  y.backward(g);
  return [y, ...leaves.map((leaf) => leaf.grad as Tensor)];
}
