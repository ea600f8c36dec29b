import { flush } from '../gpu/stream.js';
import { tensor } from '../tensor/create.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Batches } from './batches.js';
import { collate } from './collate.js';
import type { Dataset } from './dataset.js';
import type { Reshaping, Transform } from './transforms.js';

export interface HostBatchesOptions {
  /** Where the epoch's samples are in the data set, in order. */
  readonly indices: Uint32Array;
  readonly batchSize: number;
  /** Batches in the epoch. */
  readonly length: number;
  readonly seed: number;
  readonly epoch: number;
  readonly transform?: Transform | Reshaping | undefined;
}

/** Batches made on the host. While one is worked on, the next is made and uploaded. */
export class HostBatches implements Batches {
  readonly #dataset: Dataset;
  readonly #options: HostBatchesOptions;
  readonly #live: (readonly Tensor[])[] = [];
  #next: Prefetch<readonly Tensor[]> | null = null;

  constructor(dataset: Dataset, options: HostBatchesOptions) {
    this.#dataset = dataset;
    this.#options = options;
  }

  take(index: number): readonly Tensor[] {
    if (this.#live.length > 1) dispose(this.#live.shift());
    const batch = this.#next?.take() ?? this.#make(index);
    this.#live.push(batch);
    const more = index + 1 < this.#options.length;
    this.#next = more ? new Prefetch(() => this.#make(index + 1)) : null;
    return batch;
  }

  close(finished: boolean): void {
    dispose(this.#next?.cancel());
    if (finished) for (const batch of this.#live) dispose(batch);
  }

  #make(index: number): readonly Tensor[] {
    const { batchSize, transform, seed, epoch } = this.#options;
    const indices = this.#options.indices.subarray(index * batchSize, (index + 1) * batchSize);
    const samples = Array.from(indices, (sample) => this.#dataset.get(sample));
    return collate(samples, transform, { seed, epoch, indices }).map(({ data, shape }) => tensor(data, { shape }));
  }
}

function dispose(batch: readonly Tensor[] | null | undefined): void {
  for (const one of batch ?? []) one.dispose();
}

/** A value made when the host is next idle, or when it is taken, whichever comes first. */
class Prefetch<T> {
  readonly #make: () => T;
  readonly #timer: ReturnType<typeof setTimeout>;
  #value: T | null = null;

  constructor(make: () => T) {
    this.#make = make;
    this.#timer = setTimeout(() => {
      try {
        this.#value = make();
        flush();
      } catch {
        // take() tries again, and throws where somebody listens.
      }
    });
  }

  /** The value, once. */
  take(): T {
    return this.cancel() ?? this.#make();
  }

  /** Stops waiting; gives what is there. */
  cancel(): T | null {
    clearTimeout(this.#timer);
    const value = this.#value;
    this.#value = null;
    return value;
  }
}
