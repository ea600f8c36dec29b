/** Losses as modules: `loss.forward(input, target)`. What each computes stands with the function of the same name. */
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { Module } from './module.js';

abstract class Loss extends Module<[input: Tensor, target: Tensor]> {
  readonly reduction: F.Reduction;

  constructor({ reduction = 'mean' }: F.LossOptions = {}) {
    super();
    this.reduction = reduction;
  }
}

/**
 * Negative log-likelihood. input: log-probabilities [N, C] or [N, C, …]; target: i32 classes [N] or [N, …].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
 */
export class NLLLoss extends Loss {
  weight: Tensor | null = null;
  readonly ignoreIndex: number;

  constructor({ reduction, weight, ignoreIndex = -100 }: F.NllOptions = {}) {
    super({ reduction });
    this.ignoreIndex = ignoreIndex;
    if (weight) this.weight = this.registerBuffer('weight', weight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { reduction, weight, ignoreIndex } = this;
    return F.nllLoss(input, target, { reduction, ignoreIndex, ...(weight ? { weight } : {}) });
  }
}

/**
 * Cross-entropy of logits, log-softmax and NLL in one. Shapes as {@link NLLLoss}.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
 */
export class CrossEntropyLoss extends NLLLoss {
  readonly labelSmoothing: number;

  /** @param options.labelSmoothing share of the target spread over all classes. Default: 0 */
  constructor({ labelSmoothing = 0, ...options }: F.CrossEntropyOptions = {}) {
    super(options);
    this.labelSmoothing = labelSmoothing;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { reduction, weight, ignoreIndex, labelSmoothing } = this;
    return F.crossEntropy(input, target, { reduction, ignoreIndex, labelSmoothing, ...(weight ? { weight } : {}) });
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
  readonly beta: number;

  /** @param options.beta default 1 */
  constructor({ reduction, beta = 1 }: F.LossOptions & { beta?: number } = {}) {
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
  readonly delta: number;

  /** @param options.delta default 1 */
  constructor({ reduction, delta = 1 }: F.LossOptions & { delta?: number } = {}) {
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
export class BCEWithLogitsLoss extends Loss {
  weight: Tensor | null = null;
  posWeight: Tensor | null = null;

  constructor({ reduction, weight, posWeight }: F.BinaryCrossEntropyOptions = {}) {
    super({ reduction });
    if (weight) this.weight = this.registerBuffer('weight', weight);
    if (posWeight) this.posWeight = this.registerBuffer('posWeight', posWeight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { reduction, weight, posWeight } = this;
    const weights = { ...(weight ? { weight } : {}), ...(posWeight ? { posWeight } : {}) };
    return F.binaryCrossEntropyWithLogits(input, target, { reduction, ...weights });
  }
}

/**
 * Binary cross-entropy of probabilities; targets from 0 to 1. {@link BCEWithLogitsLoss} is the more exact.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
 */
export class BCELoss extends Loss {
  weight: Tensor | null = null;

  constructor({ reduction, weight }: Omit<F.BinaryCrossEntropyOptions, 'posWeight'> = {}) {
    super({ reduction });
    if (weight) this.weight = this.registerBuffer('weight', weight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { reduction, weight } = this;
    return F.binaryCrossEntropy(input, target, { reduction, ...(weight ? { weight } : {}) });
  }
}

/**
 * Divergence of the distribution `target` from the one whose logarithm is `input`.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
 */
export class KLDivLoss extends Module<[input: Tensor, target: Tensor]> {
  constructor(readonly options: F.KlDivOptions = {}) {
    super();
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.klDivLoss(input, target, this.options);
  }
}
