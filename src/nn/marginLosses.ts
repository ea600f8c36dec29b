/** Losses of margins, distances and likelihoods as modules. What each computes stands with the function of the same name. */
import { checked } from '../gpu/options.js';
import { COSINE, DISTANCE, MARGIN, TRIPLET } from '../ops/distances.js';
import { GAUSSIAN, POISSON } from '../ops/likelihoods.js';
import { MULTI_MARGIN } from '../ops/margins.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { Loss, WeightedLoss } from './loss.js';
import { Module } from './module.js';

/** The cosine between vectors. @see https://pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html */
export class CosineSimilarity extends Module<[x1: Tensor, x2: Tensor]> {
  dim: number;
  eps: number;

  constructor(options: F.CosineSimilarityOptions = {}) {
    super();
    const { dim = 1, eps = 1e-8 } = checked('CosineSimilarity', options, COSINE);
    this.dim = dim;
    this.eps = eps;
  }

  forward(x1: Tensor, x2: Tensor): Tensor {
    return F.cosineSimilarity(x1, x2, { dim: this.dim, eps: this.eps });
  }
}

/** The distance between vectors. @see https://pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html */
export class PairwiseDistance extends Module<[x1: Tensor, x2: Tensor]> {
  p: number;
  eps: number;
  keepdim: boolean;

  constructor(options: F.PairwiseDistanceOptions = {}) {
    super();
    const { p = 2, eps = 1e-6, keepdim = false } = checked('PairwiseDistance', options, DISTANCE);
    this.p = p;
    this.eps = eps;
    this.keepdim = keepdim;
  }

  forward(x1: Tensor, x2: Tensor): Tensor {
    const { p, eps, keepdim } = this;
    return F.pairwiseDistance(x1, x2, { p, eps, keepdim });
  }
}

/** max(0, |anchor − positive| − |anchor − negative| + margin). @see https://pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html */
export class TripletMarginLoss extends Module<[anchor: Tensor, positive: Tensor, negative: Tensor]> {
  margin: number;
  p: number;
  eps: number;
  swap: boolean;
  reduction: F.Reduction;

  constructor(options: F.TripletMarginOptions = {}) {
    super();
    const known = checked('TripletMarginLoss', options, TRIPLET);
    const { margin = 1, p = 2, eps = 1e-6, swap = false, reduction = 'mean' } = known;
    this.margin = margin;
    this.p = p;
    this.eps = eps;
    this.swap = swap;
    this.reduction = reduction;
  }

  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin, p, eps, swap, reduction } = this;
    return F.tripletMarginLoss(anchor, positive, negative, { margin, p, eps, swap, reduction });
  }
}

/** 1 − cosine of what belongs together, cosine − margin of what does not. @see https://pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html */
export class CosineEmbeddingLoss extends Module<[x1: Tensor, x2: Tensor, target: Tensor]> {
  margin: number;
  reduction: F.Reduction;

  /** @param options.margin default 0 */
  constructor(options: F.MarginOptions = {}) {
    super();
    const { margin = 0, reduction = 'mean' } = checked(this.constructor.name, options, MARGIN);
    this.margin = margin;
    this.reduction = reduction;
  }

  forward(x1: Tensor, x2: Tensor, target: Tensor): Tensor {
    return F.cosineEmbeddingLoss(x1, x2, target, { margin: this.margin, reduction: this.reduction });
  }
}

/** max(0, −target · (x1 − x2) + margin). @see https://pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html */
export class MarginRankingLoss extends CosineEmbeddingLoss {
  override forward(x1: Tensor, x2: Tensor, target: Tensor): Tensor {
    return F.marginRankingLoss(x1, x2, target, { margin: this.margin, reduction: this.reduction });
  }
}

/** x where the target is 1, max(0, margin − x) where it is −1. @see https://pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html */
export class HingeEmbeddingLoss extends Loss {
  margin: number;

  /** @param options.margin default 1 */
  constructor(options: F.MarginOptions = {}) {
    const { margin = 1, reduction } = checked('HingeEmbeddingLoss', options, MARGIN);
    super({ reduction });
    this.margin = margin;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.hingeEmbeddingLoss(input, target, { margin: this.margin, reduction: this.reduction });
  }
}

/** log(1 + e^(−target · x)). @see https://pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html */
export class SoftMarginLoss extends Loss {
  forward(input: Tensor, target: Tensor): Tensor {
    return F.softMarginLoss(input, target, { reduction: this.reduction });
  }
}

/** Cross-entropy of logits, the mean over classes. @see https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html */
export class MultiLabelSoftMarginLoss extends WeightedLoss {
  forward(input: Tensor, target: Tensor): Tensor {
    return F.multilabelSoftMarginLoss(input, target, this.common());
  }
}

/** Σ max(0, margin − x[target] + x[i])^p / C. @see https://pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html */
export class MultiMarginLoss extends WeightedLoss {
  p: number;
  margin: number;

  constructor(options: F.MultiMarginOptions = {}) {
    const { p = 1, margin = 1, ...rest } = checked('MultiMarginLoss', options, MULTI_MARGIN);
    super(rest);
    this.p = p;
    this.margin = margin;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.multiMarginLoss(input, target, { ...this.common(), p: this.p, margin: this.margin });
  }
}

/** Of a normal distribution of given variances. @see https://pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html */
export class GaussianNLLLoss extends Module<[input: Tensor, target: Tensor, variance: Tensor]> {
  full: boolean;
  eps: number;
  reduction: F.Reduction;

  constructor(options: F.GaussianNllOptions = {}) {
    super();
    const { full = false, eps = 1e-6, reduction = 'mean' } = checked('GaussianNLLLoss', options, GAUSSIAN);
    this.full = full;
    this.eps = eps;
    this.reduction = reduction;
  }

  forward(input: Tensor, target: Tensor, variance: Tensor): Tensor {
    const { full, eps, reduction } = this;
    return F.gaussianNllLoss(input, target, variance, { full, eps, reduction });
  }
}

/** Of counts. @see https://pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html */
export class PoissonNLLLoss extends Loss {
  logInput: boolean;
  full: boolean;
  eps: number;

  constructor(options: F.PoissonNllOptions = {}) {
    const { logInput = true, full = false, eps = 1e-8, ...rest } = checked('PoissonNLLLoss', options, POISSON);
    super(rest);
    this.logInput = logInput;
    this.full = full;
    this.eps = eps;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { logInput, full, eps, reduction } = this;
    return F.poissonNllLoss(input, target, { logInput, full, eps, reduction });
  }
}
