/** Distances and likenesses of vectors, and the losses that are made of them. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { broadcast } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { sum } from './broadcast.js';
import { clamp } from './elementwise/activations.js';
import { add, div, minimum, mul, sqrt, square, sub } from './elementwise/arithmetic.js';
import { eq } from './elementwise/comparison.js';
import { LOSS, type LossOptions, reduced } from './losses.js';
import { norm } from './reduce.js';
import { where } from './shape.js';

/** Both tensors, known to be such that broadcast. */
function pairOf(name: string, x1: Tensor, x2: Tensor): void {
  wantTensor(name, 'x1', x1);
  wantTensor(name, 'x2', x2);
  broadcast(name, x1.shape, x2.shape);
}

export interface CosineSimilarityOptions {
  /** The dimension of the vectors. Default: 1. */
  dim?: number | undefined;
  /** What lengths are at least. Default: 1e-8. */
  eps?: number | undefined;
}

/** @internal */
export const COSINE: Known<CosineSimilarityOptions> = { dim: 'whole', eps: 'number' };

/**
 * The cosine between vectors along `dim`: x1 · x2 / (max(|x1|, eps) · max(|x2|, eps)). x1 and x2 broadcast; the result is without
 * `dim`.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html
 */
export function cosineSimilarity(x1: Tensor, x2: Tensor, options: CosineSimilarityOptions = {}): Tensor {
  const { dim = 1, eps = 1e-8 } = checked('cosineSimilarity', options, COSINE);
  pairOf('cosineSimilarity', x1, x2);
  const unit = (x: Tensor): Tensor => div(x, clamp(norm(x, { dim, keepdim: true }), { min: eps }));
  return sum(mul(unit(x1), unit(x2)), { dim });
}

export interface PairwiseDistanceOptions {
  /** The norm. Default: 2. */
  p?: number | undefined;
  /** Added to every difference. Default: 1e-6. */
  eps?: number | undefined;
  /** Keep the last dimension with length 1. Default: false. */
  keepdim?: boolean | undefined;
}

/** @internal */
export const DISTANCE: Known<PairwiseDistanceOptions> = { p: 'number', eps: 'number', keepdim: 'boolean' };

/**
 * ‖x1 − x2 + eps‖ along the last dimension; x1 and x2 broadcast.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html
 */
export function pairwiseDistance(x1: Tensor, x2: Tensor, options: PairwiseDistanceOptions = {}): Tensor {
  const { p = 2, eps = 1e-6, keepdim = false } = checked('pairwiseDistance', options, DISTANCE);
  pairOf('pairwiseDistance', x1, x2);
  return norm(add(sub(x1, x2), eps), { p, dim: -1, keepdim });
}

export interface TripletMarginOptions extends LossOptions {
  /** Default: 1. */
  margin?: number | undefined;
  /** The norm. Default: 2. */
  p?: number | undefined;
  /** Added to every difference. Default: 1e-6. */
  eps?: number | undefined;
  /** Whether the negative's distance is that from the positive, where that is less (Balntas et al., 2016). Default: false. */
  swap?: boolean | undefined;
}

/** @internal */
export const TRIPLET: Known<TripletMarginOptions> = {
  ...{ ...LOSS, margin: 'number', p: 'number' },
  ...{ eps: 'number', swap: 'boolean' },
};

/**
 * max(0, |anchor − positive| − |anchor − negative| + margin), of vectors along the last dimension.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginOptions = {},
): Tensor {
  const { margin = 1, p = 2, eps = 1e-6, swap, reduction } = checked('tripletMarginLoss', options, TRIPLET);
  for (const [name, x] of Object.entries({ anchor, positive, negative })) {
    wantTensor('tripletMarginLoss', name, x);
    if (x.ndim !== anchor.ndim) refuse(`tripletMarginLoss: ${name} has ${x.ndim} dimensions, anchor ${anchor.ndim}`);
  }
  const between = (a: Tensor, b: Tensor): Tensor => pairwiseDistance(a, b, { p, eps });
  const apart = between(anchor, negative);
  const far = swap ? minimum(apart, between(positive, negative)) : apart;
  return reduced(clamp(sub(add(between(anchor, positive), margin), far), { min: 0 }), reduction);
}

export interface MarginOptions extends LossOptions {
  margin?: number | undefined;
}

/** @internal */
export const MARGIN: Known<MarginOptions> = { ...LOSS, margin: 'number' };

/** Added to squared lengths, as in PyTorch. */
const TINY = 1e-12;

/**
 * 1 − cos(x1, x2) where the target is 1, max(0, cos(x1, x2) − margin) where it is −1. x1, x2: [N, D], target: [N]; or [D] and [].
 * Default margin: 0.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html
 */
export function cosineEmbeddingLoss(x1: Tensor, x2: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  const { margin = 0, reduction } = checked('cosineEmbeddingLoss', options, MARGIN);
  pairOf('cosineEmbeddingLoss', x1, x2);
  wantTensor('cosineEmbeddingLoss', 'target', target);
  if (x1.ndim !== target.ndim + 1 || x2.ndim !== x1.ndim) {
    refuse(`cosineEmbeddingLoss: wants x1 and x2 [N, D] and target [N], or [D] and []`);
  }
  const total = (x: Tensor): Tensor => sum(x, { dim: -1 });
  const size = (x: Tensor): Tensor => add(total(square(x)), TINY);
  const cosine = div(total(mul(x1, x2)), sqrt(mul(size(x1), size(x2))));
  const apart = where(eq(target, -1), clamp(sub(cosine, margin), { min: 0 }), 0);
  return reduced(where(eq(target, 1), sub(1, cosine), apart), reduction);
}
