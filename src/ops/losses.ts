/** Losses of regression, written in ops. */

import { refuse } from '../gpu/errors.js';
import { checked, extended, type Known, wantTensor } from '../gpu/options.js';
import { differentiable, noGrad } from '../tensor/remember.js';
import { sameShape, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { sum } from './broadcast.js';
import { cast } from './cast.js';
import { clamp } from './elementwise/activations.js';
import { abs, add, div, maximum, mul, neg, square, sub } from './elementwise/arithmetic.js';
import { exp, log, log1p } from './elementwise/exponential.js';
import { bce, weightedSoftplus } from './elementwise/logits.js';
import { mean } from './reduce.js';

/** How the losses of the elements become one: their mean, their sum, or not at all. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface LossOptions {
  /** Default: 'mean'. */
  reduction?: Reduction | undefined;
}

/** @internal */
export const LOSS: Known<LossOptions> = { reduction: ['mean', 'sum', 'none'] };

/** @internal */
export function reduced(losses: Tensor, reduction: Reduction = 'mean'): Tensor {
  if (reduction === 'none') return losses;
  return reduction === 'mean' ? mean(losses) : sum(losses);
}

/** @internal */
export function same(name: string, x: Tensor, target: Tensor): void {
  wantTensor(name, 'input', x);
  wantTensor(name, 'target', target);
  if (sameShape(x.shape, target.shape)) return;
  refuse(`${name}: input ${show(x.shape)} and target ${show(target.shape)} differ; expand one of them`);
}

/** (x − target)². @see https://pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html */
export function mseLoss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const { reduction } = checked('mseLoss', options, LOSS);
  same('mseLoss', x, target);
  return reduced(square(cast(sub(x, target), 'f32')), reduction);
}

/** |x − target|. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html */
export function l1Loss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const { reduction } = checked('l1Loss', options, LOSS);
  same('l1Loss', x, target);
  return reduced(abs(sub(x, target)), reduction);
}

/** a · (d − a/2) times `scale`, where d = |x − target| and a = min(d, delta): nothing infinite meets the 0 of the other branch. */
function huber(x: Tensor, target: Tensor, delta: number, scale: number): Tensor {
  const d = abs(sub(x, target));
  const a = clamp(d, { max: delta });
  return mul(mul(a, sub(d, mul(a, 0.5))), scale);
}

/**
 * Squared near the target, linear from `beta` on: d²/(2·beta) or d − beta/2. Default beta: 1.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html
 */
export function smoothL1Loss(x: Tensor, target: Tensor, options: LossOptions & { beta?: number } = {}): Tensor {
  const { beta = 1, reduction } = checked('smoothL1Loss', options, { ...LOSS, beta: 'number' });
  if (!(beta >= 0)) refuse(`smoothL1Loss: beta is at least 0, got ${beta}`);
  same('smoothL1Loss', x, target);
  if (beta === 0) return l1Loss(x, target, { reduction: reduction ?? 'mean' });
  return reduced(huber(x, target, beta, 1 / beta), reduction);
}

/**
 * Squared near the target, linear from `delta` on: d²/2 or delta · (d − delta/2). Default delta: 1.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html
 */
export function huberLoss(x: Tensor, target: Tensor, options: LossOptions & { delta?: number } = {}): Tensor {
  const { delta = 1, reduction } = checked('huberLoss', options, { ...LOSS, delta: 'number' });
  if (!(delta > 0)) refuse(`huberLoss: delta is above 0, got ${delta}`);
  same('huberLoss', x, target);
  return reduced(huber(x, target, delta, 1), reduction);
}

export interface BinaryCrossEntropyOptions extends LossOptions {
  /** Multiplies the loss of every element; broadcasts. */
  weight?: Tensor | null | undefined;
  /** Multiplies the part of the positive targets; broadcasts. */
  posWeight?: Tensor | null | undefined;
}

const BINARY: Known<Omit<BinaryCrossEntropyOptions, 'posWeight'>> = /* @__PURE__ */ extended(LOSS, {
  weight: 'tensor?',
});

/**
 * −p·t·log σ(x) − (1 − t)·log(1 − σ(x)) for `posWeight` p. Losses of sure, right logits keep their digits, however small,
 * and those of infinite ones are 0.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
 */
export function binaryCrossEntropyWithLogits(
  x: Tensor,
  target: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  const known = { ...BINARY, posWeight: 'tensor?' } as const;
  const { weight, posWeight, reduction } = checked('binaryCrossEntropyWithLogits', options, known);
  same('binaryCrossEntropyWithLogits', x, target);
  const losses = posWeight
    ? add(weightedSoftplus(neg(x), mul(target, posWeight)), weightedSoftplus(x, sub(1, target)))
    : bce(x, target);
  return reduced(weight ? mul(losses, weight) : losses, reduction);
}

/**
 * As {@link binaryCrossEntropyWithLogits}, of probabilities x; logarithms are at least −100. Targets get no gradient.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html
 */
export function binaryCrossEntropy(
  x: Tensor,
  target: Tensor,
  options: Omit<BinaryCrossEntropyOptions, 'posWeight'> = {},
): Tensor {
  const { weight, reduction } = checked('binaryCrossEntropy', options, BINARY);
  same('binaryCrossEntropy', x, target);
  const value = noGrad(() => {
    const [positive, negative] = [log(x), log1p(neg(x))].map((part) => maximum(part, -100)) as [Tensor, Tensor];
    return neg(add(mul(target, positive), mul(sub(1, target), negative)));
  });
  const losses = differentiable('binaryCrossEntropy', [x], value, {
    by: [(g) => mul(g, div(sub(x, target), maximum(mul(x, sub(1, x)), 1e-12)))],
  });
  return reduced(weight ? mul(losses, weight) : losses, reduction);
}

export interface KlDivOptions {
  /** 'batchmean' divides the sum by the first dimension, as the formula of the divergence has it. Default: 'mean'. */
  reduction?: Reduction | 'batchmean' | undefined;
  /** Whether targets are logarithms too. Default: false. */
  logTarget?: boolean | undefined;
}

/** @internal */
export const KL_DIV: Known<KlDivOptions> = { reduction: ['mean', 'sum', 'none', 'batchmean'], logTarget: 'boolean' };

/** Below it the logarithm of a target is taken as its own: 2^-126, the smallest f32 that no adapter flushes to 0. */
const TINY = 1.1754943508222875e-38;

/**
 * target · (log target − x), of log-probabilities x; 0 where the target is.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html
 */
export function klDiv(x: Tensor, target: Tensor, options: KlDivOptions = {}): Tensor {
  const { reduction = 'mean', logTarget = false } = checked('klDiv', options, KL_DIV);
  same('klDiv', x, target);
  const [p, logP] = logTarget ? [exp(target), target] : [target, log(maximum(target, TINY))];
  const losses = mul(p, sub(logP, x));
  return reduction === 'batchmean' ? div(sum(losses), x.shape[0] ?? 1) : reduced(losses, reduction);
}
