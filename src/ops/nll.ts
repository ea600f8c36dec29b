/** Losses of classification: negative log-likelihood and cross-entropy. */

import { refuse } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { crossEntropyKernel, isSmall } from '../kernels/crossEntropy.js';
import { type NllSpec, nllEachKernel, nllGradKernel } from '../kernels/nll.js';
import { launch, launchMany } from '../tensor/launch.js';
import { differentiable, noGrad } from '../tensor/remember.js';
import { type Shape, sameShape, show, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { expand, reshape, sum } from './broadcast.js';
import { cast } from './cast.js';
import { add, div, mul, neg } from './elementwise/arithmetic.js';
import { LOSS, type Reduction, reduced } from './losses.js';
import { isRepeatable, logitsOf, logSoftmax } from './softmax.js';

export interface NllOptions {
  /** A weight for every class, f32 of shape [C]. A mean divides by the weights of the targets. */
  weight?: Tensor | null | undefined;
  /** Targets of this value count neither in the loss nor in the mean. Default: -100. */
  ignoreIndex?: number | undefined;
  /** Default: 'mean'. */
  reduction?: Reduction | undefined;
}

export interface CrossEntropyOptions extends NllOptions {
  /** The share of every target that is spread evenly over all classes. Default: 0. */
  labelSmoothing?: number | undefined;
}

/** @internal */
export const NLL: Known<NllOptions> = { ...LOSS, weight: 'tensor?', ignoreIndex: 'whole' };

/** @internal */
export const CROSS_ENTROPY: Known<CrossEntropyOptions> = { ...NLL, labelSmoothing: 'number' };

function checkOptions(name: string, x: Tensor, { weight, labelSmoothing = 0 }: CrossEntropyOptions): void {
  const classes = x.shape[x.ndim === 1 ? 0 : 1];
  if (weight && !sameShape(weight.shape, [classes ?? 0])) {
    refuse(`${name}: ${classes} classes want weights of shape [${classes}], got ${show(weight.shape)}`);
  }
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    refuse(`${name}: labelSmoothing is in [0, 1], got ${labelSmoothing}`);
  }
}

/** Checks shapes and gives the kernels' spec. */
function specOf(name: string, x: Tensor, target: Tensor, options: CrossEntropyOptions): NllSpec {
  const { weight, ignoreIndex = -100, reduction = 'mean', labelSmoothing = 0 } = options;
  const [n = 0, classes = 0, ...rest] = x.shape;
  if (x.dtype !== 'f32' || x.ndim < 2) {
    refuse(`${name}: wants f32 of shape [N, C] or [N, C, ...], got ${x.dtype} ${show(x.shape)}`);
  }
  if (!sameShape(target.shape, [n, ...rest])) {
    refuse(`${name}: input ${show(x.shape)} wants targets of shape ${show([n, ...rest])}, got ${show(target.shape)}`);
  }
  if (target.dtype !== 'i32' && target.dtype !== 'u32') {
    refuse(`${name}: targets are class indices in i32, got ${target.dtype}; cast them`);
  }
  checkOptions(name, x, options);
  if (classes === 0) refuse(`${name}: input ${show(x.shape)} has no classes`);
  const inner = sizeOf(rest);
  return { n, classes, inner, weighted: Boolean(weight), smoothing: labelSmoothing, ignoreIndex, reduction };
}

/** What a loss is of: log-probabilities, the logits they came from, or both where both are known. */
interface Source {
  readonly logp?: Tensor | undefined;
  readonly logits?: Tensor | undefined;
}

/**
 * The loss, recorded as a function of its source. Where the logits are known, its gradient goes to them, in one launch for
 * log-softmax and loss, unless the log-probabilities are to have one of their own.
 */
function lossOf(
  name: string,
  x: Tensor,
  { logp, logits }: Source,
  targets: Tensor,
  options: CrossEntropyOptions,
): Tensor {
  if (x.ndim === 1 && targets.ndim === 0) {
    const alone = reshape(x, [1, x.size]);
    const source = logits ? { logits: alone } : { logp: alone };
    const loss = lossOf(name, alone, source, reshape(targets, [1]), options);
    return reshape(loss, []);
  }
  const spec = specOf(name, x, targets, options);
  const rest = [cast(targets, 'i32'), ...(options.weight ? [options.weight] : [])];
  const made = losses(spec, { logp, logits }, rest, targets.shape);
  const inputs = [logp, logits].filter((input) => input !== undefined);
  const total = spec.reduction === 'mean' ? [made.total] : [];
  const fused = (g: Tensor) => {
    const toLogits = logits !== undefined && !(logp?.retainsGrad || logp?.hook);
    const read = [...(toLogits ? [made.logp] : []), ...rest, g, ...total];
    const grad = launch(nllGradKernel({ ...spec, logits: toLogits }), read, x.shape);
    return inputs.map((input) => (input === (toLogits ? logits : logp) ? grad : null));
  };
  // Of log-probabilities the loss is linear, and so is its gradient, of which it is the gradient in turn.
  const spread = (g: Tensor): Tensor => {
    const grad = launch(nllGradKernel({ ...spec, logits: false }), [...rest, g, ...total], x.shape);
    return differentiable('nll.grad', [g], grad, { by: [ofLogp] });
  };
  const ofLogp = (t: Tensor): Tensor =>
    differentiable(name, [t], losses(spec, { logp: t }, rest, targets.shape).value, { by: [spread] });
  const inOps = (source: Tensor): Tensor => ofLogp(logp ? source : logSoftmax(source, 1));
  return differentiable(name, inputs, made.value, { inOps, fused });
}

