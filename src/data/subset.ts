import { checkIndex, type Dataset, type HostArray } from './sample.js';

/**
 * The samples of a data set at chosen indices, in their order.
 *
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.Subset
 */
export class Subset<Sample extends readonly HostArray[]> implements Dataset<Sample> {
  readonly length: number;
  readonly #dataset: Dataset<Sample>;
  readonly #indices: ArrayLike<number>;

  constructor(dataset: Dataset<Sample>, indices: ArrayLike<number>) {
    for (let i = 0; i < indices.length; i++) checkIndex('Subset', indices[i] as number, dataset.length);
    this.#dataset = dataset;
    this.#indices = indices;
    this.length = indices.length;
  }

  get(index: number): Sample {
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
