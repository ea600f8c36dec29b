/** Rows of a table by number. */
import { tensor, zeros } from 'kindling';
import * as F from 'kindling/nn/functional';
import { exactly, summed, uniform, whole } from '../../shared/exact.js';
import { at, gradientOf, type Prepare } from '../case.js';

const [ROWS, LENGTH] = [2000, 64];

const embedding: Prepare = (n, seed) => {
  const [values, picks] = [uniform(ROWS * LENGTH, seed), whole(n, ROWS, seed + 1)];
  const [weight, indices] = [tensor(values, { shape: [ROWS, LENGTH] }), tensor(picks)];
  return {
    shape: `${n} of [${ROWS}, ${LENGTH}]`,
    flops: 0,
    bytes: 4 * n * (2 * LENGTH + 1),
    run: () => F.embedding(indices, weight),
    expected: (i) => exactly(at(values, at(picks, Math.floor(i / LENGTH)) * LENGTH + (i % LENGTH))),
    held: [weight, indices],
  };
};

/** dw[row] = Σ g of the picks that took the row */
const embeddingGrad: Prepare = (n, seed) => {
  const [grads, picks] = [uniform(n * LENGTH, seed), whole(n, ROWS, seed + 1)];
  const weight = zeros([ROWS, LENGTH], { requiresGrad: true });
  const [g, indices] = [tensor(grads, { shape: [n, LENGTH] }), tensor(picks)];
  return {
    shape: `${n} of [${ROWS}, ${LENGTH}]`,
    flops: 0,
    bytes: 4 * (n * (LENGTH + 1) + ROWS * LENGTH),
    run: gradientOf(weight, () => F.embedding(indices, weight), g),
    expected: (i) => {
      const row = Math.floor(i / LENGTH);
      return summed(n, (k) => (picks[k] === row ? at(grads, k * LENGTH + (i % LENGTH)) : 0));
    },
    held: [weight, g, indices],
  };
};

export const EMBEDDING = { embedding, embeddingGrad };
