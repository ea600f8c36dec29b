import { flush } from '../stream/stream.js';
import { tensor } from '../tensor/create.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Batches, Epoch } from './batches.js';
import { collate } from './collate.js';
import type { Dataset, HostArray } from './sample.js';
import type { Reshaping, Transform } from './transforms.js';

type Batch = readonly Tensor[];

/** Batches made on the host. While one is worked on, the next are made and uploaded. */
export class HostBatches implements Batches {
  readonly #dataset: Dataset;
  readonly #epoch: Epoch;
  readonly #transform: Transform | Reshaping | undefined;
  readonly #prefetch: number;
  readonly #live: Batch[] = [];
  /** The next batches, in order. */
  readonly #ahead: Prefetch[] = [];

  constructor(dataset: Dataset, epoch: Epoch, transform: Transform | Reshaping | undefined, prefetch: number) {
    this.#dataset = dataset;
    this.#epoch = epoch;
    this.#transform = transform;
    this.#prefetch = prefetch;
  }

  async take(index: number): Promise<Batch> {
    if (this.#live.length > 1) dispose(this.#live.shift());
    const { batchSize, indices } = this.#epoch;
    const end = Math.min(index + this.#prefetch + 1, Math.ceil(indices.length / batchSize));
    for (let next = index + this.#ahead.length; next < end; next++) {
      this.#ahead.push(new Prefetch(() => this.#make(next)));
    }
    const batch = (await this.#ahead.shift()?.take()) ?? [];
    this.#live.push(batch);
    return batch;
  }

  close(finished: boolean): void {
    for (const one of this.#ahead) void one.cancel()?.then(dispose, () => {});
    if (finished) for (const batch of this.#live) dispose(batch);
  }

  async #make(index: number): Promise<Batch> {
    const { batchSize, seed, epoch } = this.#epoch;
    const indices = this.#epoch.indices.subarray(index * batchSize, (index + 1) * batchSize);
    const samples: (readonly HostArray[])[] = await Promise.all(Array.from(indices, (i) => this.#dataset.get(i)));
    return collate(samples, this.#transform, { seed, epoch, indices }).map(({ data, shape }) =>
      tensor(data, { shape }),
    );
  }
}

function dispose(batch: Batch | undefined): void {
  for (const one of batch ?? []) one.dispose();
}

/** A batch made when the host is next idle, or when it is taken, whichever comes first. */
class Prefetch {
  readonly #make: () => Promise<Batch>;
  readonly #timer: ReturnType<typeof setTimeout>;
  #batch: Promise<Batch> | null = null;

  constructor(make: () => Promise<Batch>) {
    this.#make = make;
    this.#timer = setTimeout(() => {
      this.#batch = make();
      // A failure is thrown where the batch is taken.
      this.#batch.then(() => flush()).catch(() => {});
    });
  }

  take(): Promise<Batch> {
    return this.cancel() ?? this.#make();
  }

  /** Stops waiting; gives what was begun. */
  cancel(): Promise<Batch> | null {
    clearTimeout(this.#timer);
    return this.#batch;
  }
}
