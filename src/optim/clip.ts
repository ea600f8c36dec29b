import { scalar } from '../autograd/binary.js';
import { cat, flatten } from '../autograd/shape.js';
import { noGrad } from '../autograd/tape.js';
import { launchFlatInto } from '../autograd/variant.js';
import { refuse } from '../gpu/errors.js';
import { checked } from '../gpu/options.js';
import { clipPartialKernel, clipParts, clipScaleKernel } from '../kernels/clip.js';
import { zeros } from '../tensor/create.js';
import { launch } from '../tensor/launch.js';
import { Tensor } from '../tensor/tensor.js';
import { fitting } from './fitting.js';

/**
 * Scales all gradients by one factor, in place, so that their common norm is at most `maxNorm`. Call it between
 * `backward()` and the optimizer's step; nothing is read back. The gradients of an optimizer's group take two launches.
 *
 * @param options.normType 2 or Infinity. Default: 2
 * @returns the norm before scaling, a scalar; 0 where no parameter has a gradient
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
 */
export function clipGradNorm(params: Iterable<Tensor>, maxNorm: number, options: { normType?: number } = {}): Tensor {
  const { normType = 2 } = checked('clipGradNorm', options, { normType: 'number' });
  if (normType !== 2 && normType !== Number.POSITIVE_INFINITY) {
    refuse(`clipGradNorm: normType ${normType}; 2 and Infinity are known`);
  }
  const leaves = [...params].filter(({ grad }) => grad && grad.size > 0);
  if (leaves.length === 0) return zeros([]);
  const { ranges, others } = found(leaves);
  const infinite = normType !== 2;
  const wholes = [...ranges, ...fitting(others, ({ size }) => 4 * size).map(joined)];
  const partials = wholes.map((whole) =>
    launch(clipPartialKernel({ size: whole.size, infinite }), [whole], [clipParts(whole.size)]),
  );
  const all = joined(partials);
  const norm = new Tensor([]);
  for (const array of [...ranges, ...others]) {
    const reads = [all, scalar(maxNorm, 'f32')];
    launchFlatInto('clip.scale', clipScaleKernel, { size: array.size, infinite }, reads, [array, norm]);
  }
  return norm;
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
  for (const beside of byArena.values()) {
    const range = beside[0]?.gradHome?.together(beside);
    if (range) ranges.push(range);
    else others.push(...beside.flatMap(({ grad }) => grad ?? []));
  }
  return { ranges, others };
}

/** One array of all elements of these. */
const joined = (parts: readonly Tensor[]): Tensor =>
  parts.length === 1 && parts[0] ? parts[0] : noGrad(() => cat(parts.map((part) => flatten(part))));
