import { scalar } from '../autograd/binary.js';
import { cat, flatten } from '../autograd/shape.js';
import { noGrad } from '../autograd/tape.js';
import { launchFlatInto } from '../autograd/variant.js';
import { refuse } from '../gpu/errors.js';
import { checked, itemsOf, required } from '../gpu/options.js';
import { clipPartialKernel, clipParts, clipScaleKernel } from '../kernels/clip.js';
import { zeros } from '../tensor/create.js';
import { launch } from '../tensor/launch.js';
import { Tensor } from '../tensor/tensor.js';

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
  required('clipGradNorm', { maxNorm }, { maxNorm: 'number' });
  if (normType !== 2 && normType !== Number.POSITIVE_INFINITY) {
    refuse(`clipGradNorm: normType ${normType}; 2 and Infinity are known`);
  }
  const given = itemsOf('clipGradNorm', 'parameters', params, 'clipGradNorm(model.parameters(), maxNorm)');
  const leaves = given.filter(({ grad }) => grad && grad.size > 0);
  const grads = leaves.flatMap(({ grad }) => grad ?? []);
  const [first] = grads;
  if (!first) return zeros([]);
  const together = leaves[0]?.gradHome?.together(leaves);
  if (together) return clipFlat(together, [together], maxNorm, normType);
  const whole = grads.length === 1 ? first : noGrad(() => cat(grads.map((grad) => flatten(grad))));
  return clipFlat(whole, grads, maxNorm, normType);
}

/**
 * Scales arrays in place by the norm of `whole`, which holds what they hold: a launch, and one for each. For one array that
 * holds all gradients, two launches.
 *
 * @internal
 * @returns the norm before scaling
 */
export function clipFlat(whole: Tensor, arrays: readonly Tensor[], maxNorm: number, normType: number): Tensor {
  const infinite = normType !== 2;
  const partials = launch(clipPartialKernel({ size: whole.size, infinite }), [whole], [clipParts(whole.size)]);
  const norm = new Tensor([]);
  for (const array of arrays) {
    const reads = [partials, scalar(maxNorm, 'f32')];
    launchFlatInto('clip.scale', clipScaleKernel, { size: array.size, infinite }, reads, [array, norm]);
  }
  return norm;
}
