import type { Tensor } from '../tensor/tensor.js';

/** Where an epoch's batches come from. */
export interface Batches {
  /** Batch `index` of the epoch. It is valid until the batch after the next is asked for. */
  take(index: number): readonly Tensor[] | Promise<readonly Tensor[]>;
  /** @param finished whether the epoch was given to its end; else the last batches given stay valid */
  close(finished: boolean): void;
}

/** One epoch of a loader. */
export interface Epoch {
  /** Where the samples are in the data set, in order. */
  readonly indices: Uint32Array;
  /** How often each came before in the epoch; null where none comes twice. */
  readonly repeats: Uint32Array | null;
  readonly batchSize: number;
  readonly seed: number;
  readonly epoch: number;
  /** The most that a kernel may bind at once, where it is less than the device allows. */
  readonly bindingBytes?: number | undefined;
}

/** Batches of an epoch made by the GPU; null where the data do not fit. */
export type OnDevice = (epoch: Epoch) => Batches | null;
