/** Losses as modules: `loss(input, target)`. What each computes stands with the function of the same name. */
import { checked } from '../gpu/options.js';
import { KL_DIV, LOSS } from '../ops/losses.js';
import { CROSS_ENTROPY, NLL } from '../ops/nll.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { Module } from './module.js';

export abstract class Loss extends Module<[input: Tensor, target: Tensor]> {
  reduction: F.Reduction;

  constructor(options: F.LossOptions = {}) {
    super();
    this.reduction = checked(this.constructor.name, options, LOSS).reduction ?? 'mean';
  }
}

/** Losses with a weight for every class or element. */
export abstract class WeightedLoss extends Loss {
  weight: Tensor | null = null;

  constructor(options: F.LossOptions & { weight?: Tensor | null | undefined } = {}) {
    const { reduction, weight } = checked(new.target.name, options, { ...LOSS, weight: 'tensor?' });
    super({ reduction });
    if (weight) this.weight = this.registerBuffer('weight', weight);
  }

  protected common() {
    const { reduction, weight } = this;
    return { reduction, ...(weight && { weight }) };
  }
}

/**
 * Negative log-likelihood. input: log-probabilities [N, C] or [N, C, …]; target: i32 classes [N] or [N, …].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
 */
export class NLLLoss extends WeightedLoss {
  ignoreIndex: number;

  constructor(options: F.NllOptions = {}) {
    const { ignoreIndex = -100, ...rest } = checked(new.target.name, options, NLL);
    super(rest);
    this.ignoreIndex = ignoreIndex;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.nllLoss(input, target, { ...this.common(), ignoreIndex: this.ignoreIndex });
  }
}

/**
 * Cross-entropy of logits, log-softmax and NLL in one. Shapes as {@link NLLLoss}.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
 */
export class CrossEntropyLoss extends NLLLoss {
  labelSmoothing: number;

  /** @param options.labelSmoothing share of the target spread over all classes. Default: 0 */
  constructor(options: F.CrossEntropyOptions = {}) {
    const { labelSmoothing = 0, ...rest } = checked('CrossEntropyLoss', options, CROSS_ENTROPY);
    super(rest);
    this.labelSmoothing = labelSmoothing;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { ignoreIndex, labelSmoothing } = this;
    return F.crossEntropy(input, target, { ...this.common(), ignoreIndex, labelSmoothing });
  }
}

/** (input − target)². @see https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html */
export class MSELoss extends Loss {
  forward(input: Tensor, target: Tensor): Tensor {
    return F.mseLoss(input, target, { reduction: this.reduction });
  }
}

/** |input − target|. @see https://pytorch.org/docs/stable/generated/torch.nn.L1Loss.html */
export class L1Loss extends Loss {
  forward(input: Tensor, target: Tensor): Tensor {
    return F.l1Loss(input, target, { reduction: this.reduction });
  }
}

/**
 * Squared below `beta`, linear above, with slope 1.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html
 */
export class SmoothL1Loss extends Loss {
  beta: number;

  /** @param options.beta default 1 */
  constructor(options: F.LossOptions & { beta?: number } = {}) {
    const { reduction, beta = 1 } = checked('SmoothL1Loss', options, { ...LOSS, beta: 'number' });
    super({ reduction });
    this.beta = beta;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.smoothL1Loss(input, target, { reduction: this.reduction, beta: this.beta });
  }
}

/**
 * Squared below `delta`, linear above, with slope `delta`.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html
 */
export class HuberLoss extends Loss {
  delta: number;

  /** @param options.delta default 1 */
  constructor(options: F.LossOptions & { delta?: number } = {}) {
    const { reduction, delta = 1 } = checked('HuberLoss', options, { ...LOSS, delta: 'number' });
    super({ reduction });
    this.delta = delta;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.huberLoss(input, target, { reduction: this.reduction, delta: this.delta });
  }
}

/**
 * Binary cross-entropy of logits; targets from 0 to 1.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
 */
export class BCEWithLogitsLoss extends WeightedLoss {
  posWeight: Tensor | null = null;

  constructor(options: F.BinaryCrossEntropyOptions = {}) {
    const known = { ...LOSS, weight: 'tensor?', posWeight: 'tensor?' } as const;
    const { posWeight, ...rest } = checked('BCEWithLogitsLoss', options, known);
    super(rest);
    if (posWeight) this.posWeight = this.registerBuffer('posWeight', posWeight);
  }

  protected override keyOf(field: string): string {
    return field === 'posWeight' ? 'pos_weight' : field;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { posWeight } = this;
    return F.binaryCrossEntropyWithLogits(input, target, { ...this.common(), ...(posWeight && { posWeight }) });
  }
}

/**
 * Binary cross-entropy of probabilities; targets from 0 to 1. {@link BCEWithLogitsLoss} is the more exact.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
 */
export class BCELoss extends WeightedLoss {
  forward(input: Tensor, target: Tensor): Tensor {
    return F.binaryCrossEntropy(input, target, this.common());
  }
}

/**
 * Divergence of the distribution `target` from the one whose logarithm is `input`.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
 */
export class KLDivLoss extends Module<[input: Tensor, target: Tensor]> {
  reduction: NonNullable<F.KlDivOptions['reduction']>;
  logTarget: boolean;

  constructor(options: F.KlDivOptions = {}) {
    super();
    const { reduction = 'mean', logTarget = false } = checked('KLDivLoss', options, KL_DIV);
    this.reduction = reduction;
    this.logTarget = logTarget;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.klDiv(input, target, { reduction: this.reduction, logTarget: this.logTarget });
  }
}
