import { launchFlatInto } from '../choose/variant.js';
import { adapter } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import { atMost, checked, itemsOf, type Known, required } from '../gpu/options.js';
import { clipPartialKernel, clipParts, clipScaleKernel, GPU_CLIP, SOFTWARE_CLIP } from '../kernels/clip.js';
import { clamp } from '../ops/elementwise/activations.js';
import { scalar } from '../ops/elementwise/make.js';
import { cat, stack } from '../ops/parts.js';
import { norm } from '../ops/reduce.js';
import { flatten } from '../ops/shape.js';
import { insideScope } from '../stream/scope.js';
import { zeros } from '../tensor/create.js';
import { launch, widest } from '../tensor/launch.js';
import { noGrad } from '../tensor/remember.js';
import { show } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { Arena } from './arena.js';
import { fitting } from './fitting.js';

export interface ClipOptions {
  /** 2 or Infinity. Default: 2. */
  normType?: number;
  /** Whether a norm that is NaN or infinite is an error. Default: false, and NaN makes all gradients NaN, as in PyTorch. */
  errorIfNonfinite?: boolean;
}

const CLIP: Known<ClipOptions> = { normType: 'number', errorIfNonfinite: 'boolean' };

/**
 * Scales all gradients by one factor, in place, so that their common norm is at most `maxNorm`. Call it between
 * `backward()` and the optimizer's step; nothing is read back. The gradients of an optimizer's group take two launches.
 *
 * With `errorIfNonfinite` the norm is read back first, so a promise is returned: await it before the optimizer's step. Where
 * the norm is NaN or infinite it rejects, and gradients and parameters are as they were. Steps and captured functions cannot
 * wait, so it is refused there.
 *
 * @returns the norm before scaling, a scalar; 0 where no parameter has a gradient
 * @throws KindlingError where the norm is not finite and `errorIfNonfinite` is set
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
 */
export function clipGradNorm(
  params: Iterable<Tensor>,
  maxNorm: number,
  options: ClipOptions & { errorIfNonfinite: true },
): Promise<Tensor>;
export function clipGradNorm(
  params: Iterable<Tensor>,
  maxNorm: number,
  options?: ClipOptions & { errorIfNonfinite?: false },
): Tensor;
export function clipGradNorm(
  params: Iterable<Tensor>,
  maxNorm: number,
  options: ClipOptions = {},
): Tensor | Promise<Tensor> {
  const { normType = 2, errorIfNonfinite = false } = checked('clipGradNorm', options, CLIP);
  required('clipGradNorm', { maxNorm }, { maxNorm: 'number' });
  if (normType !== 2 && normType !== Number.POSITIVE_INFINITY) {
    refuse(`clipGradNorm: normType ${normType}; 2 and Infinity are known`);
  }
  const given = itemsOf('clipGradNorm', 'parameters', params, 'clipGradNorm(model.parameters(), maxNorm)');
  const leaves = given.filter(({ grad }) => grad && grad.size > 0);
  if (!errorIfNonfinite) return clip(leaves, maxNorm, normType);
  if (insideScope()) {
    refuse(
      'clipGradNorm: errorIfNonfinite waits for the norm, which a step or a captured function cannot do. ' +
        'Return the norm from it and look at it there, or ask firstNonfinite(model) of kindling/nn every few steps',
    );
  }
  return checkFinite(leaves, normType).then(() => clip(leaves, maxNorm, normType));
}

/** @throws KindlingError where the common norm of the gradients is not finite, by the first of them that is not */
async function checkFinite(leaves: readonly Tensor[], normType: number): Promise<void> {
  const norms = leaves.flatMap(({ grad }) => (grad ? [norm(grad, { p: normType })] : []));
  if (norms.length === 0) return;
  const [each, whole] = noGrad(() => {
    const stacked = stack(norms);
    return [stacked, norm(stacked, { p: normType })];
  });
  const [values, total] = await Promise.all([each.data(), whole.item()]);
  if (Number.isFinite(total)) return;
  const first = values.findIndex((value) => !Number.isFinite(value));
  const which =
    first < 0 ? 'all of them together' : `that of parameter ${first}, ${show(leaves[first]?.shape ?? [])}, first`;
  refuse(
    `clipGradNorm: the norm of the gradients is ${total}: ${which}. Gradients and parameters are as they were; skip the ` +
      "optimizer's step, or leave out errorIfNonfinite",
  );
}

