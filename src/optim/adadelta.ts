import { launchFlatInto } from '../choose/variant.js';
import { type Complete, checked, type Known } from '../gpu/options.js';
import { adadeltaKernel } from '../kernels/adaptive.js';
import type { Tensor } from '../tensor/tensor.js';
import { defined, type Params } from './groups.js';
import { Optimizer } from './optimizer.js';

export interface AdadeltaOptions {
  /** What a step is scaled by before it is taken. Default: 1. */
  lr?: number | undefined;
  /** Decay of the running means of squared gradients and squared steps. Default: 0.9. */
  rho?: number | undefined;
  /** Added to both means before their roots. Default: 1e-6. */
  eps?: number | undefined;
  /** L2 penalty, added to the gradient. Default: 0. */
  weightDecay?: number | undefined;
}

const ADADELTA: Known<Complete<AdadeltaOptions>> = {
  lr: 'number',
  rho: 'number',
  eps: 'number',
  weightDecay: 'number',
};

/**
 * Scales gradients by the ratio of the root mean squares of past steps and past gradients:
 * v ← ρ v + (1 − ρ) g²; s = √(d + eps) / √(v + eps) · g; d ← ρ d + (1 − ρ) s²; p ← p − lr · s.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
 */
export class Adadelta extends Optimizer<Complete<AdadeltaOptions>> {
  override get kind(): string {
    return 'Adadelta';
  }

  constructor(params: Params<AdadeltaOptions>, options: AdadeltaOptions = {}) {
    const defaults = { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0 };
    super(params, { ...defaults, ...defined(checked('Adadelta', options, ADADELTA)) }, ADADELTA);
  }

  protected override check({ rho, eps, weightDecay }: Complete<AdadeltaOptions>): void {
    this.checkSigns({ rho, eps, weightDecay });
    if (rho > 1) this.fail(`rho ${rho} is more than 1`);
  }

  protected override stateNames(): readonly string[] {
    return ['square_avg', 'acc_delta'];
  }

  protected override launch(_: Complete<AdadeltaOptions>, size: number, reads: Tensor[], writes: Tensor[]): void {
    launchFlatInto('adadelta', adadeltaKernel, { size }, reads, writes);
  }

  protected override scalars({ lr, weightDecay, rho, eps }: Complete<AdadeltaOptions>): readonly number[] {
    return [lr, weightDecay, rho, 1 - rho, eps];
  }
}
