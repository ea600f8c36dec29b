import { flush } from '../gpu/stream.js';
import { tensor } from '../tensor/create.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Batches, Epoch } from './batches.js';
import { collate } from './collate.js';
import type { Dataset } from './sample.js';
import type { Reshaping, Transform } from './transforms.js';

/** Batches made on the host. While one is worked on, the next is made and uploaded. */
export class HostBatches implements Batches {
  readonly #dataset: Dataset;
  readonly #epoch: Epoch;
  readonly #transform: Transform | Reshaping | undefined;
  readonly #live: (readonly Tensor[])[] = [];
  #next: Prefetch<readonly Tensor[]> | null = null;

  constructor(dataset: Dataset, epoch: Epoch, transform: Transform | Reshaping | undefined) {
    this.#dataset = dataset;
    this.#epoch = epoch;
    this.#transform = transform;
  }

  take(index: number): readonly Tensor[] {
    if (this.#live.length > 1) dispose(this.#live.shift());
    const batch = this.#next?.take() ?? this.#make(index);
    this.#live.push(batch);
    const more = (index + 1) * this.#epoch.batchSize < this.#epoch.indices.length;
    this.#next = more ? new Prefetch(() => this.#make(index + 1)) : null;
    return batch;
  }

  close(finished: boolean): void {
    dispose(this.#next?.cancel());
    if (finished) for (const batch of this.#live) dispose(batch);
  }

  #make(index: number): readonly Tensor[] {
    const { batchSize, seed, epoch } = this.#epoch;
    const indices = this.#epoch.indices.subarray(index * batchSize, (index + 1) * batchSize);
    const samples = Array.from(indices, (sample) => this.#dataset.get(sample));
    return collate(samples, this.#transform, { seed, epoch, indices }).map(({ data, shape }) =>
      tensor(data, { shape }),
    );
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
