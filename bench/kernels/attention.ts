/** Attention of heads, forward and with its gradients: in tiles, and of products, which hold the scores. */
import { type Tensor, tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { useTiles } from '../../src/ops/tiledAttention.js';
import { uniform } from '../peers/workloads.js';
import { at, type Floats, summed, type Workload } from './workload.js';

export interface Heads {
  readonly batch: number;
  readonly heads: number;
  readonly length: number;
  readonly width: number;
  readonly causal: boolean;
}

/** Outputs in float64, one at a time. */
const exactly =
  ({ length, width, causal }: Heads, q: Floats, k: Floats, v: Floats) =>
  (place: number): number => {
    const row = Math.floor(place / width);
    const matrix = (row - (row % length)) * width;
    const seen = causal ? (row % length) + 1 : length;
    const powers = Array.from({ length: seen }, (_, j) =>
      Math.exp(summed(width, (e) => at(q, row * width + e) * at(k, matrix + j * width + e)) / Math.sqrt(width)),
    );
    const all = powers.reduce((a, b) => a + b);
    return powers.reduce((sum, power, j) => sum + (power / all) * at(v, matrix + j * width + (place % width)), 0);
  };

export const attention = (given: Heads): Workload[] =>
  [true, false].flatMap((tiles) =>
    [false, true].map((withGrad) => {
      const { batch, heads, length, width, causal } = given;
      const shape = [batch, heads, length, width];
      const size = batch * heads * length * width;
      const name = `attention${causal ? '.causal' : ''}${withGrad ? '.grad' : ''}${tiles ? '' : '.composed'}`;
      return {
        name,
        shape: `[${shape}]`,
        // Those of all pairs, and as many as products of them need.
        flops: 2 * size * length * (withGrad ? 6 : 2),
        bytes: 4 * size * (withGrad ? 8 : 4),
        quick: length <= 64,
        prepare() {
          const data = [1, 2, 3, 4].map((seed) => uniform(size, seed)) as [Floats, Floats, Floats, Floats];
          const [q, k, v, g] = data.map((one) => tensor(one, { shape })) as [Tensor, Tensor, Tensor, Tensor];
          const leaves = [q, k, v];
          if (withGrad) for (const leaf of leaves) leaf.requiresGrad_();
          return {
            ours() {
              useTiles(tiles);
              for (const leaf of leaves) leaf.grad = null;
              const y = F.scaledDotProductAttention(q, k, v, { isCausal: causal });
              if (withGrad) y.backward(g);
              useTiles(null);
              return y;
            },
            naive: null,
            expected: exactly(given, data[0], data[1], data[2]),
            held: [...leaves, g],
          };
        },
      };
    }),
  );
