/** The loss of sequences whose alignment with their targets is not known. */
import { adapter } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import { checked, extended, isTensor, type Known, required, text, wantTensor } from '../gpu/options.js';
import { type CtcSpec, ctcGradKernel, ctcKernel, ctcStates } from '../kernels/ctc.js';
import { hostValues } from '../tensor/hostValues.js';
import { launch, launchMany } from '../tensor/launch.js';
import { differentiable, isGradEnabled, noGrad } from '../tensor/remember.js';
import { at, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { reshape } from './broadcast.js';
import { cast } from './cast.js';
import { div, maximum } from './elementwise/arithmetic.js';
import { eq } from './elementwise/comparison.js';
import { indices } from './indexing.js';
import { LOSS, type LossOptions, reduced } from './losses.js';
import { where } from './shape.js';

export interface CtcOptions extends LossOptions {
  /** The class of the blank. Default: 0. */
  blank?: number | undefined;
  /** Whether infinite losses, of targets too long for their inputs, count as 0 and have gradients of 0. Default: false. */
  zeroInfinity?: boolean | undefined;
}

/** @internal */
export const CTC: Known<CtcOptions> = /* @__PURE__ */ extended(LOSS, { blank: 'count', zeroInfinity: 'boolean' });

/**
 * Connectionist temporal classification: −log of the probability that a sequence of classes, with repeats joined and blanks left
 * out, is the target. A mean divides each loss by the length of its target (at least 1) first. The gradient, PyTorch's, is that
 * by the logits: right where `logProbs` is what `logSoftmax` gives; where a log-probability is −∞ it is 0 and not NaN. It is not
 * differentiable again, as in PyTorch.
 *
 * @param logProbs [T, N, C], or [T, C] of one sequence
 * @param targets i32: padded [N, S], or [the sum of their lengths], one behind the other; [S] of one sequence. A class that there
 *   is not makes the loss NaN
 * @param inputLengths at most T; an array of N, or i32 of shape [N], and then one that does not fit makes the loss NaN
 * @param targetLengths as `inputLengths`
 * @returns a scalar, or with reduction 'none' [N], of one sequence a scalar
 * @throws KindlingError where shapes, lengths of arrays, or `blank` do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: readonly number[] | Tensor,
  targetLengths: readonly number[] | Tensor,
  options: CtcOptions = {},
): Tensor {
  wantTensor('ctcLoss', 'logProbs', logProbs);
  wantTensor('ctcLoss', 'targets', targets);
  const { blank = 0, zeroInfinity = false, reduction = 'mean' } = checked('ctcLoss', options, CTC);
  if (logProbs.dtype !== 'f32' || (logProbs.ndim !== 2 && logProbs.ndim !== 3)) {
    refuse(`ctcLoss: wants f32 log-probabilities [T, N, C] or [T, C], got ${logProbs.dtype} ${show(logProbs.shape)}`);
  }
  if (logProbs.size === 0) refuse(`ctcLoss: ${show(logProbs.shape)} has no log-probabilities`);
  const [steps, classes] = [at(logProbs.shape, 0), at(logProbs.shape, logProbs.ndim - 1)];
  const rows = logProbs.ndim === 3 ? at(logProbs.shape, 1) : 1;
  if (blank >= classes) refuse(`ctcLoss: blank ${blank} is none of ${classes} classes`);
  const labels = indices('ctcLoss', targets);
  const packed = targets.ndim === 1;
  if (!packed && (targets.ndim !== 2 || at(targets.shape, 0) !== rows)) {
    refuse(`ctcLoss: wants targets [${rows}, S] or one behind the other, got ${show(targets.shape)}`);
  }
  const stride = at(targets.shape, targets.ndim - 1);
  const spec: CtcSpec = { steps, rows, classes, stride, packed, blank };
  const inputs = lengths('inputLengths', inputLengths, rows, steps);
  const lengthsOfTargets = lengths('targetLengths', targetLengths, rows, stride);
  if (packed && !isTensor(targetLengths)) {
    const total = (targetLengths as readonly number[]).reduce((sum, length) => sum + length, 0);
    if (total !== stride) refuse(`ctcLoss: targetLengths add up to ${total}, the targets are ${stride}`);
  }
  const batched = reshape(logProbs, [steps, rows, classes]);
  const losses = lossesOf(spec, zeroInfinity, batched, [labels, inputs, lengthsOfTargets]);
  if (reduction !== 'mean') return reduced(logProbs.ndim === 2 ? reshape(losses, []) : losses, reduction);
  return reduced(div(losses, maximum(cast(lengthsOfTargets, 'f32'), 1)));
}

/** Lengths on the device. @throws KindlingError where an array has not `rows` whole numbers up to `most` */
function lengths(name: string, given: readonly number[] | Tensor, rows: number, most: number): Tensor {
  if (isTensor(given)) {
    const found = given as Tensor;
    if (found.size !== rows || found.ndim > 1) {
      refuse(`ctcLoss: ${name} are of shape [${rows}], got ${show(found.shape)}`);
    }
    return reshape(indices(`ctcLoss: ${name}`, found), [rows]);
  }
  const known = Array.isArray(given) ? [...(given as readonly number[])] : wantTensor('ctcLoss', name, given);
  required('ctcLoss', { [name]: known }, { [name]: 'counts' });
  if (known.length !== rows) refuse(`ctcLoss: ${known.length} ${name} for ${rows} sequences`);
  const wrong = known.find((length) => length > most);
  if (wrong !== undefined) refuse(`ctcLoss: ${wrong} of ${name} is above ${most}, got ${text(known)}`);
  return hostValues('u32', rows, () => known);
}

/** Invocations of a workgroup: of software adapters few, whose barriers cost, but as many as lavapipe's 65,535 turns of a loop want. */
function lanesOf({ steps, stride }: CtcSpec): number {
  let lanes = adapter().isSoftware ? 4 : 64;
  while (lanes < 64 && steps * (1 + Math.ceil((2 * stride + 1) / lanes)) > 60_000) lanes *= 2;
  return lanes;
}

function lossesOf(spec: CtcSpec, zeroInfinity: boolean, logProbs: Tensor, rest: readonly Tensor[]): Tensor {
  const back = logProbs.requiresGrad && isGradEnabled();
  const [raw, states] = launchMany(
    ctcKernel({ ...spec, back, lanes: lanesOf(spec) }),
    [logProbs, ...rest],
    [{ shape: [spec.rows] }, { shape: [Math.max(1, ctcStates(spec) * (back ? 2 : 1))] }],
  );
  const value = zeroInfinity ? noGrad(() => where(eq(raw, Number.POSITIVE_INFINITY), 0, raw)) : raw;
  const fused = (g: Tensor): Tensor[] => {
    const kernel = ctcGradKernel({ ...spec, zeroInfinity });
    return [launch(kernel, [logProbs, ...rest, raw, states, g], logProbs.shape)];
  };
  return differentiable('ctcLoss', [logProbs], value, { fused });
}
