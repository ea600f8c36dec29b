import { refuse } from '../gpu/errors.js';
import { atMost, itemsOf } from '../gpu/options.js';
import { checkIndex, type Dataset, isDataset } from './sample.js';

/**
 * Data sets one after the other. The host makes batches of it, also where its parts lie on the GPU.
 *
 * @example
 * const data = new ConcatDataset([await CIFAR10.load({ split: 'train' }), more]);
 * @throws KindlingError where there is none
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.ConcatDataset
 */
export class ConcatDataset<Sample> implements Dataset<Sample> {
  readonly datasets: readonly Dataset<Sample>[];
  /** Where each ends: PyTorch's `cumulative_sizes`. */
  readonly cumulativeSizes: readonly number[];

  constructor(datasets: readonly Dataset<Sample>[]) {
    atMost('ConcatDataset', 1, arguments);
    this.datasets = itemsOf('ConcatDataset', 'an array of data sets', datasets, 'new ConcatDataset([a, b])', isDataset);
    if (this.datasets.length === 0) refuse('ConcatDataset: wants one data set or more, got none');
    let end = 0;
    this.cumulativeSizes = this.datasets.map(({ length }) => {
      end += length;
      return end;
    });
  }

  get length(): number {
    return this.cumulativeSizes.at(-1) as number;
  }

  get(index: number): Sample | Promise<Sample> {
    checkIndex('ConcatDataset', index, this.length);
    const which = this.cumulativeSizes.findIndex((end) => index < end);
    const dataset = this.datasets[which] as Dataset<Sample>;
    return dataset.get(index - (this.cumulativeSizes[which] as number) + dataset.length);
  }
}
