import { launchFlatInto } from '../choose/variant.js';
import { type Complete, checked, type Known } from '../gpu/options.js';
import { SOFTWARE_FLAT_MANY } from '../kernels/flat.js';
import { adamKernel } from '../kernels/optimizer.js';
import type { Tensor } from '../tensor/tensor.js';
import {
  type AdamOptions,
  corrections,
  decay,
  intakes,
  MOMENT,
  MOMENT_DEFAULTS,
  MomentOptimizer,
  type MomentOptions,
} from './adam.js';
import { defined, type Params } from './groups.js';
import type { OptimizerState } from './state.js';

/** As Adam's, with the same defaults. */
export interface RAdamOptions extends Omit<AdamOptions, 'amsgrad'> {
  /** Weight decay shrinks the parameters themselves, as in AdamW, and is no L2 penalty. Default: false. */
  decoupledWeightDecay?: boolean | undefined;
}

/** As Adam's, with the same defaults but for the learning rate, which is 2e-3. */
export interface NAdamOptions extends RAdamOptions {
  /** How fast the momentum grows from β₁ / 2 to β₁. Default: 4e-3. */
  momentumDecay?: number | undefined;
}

const RADAM: Known<Complete<RAdamOptions>> = { ...MOMENT, decoupledWeightDecay: 'boolean' };
const NADAM: Known<Complete<NAdamOptions>> = { ...RADAM, momentumDecay: 'number' };
const DEFAULTS = { ...MOMENT_DEFAULTS, decoupledWeightDecay: false } as const;

/**
 * Adam with Nesterov's momentum, which grows: μₜ = β₁ (1 − 0.96^(t · momentumDecay) / 2), and Mₜ is their product so far.
 *
 * m and v as in Adam; p ← p − lr · ((1 − μₜ) / (1 − Mₜ) · g + μₜ₊₁ / (1 − Mₜ μₜ₊₁) · m) / (√(v / (1 − β₂ᵗ)) + eps).
 * As PyTorch 2; 1.13 had a further factor μₜ beside Mₜ μₜ₊₁, which shows in the first dozen steps.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html
 */
export class NAdam extends MomentOptimizer<Complete<NAdamOptions>> {
  override get kind(): string {
    return 'NAdam';
  }

  constructor(params: Params<NAdamOptions>, options: NAdamOptions = {}) {
    const given = defined(checked('NAdam', options, NADAM));
    super(params, { lr: 2e-3, ...DEFAULTS, momentumDecay: 4e-3, ...given }, NADAM);
  }

  protected override check(options: Complete<NAdamOptions>): void {
    super.check(options);
    this.checkSigns({ momentumDecay: options.momentumDecay });
  }

  /** The gradient itself is a part of the step. */
  protected override launch(_: Complete<NAdamOptions>, size: number, reads: Tensor[], writes: Tensor[]): void {
    const spec = { size, amsgrad: false, nesterov: true };
    launchFlatInto('adam', adamKernel, spec, reads, writes, SOFTWARE_FLAT_MANY);
  }

  protected override scalars(options: Complete<NAdamOptions>, step: number): readonly number[] {
    const { lr, betas, eps, decoupledWeightDecay } = options;
    const product = momentumProduct(options, step);
    const [now, next] = [momentum(options, step), momentum(options, step + 1)];
    return [
      ...decay(options, decoupledWeightDecay),
      ...intakes(betas),
      (lr * next) / (1 - product * next),
      corrections(options, step)[1],
      eps,
      (lr * (1 - now)) / (1 - product),
    ];
  }

  /** Has `mu_product` too, for PyTorch. Here it follows from step and options. */
  override stateDict(): OptimizerState {
    const dict = super.stateDict();
    dict.paramGroups.forEach(({ params }, g) => {
      for (const number of params) {
        const state = dict.state[number];
        const group = this.paramGroups[g];
        if (state && group) state.mu_product = momentumProduct(group, state.step);
      }
    });
    return dict;
  }
}

type Growing = MomentOptions & { momentumDecay: number };

const momentum = ({ betas, momentumDecay }: Growing, step: number): number =>
  betas[0] * (1 - 0.5 * 0.96 ** (step * momentumDecay));

function momentumProduct(options: Growing, step: number): number {
  let product = 1;
  // What is smaller changes no f32 rate.
  for (let t = 1; t <= step && product > 1e-20; t++) product *= momentum(options, t);
  return product;
}

/**
 * Adam that takes steps of m alone, unscaled, until the variance of its second moment can be known (ρₜ > 5), and from then
 * on rectifies them.
 *
 * ρ∞ = 2 / (1 − β₂) − 1; ρₜ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ); r = √((ρₜ − 4)(ρₜ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρₜ));
 * p ← p − lr / (1 − β₁ᵗ) · m · r √(1 − β₂ᵗ) / (√v + eps).
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.RAdam.html
 */
export class RAdam extends MomentOptimizer<Complete<RAdamOptions>> {
  override get kind(): string {
    return 'RAdam';
  }

  constructor(params: Params<RAdamOptions>, options: RAdamOptions = {}) {
    super(params, { lr: 1e-3, ...DEFAULTS, ...defined(checked('RAdam', options, RADAM)) }, RADAM);
  }

  protected override scalars(options: Complete<RAdamOptions>, step: number): readonly number[] {
    const { lr, betas, eps, decoupledWeightDecay } = options;
    const [correction1, root] = corrections(options, step);
    const most = 2 / (1 - betas[1]) - 1;
    const rho = most - (2 * step * betas[1] ** step) / root ** 2;
    const rectified = Math.sqrt(((rho - 4) * (rho - 2) * most) / ((most - 4) * (most - 2) * rho));
    // The kernel divides by √v / root + eps: a root beyond all v leaves m alone.
    const scaling = rho > 5 ? [(lr / correction1) * root * rectified, 1, eps] : [lr / correction1, 3e38, 1];
    return [...decay(options, decoupledWeightDecay), ...intakes(betas), ...scaling];
  }
}