/** The loss, the weight that a mean divides by, and log-probabilities for the gradient to read. */
function losses(spec: NllSpec, { logp, logits }: Source, rest: readonly Tensor[], shape: Shape) {
  if (logits && (!logp || isRepeatable(logp)) && isSmall(spec)) {
    const [again, value, total] = launchMany(
      crossEntropyKernel(spec),
      [logits, ...rest],
      [logits, { shape: [] }, { shape: [] }],
    );
    return { value, total, logp: again };
  }
  const y = logp ?? noGrad(() => logSoftmax(logits as Tensor, 1));
  const [each, counts] = launchMany(nllEachKernel(spec), [y, ...rest], [{ shape }, { shape }]);
  if (spec.reduction === 'none') return { value: each, total: counts, logp: y };
  const [value, total] = [sum(each), sum(counts)];
  return { value: spec.reduction === 'mean' ? div(value, total) : value, total, logp: y };
}

/**
 * −x[target], of log-probabilities x. After {@link logSoftmax} along dimension 1, the gradients of both are one launch.
 *
 * @param x [N, C] or [N, C, d...], what {@link logSoftmax} along dimension 1 gives; or [C], of one sample
 * @param target class indices, i32 of shape [N] or [N, d...], or a scalar; an index outside the classes makes the loss NaN
 * @returns a scalar, or with reduction 'none' the target's shape
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
 */
export const nllLoss = (x: Tensor, target: Tensor, options: NllOptions = {}): Tensor =>
  lossOf(
    'nllLoss',
    wantTensor('nllLoss', 'input', x),
    { logp: x, logits: logitsOf(x) },
    wantTensor('nllLoss', 'target', target),
    {
      ...checked('nllLoss', options, NLL),
      labelSmoothing: 0,
    },
  );

/**
 * Cross-entropy of logits x along dimension 1: log-softmax and {@link nllLoss} with one launch for the gradient of both.
 *
 * @param x [N, C] or [N, C, d...]; or [C], of one sample
 * @param target class indices (i32, [N] or [N, d...], or a scalar), or class probabilities (f32, the shape of x), of which
 *   `ignoreIndex` can leave out none
 * @returns a scalar, or with reduction 'none' a loss per position
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
 */
export function crossEntropy(x: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  wantTensor('crossEntropy', 'input', x);
  wantTensor('crossEntropy', 'target', target);
  checked('crossEntropy', options, CROSS_ENTROPY);
  if (target.dtype === 'f32' && sameShape(target.shape, x.shape)) return ofProbabilities(x, target, options);
  return lossOf('crossEntropy', x, { logits: x }, target, options);
}

function ofProbabilities(x: Tensor, target: Tensor, options: CrossEntropyOptions): Tensor {
  const { weight, ignoreIndex = -100, reduction = 'mean', labelSmoothing = 0 } = options;
  if (ignoreIndex >= 0) {
    refuse(
      `crossEntropy: ignoreIndex ${ignoreIndex} is a class index, and the targets are probabilities; leave it out`,
    );
  }
  checkOptions('crossEntropy', x, options);
  if (x.ndim === 1) {
    const [alone, wanted] = [reshape(x, [1, x.size]), reshape(target, [1, x.size])];
    return reshape(ofProbabilities(alone, wanted, options), []);
  }
  const [n = 1, classes = 1, ...rest] = x.shape;
  const smooth = labelSmoothing === 0 ? target : add(mul(target, 1 - labelSmoothing), labelSmoothing / classes);
  const column = [1, classes, ...rest.map(() => 1)];
  const weighted = weight ? mul(smooth, expand(reshape(weight, column), x.shape)) : smooth;
  const losses = neg(sum(mul(weighted, logSoftmax(x, 1)), { dim: 1 }));
  return reduction === 'mean' ? mul(sum(losses), 1 / (n * sizeOf(rest))) : reduced(losses, reduction);
}
