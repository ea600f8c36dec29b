/** Losses that leave alone what is right by a margin. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { broadcast, sameShape, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { reshape } from './broadcast.js';
import { MARGIN, type MarginOptions } from './distances.js';
import { clamp, relu, softplus } from './elementwise/activations.js';
import { add, mul, neg, square, sub } from './elementwise/arithmetic.js';
import { eq } from './elementwise/comparison.js';
import { gather, indexSelect, oneHot } from './indexing.js';
import { binaryCrossEntropyWithLogits, LOSS, type LossOptions, reduced, same } from './losses.js';
import { mean } from './reduce.js';
import { unsqueeze, where } from './shape.js';

/**
 * max(0, −target · (x1 − x2) + margin): target 1 wants x1 the larger, −1 x2. The three broadcast. Default margin: 0.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html
 */
export function marginRankingLoss(x1: Tensor, x2: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  const { margin = 0, reduction } = checked('marginRankingLoss', options, MARGIN);
  wantTensor('marginRankingLoss', 'x1', x1);
  wantTensor('marginRankingLoss', 'x2', x2);
  wantTensor('marginRankingLoss', 'target', target);
  broadcast('marginRankingLoss', broadcast('marginRankingLoss', x1.shape, x2.shape), target.shape);
  return reduced(clamp(add(mul(neg(target), sub(x1, x2)), margin), { min: 0 }), reduction);
}

/**
 * x where the target is 1, max(0, margin − x) where it is −1. Default margin: 1.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.hinge_embedding_loss.html
 */
export function hingeEmbeddingLoss(x: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  const { margin = 1, reduction } = checked('hingeEmbeddingLoss', options, MARGIN);
  same('hingeEmbeddingLoss', x, target);
  const apart = where(eq(target, 1), 0, clamp(sub(margin, x), { min: 0 }));
  return reduced(add(apart, where(eq(target, -1), 0, x)), reduction);
}

/**
 * log(1 + e^(−target · x)), of targets 1 and −1.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.soft_margin_loss.html
 */
export function softMarginLoss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const { reduction } = checked('softMarginLoss', options, LOSS);
  same('softMarginLoss', x, target);
  return reduced(softplus(mul(neg(target), x)), reduction);
}

export interface ClassWeightOptions extends LossOptions {
  /** A weight for every class, f32 of shape [C]. */
  weight?: Tensor | null | undefined;
}

/** @internal */
export const CLASS_WEIGHT: Known<ClassWeightOptions> = { ...LOSS, weight: 'tensor?' };

/**
 * The mean over the classes, the last dimension, of the cross-entropy of logits x and targets 0 or 1.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_soft_margin_loss.html
 */
export function multilabelSoftMarginLoss(x: Tensor, target: Tensor, options: ClassWeightOptions = {}): Tensor {
  const { weight, reduction } = checked('multilabelSoftMarginLoss', options, CLASS_WEIGHT);
  same('multilabelSoftMarginLoss', x, target);
  const losses = binaryCrossEntropyWithLogits(x, target, { reduction: 'none', weight });
  return reduced(mean(losses, { dim: -1 }), reduction);
}

export interface MultiMarginOptions extends ClassWeightOptions {
  /** 1, or 2 for squares. Default: 1. */
  p?: number | undefined;
  /** Default: 1. */
  margin?: number | undefined;
}

/** @internal */
export const MULTI_MARGIN: Known<MultiMarginOptions> = { ...CLASS_WEIGHT, p: 'size', margin: 'number' };

/**
 * Σ max(0, margin − x[y] + x[i])^p / C over all classes i but the target y, times the weight of y. x: [N, C] or [C]; target: i32 [N]
 * or [].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html
 */
export function multiMarginLoss(x: Tensor, target: Tensor, options: MultiMarginOptions = {}): Tensor {
  const { p = 1, margin = 1, weight, reduction } = checked('multiMarginLoss', options, MULTI_MARGIN);
  wantTensor('multiMarginLoss', 'x', x);
  wantTensor('multiMarginLoss', 'target', target);
  if (p !== 1 && p !== 2) refuse(`multiMarginLoss: p is 1 or 2, got ${p}`);
  const classes = x.shape.at(-1) ?? 0;
  if (x.ndim < 1 || x.ndim > 2 || classes === 0 || !sameShape(target.shape, x.shape.slice(0, -1))) {
    refuse(
      `multiMarginLoss: wants input [N, C] and target [N], or [C] and [], got ${show(x.shape)} and ${show(target.shape)}`,
    );
  }
  if (weight && !sameShape(weight.shape, [classes])) {
    refuse(`multiMarginLoss: ${classes} classes want weights of shape [${classes}], got ${show(weight.shape)}`);
  }
  const own = gather(x, -1, unsqueeze(target, -1));
  const over = relu(add(sub(x, own), margin));
  const others = where(eq(oneHot(target, classes), 1), 0, p === 1 ? over : square(over));
  const losses = mean(others, { dim: -1 });
  if (!weight) return reduced(losses, reduction);
  return reduced(mul(losses, reshape(indexSelect(weight, 0, reshape(target, [-1])), losses.shape)), reduction);
}
