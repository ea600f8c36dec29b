/** Negative log-likelihoods of a normal distribution and of Poisson's. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { differentiable, noGrad } from '../tensor/remember.js';
import { sameShape, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { clamp } from './elementwise/activations.js';
import { add, div, mul, square, sub } from './elementwise/arithmetic.js';
import { gt } from './elementwise/comparison.js';
import { exp, log } from './elementwise/exponential.js';
import { LOSS, type LossOptions, reduced, same } from './losses.js';
import { unsqueeze, where } from './shape.js';

export interface GaussianNllOptions extends LossOptions {
  /** Whether to add the constant log(2π) / 2. Default: false. */
  full?: boolean | undefined;
  /** What variances are at least; their gradients are as without. Default: 1e-6. */
  eps?: number | undefined;
}

/** @internal */
export const GAUSSIAN: Known<GaussianNllOptions> = { ...LOSS, full: 'boolean', eps: 'number' };

/**
 * (log variance + (x − target)² / variance) / 2. variance: of x's shape, of that without the last dimension, or with 1 there.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html
 */
export function gaussianNllLoss(x: Tensor, target: Tensor, variance: Tensor, options: GaussianNllOptions = {}): Tensor {
  const { full, eps = 1e-6, reduction } = checked('gaussianNllLoss', options, GAUSSIAN);
  if (!(eps > 0)) refuse(`gaussianNllLoss: eps is above 0, got ${eps}`);
  same('gaussianNllLoss', x, target);
  wantTensor('gaussianNllLoss', 'variance', variance);
  const rows = x.shape.slice(0, -1);
  const isOfRows = x.ndim > 0 && sameShape(variance.shape, rows);
  if (!isOfRows && !sameShape(variance.shape, x.shape) && !sameShape(variance.shape, [...rows, 1])) {
    refuse(`gaussianNllLoss: variance ${show(variance.shape)} does not fit input ${show(x.shape)}`);
  }
  const given = isOfRows && !sameShape(variance.shape, x.shape) ? unsqueeze(variance, -1) : variance;
  const limited = noGrad(() => clamp(given, { min: eps }));
  const held = differentiable('atLeast', [given], limited, { by: [(g) => g] });
  const losses = mul(add(log(held), div(square(sub(x, target)), held)), 0.5);
  return reduced(full ? add(losses, 0.5 * Math.log(2 * Math.PI)) : losses, reduction);
}

export interface PoissonNllOptions extends LossOptions {
  /** Whether x is the logarithm of the rate. Default: true. */
  logInput?: boolean | undefined;
  /** Whether to add Stirling's approximation of log(target!), where targets are above 1. Default: false. */
  full?: boolean | undefined;
  /** Added to rates before their logarithm is taken. Default: 1e-8. */
  eps?: number | undefined;
}

/** @internal */
export const POISSON: Known<PoissonNllOptions> = { ...LOSS, logInput: 'boolean', full: 'boolean', eps: 'number' };

/**
 * e^x − target · x, or x − target · log(x + eps) without `logInput`.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html
 */
export function poissonNllLoss(x: Tensor, target: Tensor, options: PoissonNllOptions = {}): Tensor {
  const { logInput = true, full, eps = 1e-8, reduction } = checked('poissonNllLoss', options, POISSON);
  same('poissonNllLoss', x, target);
  const losses = logInput ? sub(exp(x), mul(target, x)) : sub(x, mul(target, log(add(x, eps))));
  return reduced(full ? add(losses, stirling(target)) : losses, reduction);
}

function stirling(target: Tensor): Tensor {
  const many = gt(target, 1);
  const count = where(many, target, 1);
  const logFactorial = add(sub(mul(count, log(count)), count), mul(log(mul(count, 2 * Math.PI)), 0.5));
  return where(many, logFactorial, 0);
}
