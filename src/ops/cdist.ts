/** Distances between all pairs of two sets of vectors. */
import { refuse } from '../gpu/errors.js';
import { checked, wantTensor } from '../gpu/options.js';
import { differentiable } from '../tensor/remember.js';
import { broadcast, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { sum } from './broadcast.js';
import { cast } from './cast.js';
import { abs, mul, sign, sub } from './elementwise/arithmetic.js';
import { eq, ne } from './elementwise/comparison.js';
import { amax, norm } from './reduce.js';
import { unsqueeze } from './shape.js';

/**
 * ‖x1ᵢ − x2ⱼ‖ for every i and j; of p = 0 how many entries differ. The gradient is 0 where two vectors are equal. It is made of
 * all differences, P · R · M numbers.
 *
 * @param x1 [..., P, M]
 * @param x2 [..., R, M]; the dimensions before the last two broadcast
 * @param options the norm's exponent `p`, from 0 to `Infinity`. Default: 2
 * @returns [..., P, R]
 * @see https://pytorch.org/docs/stable/generated/torch.cdist.html
 */
export function cdist(x1: Tensor, x2: Tensor, options: { p?: number | undefined } = {}): Tensor {
  wantTensor('cdist', 'x1', x1);
  wantTensor('cdist', 'x2', x2);
  const { p = 2 } = checked('cdist', options, { p: 'number' });
  const shapes = `${show(x1.shape)} and ${show(x2.shape)}`;
  if (x1.ndim < 2 || x2.ndim < 2 || x1.shape.at(-1) !== x2.shape.at(-1)) {
    refuse(`cdist: wants [..., P, M] and [..., R, M], got ${shapes}`);
  }
  if (x1.dtype !== 'f32' || x2.dtype !== 'f32') refuse(`cdist: wants f32, got ${x1.dtype} and ${x2.dtype}; cast them`);
  if (!(p >= 0)) refuse(`cdist: p ${p} is not a number from 0`);
  broadcast('cdist', x1.shape.slice(0, -2), x2.shape.slice(0, -2));
  const apart = sub(unsqueeze(x1, -2), unsqueeze(x2, -3));
  if (p === 0) return sum(cast(ne(apart, 0), 'f32'), { dim: -1 });
  // Of vectors without entries there is no greatest one, and all distances are 0.
  if (p < Number.POSITIVE_INFINITY || x1.shape.at(-1) === 0)
    return norm(apart, { p: x1.shape.at(-1) === 0 ? 1 : p, dim: -1 });
  const sizes = abs(apart.detach());
  const greatest = amax(sizes, { dim: -1 });
  // PyTorch gives each of several greatest ones the whole gradient.
  const grad = (g: Tensor): Tensor =>
    mul(mul(unsqueeze(g, -1), sign(apart)), cast(eq(sizes, unsqueeze(greatest, -1)), 'f32'));
  return differentiable('cdist', [apart], greatest, { by: [grad] }, { p });
}
