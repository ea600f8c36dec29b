import { refuse } from '../gpu/errors.js';
import { checked, type Known, text } from '../gpu/options.js';
import { sync } from '../stream/stream.js';
import { randomState } from '../tensor/random.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Batches, OnDevice } from './batches.js';
import type { CollateFn } from './collate.js';
import { HostBatches } from './hostBatches.js';
import { type Dataset, type HostArray, wantDataset } from './sample.js';
import { isSampler, orderOf, repeatsIn, type Sampler, sequential, shuffled } from './sampler.js';
import { Subset } from './subset.js';
import type { Reshaping, Transform } from './transforms.js';

/** A batch: a tensor for each component of a sample. */
export type Batch<Sample extends readonly HostArray[]> = { [K in keyof Sample]: Tensor };

export interface DataLoaderOptions {
  /** Default 1. */
  batchSize?: number | undefined;
  /** Whether each epoch has its own order. Default false. */
  shuffle?: boolean | undefined;
  /** Which samples each epoch takes, and in which order: {@link WeightedRandomSampler} and the like, or one's own. */
  sampler?: Sampler | undefined;
  /** The order is a function of this and the epoch. Default: the seed given to `manualSeed`. */
  seed?: number | undefined;
  /** Whether to leave out a last batch that is smaller than the others. Default false. */
  dropLast?: boolean | undefined;
  /** Changes the first component of every sample: {@link Normalize}, {@link RandomCrop}, {@link Compose}, or one's own. */
  transform?: Transform | Reshaping | undefined;
  /** Batches that the host makes ahead of the one that is worked on. Default 1. */
  prefetch?: number | undefined;
  /** @internal The most that a kernel may bind at once, for tests. */
  bindingBytes?: number | undefined;
}

/** How a `DataLoader` makes batches of samples that are no arrays, or of arrays of different sizes. */
export interface CollateOptions<Sample, Components extends readonly HostArray[]> {
  /**
   * Makes arrays of a batch's samples, whatever they are: one for each component, the first dimension that of the batch. Their
   * bytes become i32. Random numbers that it takes from its second argument alone are those of a resumed run too. It may
   * return a promise.
   */
  collateFn?: CollateFn<Sample, Components> | undefined;
}

const LOADER: Known<DataLoaderOptions & CollateOptions<never, readonly HostArray[]>> = {
  batchSize: 'size',
  shuffle: 'boolean',
  sampler: 'any',
  collateFn: 'function',
  seed: 'number',
  dropLast: 'boolean',
  transform: 'any',
  prefetch: 'count',
  bindingBytes: 'number',
};

/** Steps in flight, the one that is recorded next among them. */
const AHEAD = 3;

/**
 * Batches of a data set as tensors, an epoch each time it is iterated over. Bytes of the first component become f32 on the
 * scale 0 … 1 where a sample is a picture, of two dimensions or more; other bytes, such as labels, become i32. The host stays
 * at most three steps ahead of the device.
 *
 * An {@link ImageDataset}, or a `Subset` of one, is uploaded once, as bytes, and the GPU makes its batches: gather, crop,
 * flip, cutout, scaling and normalisation in one dispatch, with the very numbers that the host would give. Other data sets,
 * one's own transforms, and pictures that do not fit into the bindings of a kernel are worked on by the host, `prefetch`
 * batches ahead: samples that the data set promises are read and decoded while the device computes. So are pictures under
 * transforms that the GPU does not know: {@link RandomResizedCrop}, {@link RandomRotation}, {@link RandomErasing},
 * {@link ColorJitter}, {@link Grayscale}.
 *
 * The loader owns its batches: a batch's tensors are valid until the batch after the next is asked for, or the epoch ends.
 * Then their memory is freed, or, where the GPU makes the batches, written again: copy what is to be kept.
 *
 * An iteration that ends raises the epoch by one; one that is left (`break`) begins again at its epoch's start.
 *
 * @example
 * const loader = new DataLoader(train, { batchSize: 64, shuffle: true });
 * for await (const [x, y] of loader) step(() => { ... });
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
 */
