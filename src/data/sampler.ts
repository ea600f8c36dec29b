/** In which order samples are taken. An order is a function of (seed, epoch) alone, so that a resumed run finds it again. */
import { refuse } from '../gpu/errors.js';
import { atMost, checked, type Known, required, text } from '../gpu/options.js';
import { Generator } from '../tensor/generator.js';
import { Domain } from '../tensor/philox.js';
import { type Dataset, wantDataset } from './sample.js';

/**
 * Which samples an epoch takes, and in which order: an option of a `DataLoader`. One of your own is an object with these two;
 * for runs to be resumed, `order` must be a function of what it is given.
 *
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.Sampler
 */
export interface Sampler {
  /** Samples in an epoch. */
  readonly length: number;
  /** As many indices into the data set. */
  order(seed: number, epoch: number): ArrayLike<number>;
}

/** Streams of `Domain.shuffling`; `randomSplit` has 1. */
const WEIGHTED = 2;
const REPLACED = 3;

const generator = (seed: number, epoch: number, stream = 0): Generator =>
  new Generator(seed, { domain: Domain.shuffling, step: epoch, stream });

/** The order of `length` samples in an epoch, shuffled. */
export const shuffled = (length: number, seed: number, epoch: number): Uint32Array =>
  generator(seed, epoch).permutation(length);

/** The order without shuffling: 0, 1, 2, … */
export const sequential = (length: number): Uint32Array => Uint32Array.from({ length }, (_, i) => i);

/**
 * 0, 1, 2, … of a data set: what a `DataLoader` does by itself.
 *
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.SequentialSampler
 */
export class SequentialSampler implements Sampler {
  readonly length: number;

  constructor(dataset: Dataset<unknown>) {
    atMost('SequentialSampler', 1, arguments);
    wantDataset('SequentialSampler', dataset);
    this.length = dataset.length;
  }

  order(): Uint32Array {
    return sequential(this.length);
  }
}

export interface RandomSamplerOptions {
  /** Whether a sample may be drawn again before all others were. Default false. */
  replacement?: boolean | undefined;
  /** Samples in an epoch. Default: as many as the data set has. */
  numSamples?: number | undefined;
}

const RANDOM: Known<RandomSamplerOptions> = { replacement: 'boolean', numSamples: 'size' };

/**
 * Samples at random, each as likely: without options the order of `shuffle: true`. Without `replacement`, more `numSamples`
 * than the data set has are one permutation after the other.
 *
 * @example
 * new DataLoader(data, { batchSize: 64, sampler: new RandomSampler(data, { numSamples: 6400 }) });
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.RandomSampler
 */
export class RandomSampler implements Sampler {
  readonly length: number;
  readonly #of: number;
  readonly #replacement: boolean;

