/** Random numbers whose distribution is given element by element. They carry no gradient. */

import { refuse } from '../gpu/errors.js';
import { atMost, checked, type Known, text, wantOperand, wantTensor } from '../gpu/options.js';
import { noGrad } from '../tensor/remember.js';
import { coins, drawInto, normalLaw, randLike, randn } from '../tensor/sample.js';
import { checkShape, type Shape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { cast } from './cast.js';
import { add, mul } from './elementwise/arithmetic.js';
import { lt } from './elementwise/comparison.js';

export interface BernoulliOptions {
  /** The probability of 1 everywhere, in place of the elements of `x`. Default: none. */
  p?: number | undefined;
}

const BERNOULLI: Known<BernoulliOptions> = { p: 'number' };

/**
 * 1 with the probability that `x` gives for each element, else 0; with `p`, with this probability in the shape and type of x.
 *
 * @throws KindlingError where `p` is not from 0 to 1, or x without `p` is not f32
 * @see https://pytorch.org/docs/stable/generated/torch.bernoulli.html
 */
export function bernoulli(x: Tensor, options: BernoulliOptions = {}): Tensor {
  wantTensor('bernoulli', 'x', x);
  const { p } = checked('bernoulli', options, BERNOULLI);
  if (p !== undefined) return coins('bernoulli', x.shape, p, x.dtype);
  if (x.dtype !== 'f32') refuse(`bernoulli: probabilities are f32, these are ${x.dtype}; cast them, or give p`);
  // What is no number stays none.
  return noGrad(() => add(cast(lt(randLike(x), x), 'f32'), mul(x, 0)));
}

/**
 * Normal with a mean and a standard deviation for each element, numbers or tensors that broadcast. The gradient by neither is
 * known; write `mean.add(std.mul(randnLike(std)))` where it is wanted.
 *
 * @param shape of the result, where both are numbers
 * @throws KindlingError where std is a negative number, or there is no shape
 * @see https://pytorch.org/docs/stable/generated/torch.normal.html
 */
export function normal(mean: Tensor | number, std: Tensor | number, shape?: Shape): Tensor {
  atMost('normal', 3, arguments);
  wantOperand('normal', 'mean', mean);
  wantOperand('normal', 'std', std);
  if (typeof std === 'number' && !(std >= 0)) refuse(`normal: std ${std} is not a number from 0`);
  if (typeof mean === 'number' && typeof std === 'number') {
    if (!shape) refuse('normal: a mean and a std that are numbers want a shape');
    return drawInto(new Tensor(checkShape('normal', shape)), normalLaw(mean, std));
  }
  if (shape !== undefined) refuse(`normal: the shape is that of mean and std already; leave out ${text(shape)}`);
  return noGrad(() => {
    const center = typeof mean === 'number' ? mean : mean.detach();
    const scale = typeof std === 'number' ? std : std.detach();
    const spread = typeof scale === 'number' ? mul(center as Tensor, 0) : mul(scale, 0);
    const like = typeof center === 'number' ? spread : add(center, spread);
    return add(mul(randn(like.shape), scale), center);
  });
}
