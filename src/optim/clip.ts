import { add, div, minimum } from '../autograd/binary.js';
import { sum } from '../autograd/broadcast.js';
import { scale_ } from '../autograd/inPlace.js';
import { amax } from '../autograd/reduce.js';
import { cat, flatten } from '../autograd/shape.js';
import { noGrad } from '../autograd/tape.js';
import { abs, sqrt, square } from '../autograd/unary.js';
import { KindlingError } from '../gpu/errors.js';
import { zeros } from '../tensor/create.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Scales all gradients by one factor, in place, so that their common norm is at most `maxNorm`. Call it between
 * `backward()` and the optimizer's step; nothing is read back.
 *
 * @param options.normType 2 or Infinity. Default: 2
 * @returns the norm before scaling, a scalar; 0 where no parameter has a gradient
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
 */
export function clipGradNorm(params: Iterable<Tensor>, maxNorm: number, { normType = 2 } = {}): Tensor {
  if (normType !== 2 && normType !== Number.POSITIVE_INFINITY) {
    throw new KindlingError(`clipGradNorm: normType ${normType}; 2 and Infinity are known`);
  }
  const grads = [...params].flatMap(({ grad }) => grad ?? []);
  if (grads.length === 0) return zeros([]);
  return noGrad(() => {
    const all = cat(grads.map((grad) => flatten(grad)));
    const norm = normType === 2 ? sqrt(sum(square(all))) : amax(abs(all));
    scale_(grads, minimum(div(maxNorm, add(norm, 1e-6)), 1));
    return norm;
  });
}