export class DataLoader<Sample, const Components extends readonly HostArray[] = Extract<Sample, readonly HostArray[]>>
  implements AsyncIterable<NoInfer<Batch<Components>>>
{
  readonly dataset: Dataset<Sample>;
  readonly batchSize: number;
  readonly #options: DataLoaderOptions & CollateOptions<Sample, Components> & { seed: number; prefetch: number };
  /** How the GPU makes batches, or null where the host does. */
  readonly #onDevice: OnDevice | null;
  #epoch = 0;
  /** Batches given in this epoch. */
  #given = 0;
  /** Where the next iteration begins. */
  #start = 0;

  constructor(dataset: Dataset<Sample>, options: DataLoaderOptions & CollateOptions<Sample, Components> = {}) {
    wantDataset('DataLoader', dataset);
    checked<object>('DataLoader', options, LOADER);
    const { sampler, shuffle, collateFn, transform } = options;
    if (sampler !== undefined && !isSampler(sampler)) {
      refuse(`DataLoader: sampler is ${text(sampler)}, wants an object with length and order(seed, epoch)`);
    }
    if (sampler && shuffle) refuse('DataLoader: a sampler says what the order is: leave out shuffle');
    if (collateFn && transform) refuse('DataLoader: collateFn takes samples as they are: leave out transform');
    this.dataset = dataset;
    this.batchSize = options.batchSize ?? 1;
    const { seed = randomState().seed, prefetch = 1 } = options;
    this.#options = { ...options, seed, prefetch };
    const source = dataset instanceof Subset ? dataset.root : dataset;
    this.#onDevice = collateFn ? null : (source.onDevice?.(transform) ?? null);
  }

  /** Batches in an epoch. */
  get length(): number {
    const batches = (this.#options.sampler ?? this.dataset).length / this.batchSize;
    return this.#options.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** The epoch, and the batches of it that were given: `setEpoch(epoch, batch)` goes on from there. */
  get state(): { epoch: number; batch: number } {
    return { epoch: this.#epoch, batch: this.#given };
  }

  /** Lets the next iteration be epoch `epoch` from batch `batch` on. */
  setEpoch(epoch: number, batch = 0): void {
    if (![epoch, batch].every((value) => Number.isSafeInteger(value) && value >= 0) || batch > this.length) {
      refuse(`DataLoader: epoch ${epoch} has no batch ${batch} (${this.length} in an epoch)`);
    }
    this.#epoch = epoch;
    this.#given = batch;
    this.#start = batch;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<NoInfer<Batch<Components>>, void, undefined> {
    const epoch = this.#epoch;
    const last = this.length;
    const first = this.#start;
    this.#start = 0;
    const batches = this.#batches(epoch);
    const fences: Promise<void>[] = [];
    let finished = false;
    try {
      for (let index = first; index < last; index++) {
        const batch = await batches.take(index);
        this.#given = index + 1;
        yield batch as readonly Tensor[] as NoInfer<Batch<Components>>;
        fences.push(fence());
        if (fences.length >= AHEAD) await fences.shift();
      }
      finished = true;
    } finally {
      batches.close(finished);
    }
    this.#epoch = epoch + 1;
    this.#given = 0;
  }

  #batches(epoch: number): Batches {
    const { dataset, batchSize, length } = this;
    const { sampler, shuffle, seed, transform, prefetch, bindingBytes } = this.#options;
    const all = sampler
      ? orderOf(sampler, dataset.length, seed, epoch)
      : (shuffle ? shuffled : sequential)(dataset.length, seed, epoch);
    const order = all.subarray(0, length * batchSize);
    const [source, indices] =
      dataset instanceof Subset ? [dataset.root, order.map((index) => dataset.rootIndex(index))] : [dataset, order];
    // Each index comes once in the orders of a whole data set.
    const repeats = sampler || source !== dataset ? repeatsIn(indices) : null;
    const samples = { indices, repeats, batchSize, seed, epoch, bindingBytes };
    const collateFn = this.#options.collateFn as CollateFn<unknown, unknown> | undefined;
    return this.#onDevice?.(samples) ?? new HostBatches(source, samples, { transform, collateFn, prefetch });
  }
}

/** What a batch's steps left to do is done when this resolves. A failure is thrown where it is awaited. */
function fence(): Promise<void> {
  const done = sync();
  done.catch(() => {});
  return done;
}
