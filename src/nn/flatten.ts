import { atMost, checked } from '../gpu/options.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { Module } from './module.js';
import { named } from './repr.js';

/** Dimensions `startDim` to `endDim` made one. Default: all but the batch. */
export class Flatten extends Module {
  constructor(
    public startDim = 1,
    public endDim = -1,
  ) {
    super();
    atMost('Flatten', 2, arguments);
    checked('Flatten', { startDim, endDim }, { startDim: 'whole', endDim: 'whole' });
  }

  forward(x: Tensor): Tensor {
    return F.flatten(x, this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return named({ start_dim: this.startDim, end_dim: this.endDim });
  }
}

/** Returns what it is given. */
export class Identity extends Module {
  forward(x: Tensor): Tensor {
    return x;
  }
}