/** Clips the gradients of leaves that have some. */
function clip(leaves: readonly Tensor[], maxNorm: number, normType: number): Tensor {
  const infinite = normType !== 2;
  const { partials, arrays, cut } = gradientArrays(leaves, infinite);
  if (!partials) return zeros([]);
  const norm = new Tensor([]);
  for (const array of arrays) {
    const reads = [partials, scalar(maxNorm, 'f32')];
    launchFlatInto('clip.scale', clipScaleKernel, { size: array.size, infinite, cut }, reads, [array, norm]);
  }
  return norm;
}

/**
 * @internal The gradients of leaves as few arrays, to be written in place, and partial results of their common norm (clip.ts); null
 * where there are none.
 */
export function gradientArrays(leaves: readonly Tensor[], infinite: boolean) {
  const { ranges, others } = found(leaves);
  const cut = adapter().isSoftware ? SOFTWARE_CLIP : { ...GPU_CLIP, lanes: widest() };
  const wholes = [...ranges, ...fitting(others, ({ size }) => 4 * size).map(joined)];
  const partials = wholes.map((whole) =>
    launch(clipPartialKernel({ size: whole.size, infinite, cut }), [whole], [clipParts(whole.size, cut)]),
  );
  return { partials: partials.length > 0 ? joined(partials) : null, arrays: [...ranges, ...others], cut };
}

/**
 * Bounds every entry of the gradients, in place, to ±clipValue; NaN stays NaN. Call it between `backward()` and the optimizer's
 * step. The gradients of an optimizer's group are one array.
 *
 * @throws KindlingError where clipValue is no number from 0
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html
 */
export function clipGradValue(params: Iterable<Tensor>, clipValue: number): void {
  atMost('clipGradValue', 2, arguments);
  required('clipGradValue', { clipValue }, { clipValue: 'number' });
  if (!(clipValue >= 0)) refuse(`clipGradValue: ${clipValue} is not a number from 0`);
  const given = itemsOf('clipGradValue', 'parameters', params, 'clipGradValue(model.parameters(), clipValue)');
  const { ranges, others } = found(given.filter(({ grad }) => grad && grad.size > 0));
  noGrad(() => {
    for (const array of [...ranges, ...others]) array.copy_(clamp(array, { min: -clipValue, max: clipValue }));
  });
}

/** The gradients of leaves: those that fill a range of an arena as this range, the others one by one. */
function found(leaves: readonly Tensor[]): { ranges: Tensor[]; others: Tensor[] } {
  const byArena = new Map<object | undefined, Tensor[]>();
  for (const leaf of leaves) {
    const { arena } = leaf.gradHome ?? {};
    const beside = byArena.get(arena);
    if (beside) beside.push(leaf);
    else byArena.set(arena, [leaf]);
  }
  const ranges: Tensor[] = [];
  const others: Tensor[] = [];
  for (const [arena, beside] of byArena) {
    const range = arena instanceof Arena ? together(arena, beside) : null;
    if (range) ranges.push(range);
    else others.push(...beside.flatMap(({ grad }) => grad ?? []));
  }
  return { ranges, others };
}

/** The gradients of these leaves as one flat tensor, if they lie side by side in their arena with nothing else between them. */
function together(arena: Arena, leaves: readonly Tensor[]): Tensor | null {
  const wanted = new Set(leaves);
  const from = arena.params.findIndex((param) => wanted.has(param));
  const run = arena.params.slice(from, from + wanted.size);
  const inPlace = (param: Tensor): boolean =>
    wanted.has(param) && Boolean(param.grad && param.gradHome?.holds(param.grad.storage));
  return from >= 0 && run.length === wanted.size && run.every(inPlace)
    ? arena.range(from, from + run.length).grads
    : null;
}

/** @internal One array of all elements of these. */
export const joined = (parts: readonly Tensor[]): Tensor =>
  parts.length === 1 && parts[0] ? parts[0] : noGrad(() => cat(parts.map((part) => flatten(part))));
