import type { Tensor } from '../tensor/tensor.js';

/** Where an epoch's batches come from. */
export interface Batches {
  /** Batch `index` of the epoch. It is valid until the batch after the next is asked for. */
  take(index: number): readonly Tensor[];
  /** @param finished whether the epoch was given to its end; else the last batches given stay valid */
  close(finished: boolean): void;
}
