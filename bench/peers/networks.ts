/** The examples' networks whose training is measured beside W, each as its example has it. */
import { RECIPE as GPT } from '../../examples/gpt/recipe.js';

/** Steps take these many batches in turn. */
export const BATCHES = 3;

export const NETWORKS = ['resnet', 'gpt'] as const;
export type Network = (typeof NETWORKS)[number];

/** Images of a step of `resnetStep`, and windows of text of one of `gptStep`. */
export const BATCH: Record<Network, number> = { resnet: 32, gpt: GPT.batchSize };

/** Floating-point operations of a step: forward, and the gradients by weights and, but for the pictures, by inputs. */
export function stepFlops(network: Network): number {
  if (network === 'gpt') {
    const { context, width, layers } = GPT;
    // 78 kinds of characters; attention as if it saw all positions.
    return 6 * BATCH.gpt * context * (layers * (12 * width ** 2 + 2 * context * width) + 78 * width);
  }
  const block = (from: number, to: number, size: number): number =>
    (9 * from * to + 9 * to * to + (from === to ? 0 : from * to)) * size ** 2;
  const first = 27 * 16 * 256;
  const others = block(16, 16, 16) + block(16, 32, 8) + block(32, 64, 4) + 640;
  return BATCH.resnet * (4 * first + 6 * others);
}
