import { launchFlatInto } from '../choose/variant.js';
import { type Complete, checked, type Known } from '../gpu/options.js';
import { sgdKernel } from '../kernels/optimizer.js';
import type { Tensor } from '../tensor/tensor.js';
import { defined, type Params } from './groups.js';
import { Optimizer } from './optimizer.js';

export interface SGDOptions {
  /** Learning rate. */
  lr: number;
  /** Share of the last step's direction that is kept. Default: 0. */
  momentum?: number | undefined;
  /** Share of the gradient kept out of the momentum. Default: 0. */
  dampening?: number | undefined;
  /** Looks ahead by the momentum. Default: false. */
  nesterov?: boolean | undefined;
  /** L2 penalty, added to the gradient. Default: 0. */
  weightDecay?: number | undefined;
}

const SGD_OPTIONS: Known<Complete<SGDOptions>> = {
  lr: 'number',
  momentum: 'number',
  dampening: 'number',
  nesterov: 'boolean',
  weightDecay: 'number',
};

/**
 * Stochastic gradient descent: g ← g + weightDecay · p; b ← momentum · b + (1 − dampening) · g; p ← p − lr · b.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
 */
export class SGD extends Optimizer<Complete<SGDOptions>> {
  override get kind(): string {
    return 'SGD';
  }

  constructor(params: Params<SGDOptions>, options: SGDOptions) {
    const given = defined(checked('SGD', options, SGD_OPTIONS));
    super(params, { momentum: 0, dampening: 0, nesterov: false, weightDecay: 0, ...given }, SGD_OPTIONS);
  }

  protected override check({ momentum, dampening, nesterov, weightDecay }: Complete<SGDOptions>): void {
    this.checkSigns({ momentum, weightDecay });
    if (nesterov && (momentum === 0 || dampening !== 0)) this.fail('nesterov wants a momentum and no dampening');
  }

  protected override stateNames({ momentum }: Complete<SGDOptions>): readonly string[] {
    return momentum === 0 ? [] : ['momentum_buffer'];
  }

  protected override launch(options: Complete<SGDOptions>, size: number, reads: Tensor[], writes: Tensor[]): void {
    const { momentum, nesterov } = options;
    launchFlatInto('sgd', sgdKernel, { size, momentum: momentum !== 0, nesterov }, reads, writes);
  }

  protected override scalars(options: Complete<SGDOptions>, step: number): readonly number[] {
    const { lr, weightDecay, momentum, dampening } = options;
    // PyTorch starts the momentum with the whole first gradient.
    return [lr, weightDecay, momentum, step === 1 ? 1 : 1 - dampening];
  }
}
