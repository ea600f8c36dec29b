/** Samples of categories through which gradients pass. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { arange } from '../tensor/create.js';
import { differentiable, noGrad } from '../tensor/remember.js';
import { uniform } from '../tensor/sample.js';
import { dimOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { reshape } from './broadcast.js';
import { cast } from './cast.js';
import { add, div, neg } from './elementwise/arithmetic.js';
import { eq } from './elementwise/comparison.js';
import { log, log1p } from './elementwise/exponential.js';
import { argmax } from './reduce.js';
import { softmax } from './softmax.js';

export interface GumbelSoftmaxOptions {
  /** The temperature, above 0: the lower, the closer to one category. Default: 1. */
  tau?: number | undefined;
  /** Whether 1 stands for the category that was drawn and 0 for the others; gradients are those of the soft sample. Default: false. */
  hard?: boolean | undefined;
  /** The dimension of the categories. Default: −1. */
  dim?: number | undefined;
}

const GUMBEL: Known<GumbelSoftmaxOptions> = { tau: 'number', hard: 'boolean', dim: 'whole' };

/**
 * softmax((logits + noise) / tau) along `dim`, with noise of Gumbel's distribution from the library's seed: the greatest entry
 * is a category that was drawn with the probabilities softmax(logits).
 *
 * @throws KindlingError unless the logits are f32 and tau is above 0
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html
 */
export function gumbelSoftmax(logits: Tensor, options: GumbelSoftmaxOptions = {}): Tensor {
  wantTensor('gumbelSoftmax', 'logits', logits);
  const { tau = 1, hard = false, dim = -1 } = checked('gumbelSoftmax', options, GUMBEL);
  if (logits.dtype !== 'f32') refuse(`gumbelSoftmax: wants f32, got ${logits.dtype}; cast it`);
  if (!(tau > 0)) refuse(`gumbelSoftmax: tau ${tau} is not above 0`);
  const d = dimOf('gumbelSoftmax', dim, logits.ndim);
  // −log(E) of E = −log(1 − u): a u near 0, which floats tell apart, makes the small E that decide. From half of the least u
  // above 0 on, so that no logarithm is infinite.
  const noise = noGrad(() => neg(log(neg(log1p(neg(uniform(logits.shape, 2 ** -25, 1)))))));
  const soft = softmax(div(add(logits, noise), tau), d);
  if (!hard || logits.size === 0) return soft;
  const drawn = noGrad(() => {
    const along = logits.shape.map((n, i) => (i === d ? n : 1));
    const column = reshape(arange(0, logits.shape[d] ?? 1, 1, { dtype: 'i32' }), along);
    return cast(eq(argmax(soft, { dim: d, keepdim: true }), column), 'f32');
  });
  return differentiable('gumbelSoftmax', [soft], drawn, { by: [(g) => g] }, { tau, hard, dim: d });
}
