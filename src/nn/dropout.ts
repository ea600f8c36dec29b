import { refuse } from '../gpu/errors.js';
import { atMost, checked } from '../gpu/options.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { Module } from './module.js';
import { named } from './repr.js';

/** Dropout of single elements: zero with probability `p` in training, the others scaled by 1/(1−p). */
export class Dropout extends Module {
  /** @param p the probability of being dropped. Default: 0.5 */
  constructor(public p = 0.5) {
    super();
    atMost(this.constructor.name, 1, arguments);
    checked(this.constructor.name, { p }, { p: 'number' });
    if (!(p >= 0 && p <= 1)) refuse(`${this.constructor.name}: p is ${p}, no probability`);
  }

  forward(x: Tensor): Tensor {
    return F.dropout(x, { p: this.p, training: this.training });
  }

  override extraRepr(): string {
    return named({ p: this.p, inplace: 'False' });
  }
}

/** Dropout of whole channels. x: [N, C, H, W]. */
export class Dropout2d extends Dropout {
  override forward(x: Tensor): Tensor {
    return F.dropout2d(x, { p: this.p, training: this.training });
  }
}