  /** @throws KindlingError where samples are wanted of a data set that has none */
  constructor(dataset: Dataset<unknown>, options: RandomSamplerOptions = {}) {
    const { replacement = false, numSamples } = checked('RandomSampler', options, RANDOM);
    wantDataset('RandomSampler', dataset);
    this.#of = dataset.length;
    this.#replacement = replacement;
    this.length = numSamples ?? this.#of;
    if (this.length > 0 && this.#of === 0) refuse(`RandomSampler: no ${this.length} samples of an empty data set`);
  }

  order(seed: number, epoch: number): Uint32Array {
    const order = new Uint32Array(this.length);
    const random = generator(seed, epoch, this.#replacement ? REPLACED : 0);
    if (this.#replacement) return order.map(() => random.integer(this.#of));
    for (let start = 0; start < this.length; start += this.#of) {
      order.set(random.permutation(this.#of).subarray(0, this.length - start), start);
    }
    return order;
  }
}

/**
 * The samples at given indices, shuffled.
 *
 * @example
 * new DataLoader(data, { batchSize: 64, sampler: new SubsetRandomSampler([2, 3, 5, 7]) });
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.SubsetRandomSampler
 */
export class SubsetRandomSampler implements Sampler {
  readonly length: number;
  readonly #indices: ArrayLike<number>;

  constructor(indices: ArrayLike<number>) {
    atMost('SubsetRandomSampler', 1, arguments);
    this.#indices = listOf('SubsetRandomSampler', 'indices, whole numbers from 0 on', indices, isIndex);
    this.length = indices.length;
  }

  order(seed: number, epoch: number): Uint32Array {
    return shuffled(this.length, seed, epoch).map((i) => this.#indices[i] as number);
  }
}

/**
 * `numSamples` samples, drawn in proportion to their weights, which need not sum to 1: the rare class as often as the others,
 * where each sample weighs 1 / (samples of its class).
 *
 * @param options.replacement whether a sample may be drawn again. Default true
 * @throws KindlingError where weights are negative or no numbers, all are 0, or, without replacement, fewer than `numSamples`
 *   are above 0
 * @example
 * const counts = [900, 100];
 * const weights = Array.from(data.labels, (label) => 1 / (counts[label] ?? 1));
 * new DataLoader(data, { batchSize: 64, sampler: new WeightedRandomSampler(weights, weights.length) });
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler
 */
export class WeightedRandomSampler implements Sampler {
  readonly length: number;
  readonly #replacement: boolean;
  /**
   * A binary tree of sums: node i has children 2i and 2i + 1, the leaves are the weights. Each sum is made of its children
   * anew where a leaf changes, so that one of drawn weights alone is 0 to the bit.
   */
  readonly #sums: Float64Array;

  constructor(weights: ArrayLike<number>, numSamples: number, options: { replacement?: boolean } = {}) {
    const { replacement = true } = checked('WeightedRandomSampler', options, { replacement: 'boolean' });
    listOf('WeightedRandomSampler', 'weights, numbers from 0 on', weights, isWeight);
    required('WeightedRandomSampler', { numSamples }, { numSamples: 'size' });
    const positive = Array.prototype.filter.call(weights, (weight) => weight > 0).length;
    if (positive === 0) refuse('WeightedRandomSampler: none of the weights is above 0');
    if (!replacement && numSamples > positive) {
      refuse(
        `WeightedRandomSampler: ${numSamples} samples without replacement, ${positive} weights above 0: ask for no more, ` +
          'or set `replacement: true`',
      );
    }
    const leaves = 2 ** Math.ceil(Math.log2(weights.length));
    this.#sums = new Float64Array(2 * leaves);
    this.#sums.set(weights, leaves);
    for (let node = leaves - 1; node > 0; node--) sum(this.#sums, node);
    if (this.#sums[1] === Number.POSITIVE_INFINITY) refuse('WeightedRandomSampler: the weights sum to infinity');
    this.#replacement = replacement;
    this.length = numSamples;
  }

  order(seed: number, epoch: number): Uint32Array {
    const random = generator(seed, epoch, WEIGHTED);
    const sums = this.#replacement ? this.#sums : this.#sums.slice();
    const leaves = sums.length / 2;
    return new Uint32Array(this.length).map(() => {
      let left = ((random.bits() >>> 5) * 2 ** 26 + (random.bits() >>> 6)) * 2 ** -53 * (sums[1] as number);
      let node = 1;
      while (node < leaves) {
        const [low, high] = [sums[2 * node] as number, sums[2 * node + 1] as number];
        const goesRight = high > 0 && left >= low;
        if (goesRight) left -= low;
        node = 2 * node + (goesRight ? 1 : 0);
      }
      if (this.#replacement) return node - leaves;
      sums[node] = 0;
      for (let above = node >> 1; above > 0; above >>= 1) sum(sums, above);
      return node - leaves;
    });
  }
}

function sum(sums: Float64Array, node: number): void {
  sums[node] = (sums[2 * node] as number) + (sums[2 * node + 1] as number);
}

const isWeight = (value: unknown): boolean =>
  typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;

const isIndex = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;

/** An array or typed array of which each number fits. */
function listOf(
  op: string,
  wanted: string,
  list: ArrayLike<number>,
  fits: (value: unknown) => boolean,
): ArrayLike<number> {
  if (!Array.isArray(list) && !ArrayBuffer.isView(list))
    refuse(`${op}: wants an array of ${wanted}, got ${text(list)}`);
  for (let i = 0; i < list.length; i++) {
    if (!fits(list[i])) refuse(`${op}: wants an array of ${wanted}, got ${text(list[i])} at ${i}`);
  }
  return list;
}

/** Whether a value can say which samples to take. */
export const isSampler = (value: unknown): value is Sampler => {
  const { length, order }: Partial<Sampler> = Object(value);
  return typeof length === 'number' && typeof order === 'function';
};

/** The order of an epoch, once it is known to fit. @throws KindlingError where it is no order of a data set of that length */
export function orderOf(sampler: Sampler, of: number, seed: number, epoch: number): Uint32Array {
  const order = sampler.order(seed, epoch);
  if (order.length !== sampler.length) {
    refuse(`DataLoader: the sampler gives ${order.length} indices; its length is ${sampler.length}`);
  }
  for (let i = 0; i < order.length; i++) {
    const index = order[i];
    if (isIndex(index) && (index as number) < of) continue;
    refuse(`DataLoader: the sampler gives index ${text(index)}, outside of the data set's 0 … ${of - 1}`);
  }
  return Uint32Array.from(order);
}

/**
 * How often each index came before in the order, so that a sample that is drawn again is augmented anew; null where the order
 * has each once.
 */
export function repeatsIn(order: Uint32Array): Uint32Array | null {
  const seen = new Map<number, number>();
  const repeats = order.map((index) => {
    const before = seen.get(index) ?? 0;
    seen.set(index, before + 1);
    return before;
  });
  return seen.size < order.length ? repeats : null;
}
