import { refuse } from '../gpu/errors.js';
import { atMost, checked, itemsOf, text } from '../gpu/options.js';
import { Generator } from '../tensor/generator.js';
import { Domain } from '../tensor/philox.js';
import { randomState } from '../tensor/random.js';
import { checkIndex, type Dataset, wantDataset } from './sample.js';

/**
 * The samples of a data set at chosen indices, in their order.
 *
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.Subset
 */
export class Subset<Sample> implements Dataset<Sample> {
  readonly length: number;
  readonly #dataset: Dataset<Sample>;
  readonly #indices: ArrayLike<number>;

  constructor(dataset: Dataset<Sample>, indices: ArrayLike<number>) {
    atMost('Subset', 2, arguments);
    wantDataset('Subset', dataset);
    if (typeof indices !== 'object' || !('length' in (indices ?? {}))) {
      refuse(`Subset: wants an array of indices, got ${text(indices)}`);
    }
    for (let i = 0; i < indices.length; i++) checkIndex('Subset', indices[i] as number, dataset.length);
    this.#dataset = dataset;
    this.#indices = indices;
    this.length = indices.length;
  }

  get(index: number): Sample | Promise<Sample> {
    checkIndex('Subset', index, this.length);
    return this.#dataset.get(this.#indices[index] as number);
  }

  /** @internal The data set that the samples come from in the end, itself no subset. */
  get root(): Dataset<Sample> {
    return this.#dataset instanceof Subset ? this.#dataset.root : this.#dataset;
  }

  /** @internal Where sample `index` is in `root`. */
  rootIndex(index: number): number {
    const inner = this.#indices[index] as number;
    return this.#dataset instanceof Subset ? this.#dataset.rootIndex(inner) : inner;
  }
}

const isNumber = (value: unknown): boolean => typeof value === 'number';

/**
 * Parts of a data set, each sample in one of them, drawn at random.
 *
 * @param lengths how many samples each part has; or fractions that sum to 1, each rounded down and what is left given to the
 *   parts in turn, as in PyTorch
 * @param options.seed what the draw is a function of; default: the seed given to `manualSeed`
 * @throws KindlingError unless the lengths sum to the data set's, or to 1
 * @example
 * const [train, validation] = randomSplit(data, [0.9, 0.1], { seed: 1 });
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.random_split
 */
export function randomSplit<Sample>(
  dataset: Dataset<Sample>,
  lengths: readonly number[],
  options: { seed?: number } = {},
): Subset<Sample>[] {
  const { seed = randomState().seed } = checked('randomSplit', options, { seed: 'number' });
  wantDataset('randomSplit', dataset);
  const { length } = dataset;
  itemsOf('randomSplit', 'an array of lengths', lengths, 'randomSplit(data, [0.9, 0.1])', isNumber);
  const sum = lengths.reduce((total, one) => total + one, 0);
  let counts = lengths;
  if (Math.abs(sum - 1) < 1e-9) {
    const floors = lengths.map((fraction) => Math.floor(length * fraction));
    const left = length - floors.reduce((total, one) => total + one, 0);
    counts = floors.map((count, i) => count + (i < left ? 1 : 0));
  } else if (sum !== length) {
    refuse(`randomSplit: lengths [${lengths}] sum to ${sum}, not to the ${length} samples or to 1`);
  }
  if (!counts.every((count) => Number.isInteger(count) && count >= 0)) {
    refuse(`randomSplit: lengths are whole numbers, or fractions from 0 to 1, not [${lengths}]`);
  }
  const order = new Generator(seed, { domain: Domain.shuffling, stream: 1 }).permutation(length);
  let end = 0;
  return counts.map((count) => {
    end += count;
    return new Subset(dataset, order.subarray(end - count, end));
  });
}
