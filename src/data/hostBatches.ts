import { flush } from '../stream/stream.js';
import { tensor } from '../tensor/create.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Batches, Epoch } from './batches.js';
import type { CollateFn } from './collate.js';
import { collate, collated } from './collate.js';
import type { Dataset, HostArray } from './sample.js';
import type { Reshaping, Transform } from './transforms.js';

type Batch = readonly Tensor[];

export interface HostOptions {
  readonly transform: Transform | Reshaping | undefined;
  readonly collateFn: CollateFn<unknown, unknown> | undefined;
  /** Batches made ahead. */
  readonly prefetch: number;
}

/** Batches made on the host. While one is worked on, the next are made and uploaded. */
export class HostBatches implements Batches {
  readonly #dataset: Dataset<unknown>;
  readonly #epoch: Epoch;
  readonly #options: HostOptions;
  readonly #live: Batch[] = [];
  /** The next batches, in order. */
  readonly #ahead: Prefetch[] = [];

  constructor(dataset: Dataset<unknown>, epoch: Epoch, options: HostOptions) {
    this.#dataset = dataset;
    this.#epoch = epoch;
    this.#options = options;
  }

  async take(index: number): Promise<Batch> {
    if (this.#live.length > 1) dispose(this.#live.shift());
    const { batchSize, indices } = this.#epoch;
    const end = Math.min(index + this.#options.prefetch + 1, Math.ceil(indices.length / batchSize));
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
    const { transform, collateFn } = this.#options;
    const [from, to] = [index * batchSize, (index + 1) * batchSize];
    const indices = this.#epoch.indices.subarray(from, to);
    const draw = { seed, epoch, indices, repeats: this.#epoch.repeats?.subarray(from, to) ?? null };
    const samples: unknown[] = await Promise.all(Array.from(indices, (i) => this.#dataset.get(i)));
    const batch = collateFn
      ? collated(await collateFn(samples, draw))
      : collate(samples as (readonly HostArray[])[], transform, draw);
    return batch.map(({ data, shape }) => tensor(data, { shape }));
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
