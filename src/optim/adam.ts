import { launchFlatInto } from '../choose/variant.js';
import { type Complete, checked, type Known } from '../gpu/options.js';
import { SOFTWARE_FLAT_MANY } from '../kernels/flat.js';
import { adamKernel } from '../kernels/optimizer.js';
import type { Tensor } from '../tensor/tensor.js';
import { defined, type Params } from './groups.js';
import { Optimizer } from './optimizer.js';

export interface AdamOptions {
  /** Learning rate. Default: 1e-3. */
  lr?: number | undefined;
  /** Decay of the running means of gradient and squared gradient; a step freezes them: set others anew. Default: [0.9, 0.999]. */
  betas?: readonly [number, number] | undefined;
  /** Added to the root of the second moment. Default: 1e-8. */
  eps?: number | undefined;
  /** Default: 0; for AdamW 0.01. */
  weightDecay?: number | undefined;
  /** Divides by the largest second moment so far. Default: false. */
  amsgrad?: boolean | undefined;
}

/** What the optimizers with two moments have in common. */
export type MomentOptions = Complete<Omit<AdamOptions, 'amsgrad'>> & { amsgrad?: boolean };

/** The kinds of what all of them take, and its defaults but for the rate. */
export const MOMENT: Known<Complete<Omit<AdamOptions, 'amsgrad'>>> = {
  lr: 'number',
  betas: 'numbers' as 'any',
  eps: 'number',
  weightDecay: 'number',
};
export const MOMENT_DEFAULTS = { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 } as const;

const ADAM: Known<Complete<AdamOptions>> = { ...MOMENT, amsgrad: 'boolean' };

/** Optimizers that keep running means of the gradient and of its square. */
export abstract class MomentOptimizer<Options extends MomentOptions> extends Optimizer<Options> {
  protected override check({ betas, eps, weightDecay }: Options): void {
    if (!Array.isArray(betas) || betas.length !== 2) this.fail(`betas are two numbers, not ${betas}`);
    betas.forEach((beta, i) => {
      if (!(beta >= 0 && beta < 1)) this.fail(`betas[${i}] is ${beta}, not from 0 to 1`);
    });
    this.checkSigns({ eps, weightDecay });
  }

  protected override stateNames({ amsgrad }: Options): readonly string[] {
    return ['exp_avg', 'exp_avg_sq', ...(amsgrad ? ['max_exp_avg_sq'] : [])];
  }

  protected override launch({ amsgrad = false }: Options, size: number, reads: Tensor[], writes: Tensor[]): void {
    launchFlatInto('adam', adamKernel, { size, amsgrad }, reads, writes, SOFTWARE_FLAT_MANY);
  }
}

/**
 * Adam. Weight decay is an L2 penalty, added to the gradient before the moments.
 *
 * m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; p ← p − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + eps).
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
 */
export class Adam extends MomentOptimizer<Complete<AdamOptions>> {
  override get kind(): string {
    return 'Adam';
  }

  constructor(params: Params<AdamOptions>, options: AdamOptions = {}) {
    const defaults = { ...MOMENT_DEFAULTS, lr: 1e-3, amsgrad: false };
    super(params, { ...defaults, ...defined(checked('Adam', options, ADAM)) }, ADAM);
  }

  protected override scalars(options: Complete<AdamOptions>, step: number): readonly number[] {
    const { lr, betas, eps } = options;
    const [correction1, root] = corrections(options, step);
    return [1, options.weightDecay, ...intakes(betas), lr / correction1, root, eps];
  }
}

/**
 * Adam whose weight decay shrinks the parameters themselves, by lr · weightDecay in each step. Default decay: 0.01.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 */
export class AdamW extends Adam {
  override get kind(): string {
    return 'AdamW';
  }

  constructor(params: Params<AdamOptions>, options: AdamOptions = {}) {
    super(params, { weightDecay: 0.01, ...defined(checked('AdamW', options, ADAM)) });
  }

  protected override scalars(options: Complete<AdamOptions>, step: number): readonly number[] {
    return [...decay(options, true), ...super.scalars(options, step).slice(2)];
  }
}

/** `shrink` and `l2` of `ADAM_SCALARS`. */
export const decay = ({ lr, weightDecay }: MomentOptions, decoupled: boolean): [number, number] =>
  decoupled ? [1 - lr * weightDecay, 0] : [1, weightDecay];

/** `beta1` to `rest2` of `ADAM_SCALARS`. */
export const intakes = (betas: MomentOptions['betas']): number[] => betas.flatMap((beta) => [beta, 1 - beta]);

/** 1 − β₁ᵗ and √(1 − β₂ᵗ). */
export const corrections = ({ betas: [beta1, beta2] }: MomentOptions, step: number): [number, number] => [
  1 - beta1 ** step,
  Math.sqrt(1 - beta2 ** step),
];
