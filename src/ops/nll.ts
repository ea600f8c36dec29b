/** Losses of classification: negative log-likelihood and cross-entropy. */

import { refuse } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { crossEntropyKernel, isSmall } from '../kernels/crossEntropy.js';
import { type NllSpec, nllEachKernel, nllGradKernel } from '../kernels/nll.js';
import { launch, launchMany } from '../tensor/launch.js';
import { differentiable, noGrad } from '../tensor/remember.js';
import { type Shape, sameShape, show, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { reshape, sum } from './broadcast.js';
import { cast } from './cast.js';
import { add, div, mul, neg } from './elementwise/arithmetic.js';
import { LOSS, type Reduction, reduced } from './losses.js';
import { unsqueeze } from './shape.js';
import { isRepeatable, logitsOf, logProbabilities } from './softmax.js';

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

function checkOptions(name: string, { shape }: Tensor, { weight, labelSmoothing = 0 }: CrossEntropyOptions): void {
  const wanted = shape.slice(1, 2);
  if (weight && !sameShape(weight.shape, wanted)) {
    refuse(`${name}: ${wanted} classes want weights of shape ${show(wanted)}, got ${show(weight.shape)}`);
  }
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    refuse(`${name}: labelSmoothing is in [0, 1], got ${labelSmoothing}`);
  }
}

/** Checks shapes and gives the kernels' spec. */
function specOf(name: string, x: Tensor, target: Tensor, options: CrossEntropyOptions): NllSpec {
  const { weight, ignoreIndex = -100, reduction = 'mean', labelSmoothing: smoothing = 0 } = options;
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
  return { n, classes, inner: sizeOf(rest), weighted: Boolean(weight), smoothing, ignoreIndex, reduction };
}

/** What a loss is of: log-probabilities, the logits they came from, or both where both are known. */
interface Source {
  readonly logp?: Tensor | undefined;
  readonly logits?: Tensor | undefined;
  /** Whether log-softmax of the logits again gives the log-probabilities. */
  readonly isRepeatable?: boolean;
}

/**
 * The loss, recorded as a function of its source. Where the logits are known, its gradient goes to them, in one launch for
 * log-softmax and loss, unless the log-probabilities are to have one of their own.
 */
function lossOf(name: string, x: Tensor, source: Source, targets: Tensor, options: CrossEntropyOptions): Tensor {
  const { logp, logits } = source;
  const spec = specOf(name, x, targets, options);
  const rest = [cast(targets, 'i32'), ...(options.weight ? [options.weight] : [])];
  const [known, value, total] = losses(spec, source, rest, targets.shape);
  const inputs = [logp, logits].filter((input) => input !== undefined);
  const back = (g: Tensor, toLogits: boolean): Tensor => {
    const read = [...(toLogits ? [known] : []), ...rest, g, ...(spec.reduction === 'mean' ? [total] : [])];
    return launch(nllGradKernel({ ...spec, logits: toLogits }), read, x.shape);
  };
  const fused = (g: Tensor) => {
    const toLogits = logits !== undefined && !(logp?.retainsGrad || logp?.hook);
    const grad = back(g, toLogits);
    return inputs.map((input) => (input === (toLogits ? logits : logp) ? grad : null));
  };
  // Of log-probabilities the loss is linear, and so is its gradient, of which it is the gradient in turn.
  const spread = (g: Tensor): Tensor => differentiable('nll.grad', [g], back(g, false), { by: [ofLogp] });
  const ofLogp = (t: Tensor): Tensor =>
    differentiable(name, [t], losses(spec, { logp: t }, rest, targets.shape)[1], { by: [spread] });
  const inOps = (input: Tensor): Tensor => ofLogp(logp ? input : logProbabilities(input));
  return differentiable(name, inputs, value, { inOps, fused });
}

/** Log-probabilities for the gradient to read, the loss, and the weight that a mean divides by. */
function losses(
  spec: NllSpec,
  { logp, logits, isRepeatable }: Source,
  rest: readonly Tensor[],
  shape: Shape,
): readonly [Tensor, Tensor, Tensor] {
  if (logits && isRepeatable && isSmall(spec)) {
    return launchMany(crossEntropyKernel(spec), [logits, ...rest], [logits, { shape: [] }, { shape: [] }]);
  }
  const y = logp ?? noGrad(() => logProbabilities(logits as Tensor));
  const [each, counts] = launchMany(nllEachKernel(spec), [y, ...rest], [{ shape }, { shape }]);
  if (spec.reduction === 'none') return [y, each, counts];
  const [value, total] = [sum(each), sum(counts)];
  return [y, spec.reduction === 'mean' ? div(value, total) : value, total];
}

/** The loss of one sample: that of a batch of one. */
const ofOne = <Options>(
  loss: (x: Tensor, target: Tensor, options: Options) => Tensor,
  x: Tensor,
  target: Tensor,
  options: Options,
): Tensor => reshape(loss(unsqueeze(x, 0), unsqueeze(target, 0), options), []);

/**
 * −x[target], of log-probabilities x. After `logSoftmax` along dimension 1, the gradients of both are one launch.
 *
 * @param x [N, C] or [N, C, d...], what `logSoftmax` along dimension 1 gives; or [C], of one sample
 * @param target class indices, i32 of shape [N] or [N, d...], or a scalar; an index outside the classes makes the loss NaN
 * @returns a scalar, or with reduction 'none' the target's shape
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
 */
export function nllLoss(x: Tensor, target: Tensor, options: NllOptions = {}): Tensor {
  wantTensor('nllLoss', 'input', x);
  wantTensor('nllLoss', 'target', target);
  checked('nllLoss', options, NLL);
  if (x.ndim === 1 && target.ndim === 0) return ofOne(nllLoss, x, target, options);
  return lossOf('nllLoss', x, { logp: x, logits: logitsOf(x), isRepeatable: isRepeatable(x) }, target, options);
}

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
  const ofClasses = target.dtype !== 'f32' || !sameShape(target.shape, x.shape);
  if (x.ndim === 1 && !(ofClasses && target.ndim)) return ofOne(crossEntropy, x, target, options);
  if (!ofClasses) return ofProbabilities(x, target, options);
  return lossOf('crossEntropy', x, { logits: x, isRepeatable: true }, target, options);
}

function ofProbabilities(x: Tensor, target: Tensor, options: CrossEntropyOptions): Tensor {
  const { weight, ignoreIndex = -1, reduction, labelSmoothing = 0 } = options;
  if (ignoreIndex >= 0) {
    refuse(
      `crossEntropy: ignoreIndex ${ignoreIndex} is a class index, and the targets are probabilities; leave it out`,
    );
  }
  checkOptions('crossEntropy', x, options);
  const [, classes = 1, ...rest] = x.shape;
  const smooth = labelSmoothing === 0 ? target : add(mul(target, 1 - labelSmoothing), labelSmoothing / classes);
  const weighted = weight ? mul(smooth, reshape(weight, [classes, ...rest.map(() => 1)])) : smooth;
  return reduced(neg(sum(mul(weighted, logProbabilities(x)), { dim: 1 })), reduction);
}
