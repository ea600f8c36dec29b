/** y = softmax(q kᵀ / √width) v, per head. */
import { tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { type Exact, uniform } from '../../shared/exact.js';
import { at, type Floats, type Prepare } from '../case.js';

const [HEADS, WIDTH] = [8, 64];

/** One output of heads [length, width] that lie one after the other. */
export const attended =
  ([q, k, v]: readonly [Floats, Floats, Floats], length: number, width: number, causal: boolean) =>
  (place: number): Exact => {
    const row = Math.floor(place / width);
    const head = (row - (row % length)) * width;
    const seen = causal ? (row % length) + 1 : length;
    const powers = Array.from({ length: seen }, (_, j) => {
      let score = 0;
      for (let e = 0; e < width; e++) score += at(q, row * width + e) * at(k, head + j * width + e);
      return Math.exp(score / Math.sqrt(width));
    });
    const all = powers.reduce((a, b) => a + b);
    let [value, scale] = [0, 0];
    for (const [j, power] of powers.entries()) {
      const term = (power / all) * at(v, head + j * width + (place % width));
      value += term;
      scale += Math.abs(term);
    }
    return { value, scale };
  };

const attention =
  (causal: boolean): Prepare =>
  (length, seed) => {
    const shape = [1, HEADS, length, WIDTH];
    const size = HEADS * length * WIDTH;
    const data = [uniform(size, seed), uniform(size, seed + 1), uniform(size, seed + 2)] as const;
    const [q, k, v] = [tensor(data[0], { shape }), tensor(data[1], { shape }), tensor(data[2], { shape })];
    return {
      shape: `[${shape.join(', ')}]`,
      // Of all pairs, whether or not they see each other.
      flops: 4 * size * length,
      bytes: 16 * size,
      run: () => F.scaledDotProductAttention(q, k, v, { isCausal: causal }),
      expected: attended(data, length, WIDTH, causal),
      held: [q, k, v],
    };
  };

export const ATTENTION = { attention: attention(false), attentionCausal: attention(true) };
