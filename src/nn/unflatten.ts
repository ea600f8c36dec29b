import { atMost, required } from '../gpu/options.js';
import { unflatten } from '../ops/arrange.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';
import { named, tuple } from './repr.js';

/**
 * One dimension made several, of which one length may be -1.
 *
 * @example new Unflatten(1, [3, 4, -1])(zeros([8, 60])) // [8, 3, 4, 5]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Unflatten.html
 */
export class Unflatten extends Module {
  constructor(
    public dim: number,
    public unflattenedSize: readonly number[],
  ) {
    super();
    atMost('Unflatten', 2, arguments);
    required(
      'Unflatten',
      { dim, unflattenedSize: [unflattenedSize].flat() },
      { dim: 'whole', unflattenedSize: 'wholes' },
    );
  }

  forward(x: Tensor): Tensor {
    return unflatten(x, this.dim, this.unflattenedSize);
  }

  override extraRepr(): string {
    return named({ dim: this.dim, unflattened_size: tuple(this.unflattenedSize) });
  }
}
