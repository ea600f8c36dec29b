import { launchFlatInto } from '../autograd/variant.js';
import { SOFTWARE_FLAT_MANY } from '../kernels/flat.js';
import { adamKernel } from '../kernels/optimizer.js';
import type { Tensor } from '../tensor/tensor.js';
import { defined, Optimizer, type Params } from './optimizer.js';

export interface AdamOptions {
  /** Learning rate. Default: 1e-3. */
  lr?: number;
  /** Decay of the running means of gradient and squared gradient. Default: [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the root of the second moment. Default: 1e-8. */
  eps?: number;
  /** Default: 0; for AdamW 0.01. */
  weightDecay?: number;
  /** Divides by the largest second moment so far. Default: false. */
  amsgrad?: boolean;
}

const DEFAULTS = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false } as const;

/**
 * Adam. Weight decay is an L2 penalty, added to the gradient before the moments.
 *
 * m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; p ← p − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + eps).
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
 */
export class Adam extends Optimizer<Required<AdamOptions>> {
  constructor(params: Params<AdamOptions>, options: AdamOptions = {}) {
    super(params, { ...DEFAULTS, ...defined(options) });
  }

  protected override check({ betas, eps, weightDecay }: Required<AdamOptions>): void {
    betas.forEach((beta, i) => {
      if (!(beta >= 0 && beta < 1)) this.fail(`betas[${i}] is ${beta}, not from 0 to 1`);
    });
    if (!(eps >= 0)) this.fail(`eps ${eps} is not a number from 0`);
    if (!(weightDecay >= 0)) this.fail(`weightDecay ${weightDecay} is not a number from 0`);
  }

  protected override stateNames({ amsgrad }: Required<AdamOptions>): readonly string[] {
    return ['exp_avg', 'exp_avg_sq', ...(amsgrad ? ['max_exp_avg_sq'] : [])];
  }

  protected override launch({ amsgrad }: Required<AdamOptions>, size: number, reads: Tensor[], writes: Tensor[]): void {
    launchFlatInto('adam', adamKernel, { size, amsgrad }, reads, writes, SOFTWARE_FLAT_MANY);
  }

  protected override scalars(options: Required<AdamOptions>, step: number): readonly number[] {
    return [1, options.weightDecay, ...moments(options, step)];
  }
}

/**
 * Adam whose weight decay shrinks the parameters themselves, by lr · weightDecay in each step. Default decay: 0.01.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 */
export class AdamW extends Adam {
  constructor(params: Params<AdamOptions>, options: AdamOptions = {}) {
    super(params, { weightDecay: 0.01, ...defined(options) });
  }

  protected override scalars(options: Required<AdamOptions>, step: number): readonly number[] {
    return [1 - options.lr * options.weightDecay, 0, ...moments(options, step)];
  }
}

/** The rest of `ADAM_SCALARS`. */
function moments({ lr, betas: [beta1, beta2], eps }: Required<AdamOptions>, step: number): number[] {
  return [beta1, 1 - beta1, beta2, 1 - beta2, lr / (1 - beta1 ** step), Math.sqrt(1 - beta2 ** step), eps];
}
