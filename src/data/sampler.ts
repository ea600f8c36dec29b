import { Generator } from '../tensor/generator.js';
import { Domain } from '../tensor/philox.js';

/** The order of `length` samples in an epoch: shuffled by (seed, epoch) alone, so that a resumed run finds it again. */
export function shuffled(length: number, seed: number, epoch: number): Uint32Array {
  return new Generator(seed, { domain: Domain.shuffling, step: epoch }).permutation(length);
}

/** The order without shuffling: 0, 1, 2, … */
export const sequential = (length: number): Uint32Array => Uint32Array.from({ length }, (_, i) => i);
