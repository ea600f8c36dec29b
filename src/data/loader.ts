import { KindlingError } from '../gpu/errors.js';
import { flush, sync } from '../gpu/stream.js';
import { tensor } from '../tensor/create.js';
import { randomState } from '../tensor/random.js';
import type { Tensor } from '../tensor/tensor.js';
import { collate } from './collate.js';
import type { Dataset, HostArray } from './dataset.js';
import { sequential, shuffled } from './sampler.js';
import type { Transform } from './stats.js';

/** A batch: a tensor for each component of a sample. */
export type Batch<Sample extends readonly HostArray[]> = { [K in keyof Sample]: Tensor };

export interface DataLoaderOptions {
  /** Default 1. */
  batchSize?: number;
  /** Whether each epoch has its own order. Default false. */
  shuffle?: boolean;
  /** The order is a function of this and the epoch. Default: the seed given to `manualSeed`. */
  seed?: number;
  /** Whether to leave out a last batch that is smaller than the others. Default false. */
  dropLast?: boolean;
  /** Changes the first component of every sample, on the host: {@link Normalize}. */
  transform?: Transform;
}

/** Steps whose commands may wait on the device while the host runs ahead. */
const AHEAD = 2;

/**
 * Batches of a data set as tensors, an epoch each time it is iterated over. While a batch is worked on, the next one is
 * made and uploaded, and the host stays at most two steps ahead of the device.
 *
 * The loader owns its batches: a batch's tensors live until the batch after the next is asked for, or the epoch ends.
 * Bytes become f32 on the scale 0 … 1.
 *
 * An iteration that ends raises the epoch by one; one that is left (`break`) begins again at its epoch's start.
 *
 * @example
 * const loader = new DataLoader(train, { batchSize: 64, shuffle: true });
 * for await (const [x, y] of loader) step(() => { ... });
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
 */
export class DataLoader<Sample extends readonly HostArray[]> implements AsyncIterable<Batch<Sample>> {
  readonly dataset: Dataset<Sample>;
  readonly batchSize: number;
  readonly #options: DataLoaderOptions & { seed: number };
  #epoch = 0;
  /** Batches given in this epoch. */
  #given = 0;
  /** Where the next iteration begins. */
  #start = 0;

  constructor(dataset: Dataset<Sample>, options: DataLoaderOptions = {}) {
    this.dataset = dataset;
    this.batchSize = options.batchSize ?? 1;
    this.#options = { seed: randomState().seed, ...options };
    if (!Number.isSafeInteger(this.batchSize) || this.batchSize < 1) {
      throw new KindlingError(`DataLoader: no batches of ${this.batchSize}`);
    }
  }

  /** Batches in an epoch. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.#options.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** The epoch, and the batches of it that were given: `setEpoch(epoch, batch)` goes on from there. */
  get state(): { epoch: number; batch: number } {
    return { epoch: this.#epoch, batch: this.#given };
  }

  /** Lets the next iteration be epoch `epoch` from batch `batch` on. */
  setEpoch(epoch: number, batch = 0): void {
    if (![epoch, batch].every((value) => Number.isSafeInteger(value) && value >= 0) || batch > this.length) {
      throw new KindlingError(`DataLoader: epoch ${epoch} has no batch ${batch} (${this.length} in an epoch)`);
    }
    this.#epoch = epoch;
    this.#given = batch;
    this.#start = batch;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch<Sample>, void, undefined> {
    const { shuffle, seed } = this.#options;
    const epoch = this.#epoch;
    const order = (shuffle ? shuffled : sequential)(this.dataset.length, seed, epoch);
    const last = this.length;
    const first = this.#start;
    this.#start = 0;
    const fences: Promise<void>[] = [];
    const live: Batch<Sample>[] = [];
    let next = new Prefetch(() => this.#batch(order, first));
    try {
      for (let index = first; index < last; index++) {
        const batch = next.take();
        live.push(batch);
        if (index + 1 < last) next = new Prefetch(() => this.#batch(order, index + 1));
        this.#given = index + 1;
        yield batch;
        if (live.length > 1) dispose(live.shift());
        fences.push(fence());
        if (fences.length > AHEAD) await fences.shift();
      }
    } finally {
      dispose(next.cancel());
    }
    // Not where the loop was left: a batch looked at by `break` stays usable until it is collected.
    for (const batch of live) dispose(batch);
    this.#epoch = epoch + 1;
    this.#given = 0;
  }

  #batch(order: Uint32Array, index: number): Batch<Sample> {
    const indices = order.subarray(index * this.batchSize, (index + 1) * this.batchSize);
    const samples = Array.from(indices, (sample) => this.dataset.get(sample));
    const tensors = collate(samples, this.#options.transform).map(({ data, shape }) => tensor(data, { shape }));
    return tensors as readonly Tensor[] as Batch<Sample>;
  }
}

/** What a batch's steps left to do is done when this resolves. A failure is thrown where it is awaited. */
function fence(): Promise<void> {
  const done = sync();
  done.catch(() => {});
  return done;
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
