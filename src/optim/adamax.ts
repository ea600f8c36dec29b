import { launchFlatInto } from '../choose/variant.js';
import { type Complete, checked } from '../gpu/options.js';
import { adamaxKernel } from '../kernels/adaptive.js';
import type { Tensor } from '../tensor/tensor.js';
import { type AdamOptions, MOMENT, MOMENT_DEFAULTS, MomentOptimizer } from './adam.js';
import { defined, type Params } from './groups.js';

/** As Adam's, with the same defaults but for the learning rate, which is 2e-3. */
export interface AdamaxOptions extends Omit<AdamOptions, 'amsgrad'> {}

/**
 * Adam by the largest gradient of late: m as in Adam; u ← max(β₂ u, |g| + eps); p ← p − lr / (1 − β₁ᵗ) · m / u.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adamax.html
 */
export class Adamax extends MomentOptimizer<Complete<AdamaxOptions>> {
  override get kind(): string {
    return 'Adamax';
  }

  constructor(params: Params<AdamaxOptions>, options: AdamaxOptions = {}) {
    super(params, { ...MOMENT_DEFAULTS, lr: 2e-3, ...defined(checked('Adamax', options, MOMENT)) }, MOMENT);
  }

  protected override stateNames(): readonly string[] {
    return ['exp_avg', 'exp_inf'];
  }

  protected override launch(_: Complete<AdamaxOptions>, size: number, reads: Tensor[], writes: Tensor[]): void {
    launchFlatInto('adamax', adamaxKernel, { size }, reads, writes);
  }

  protected override scalars(options: Complete<AdamaxOptions>, step: number): readonly number[] {
    const {
      lr,
      betas: [beta1, beta2],
      eps,
      weightDecay,
    } = options;
    return [weightDecay, beta1, 1 - beta1, beta2, eps, lr / (1 - beta1 ** step)];
  }
}
