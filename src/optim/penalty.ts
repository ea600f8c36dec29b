import { refuse } from '../gpu/errors.js';
import { atMost, itemsOf } from '../gpu/options.js';
import { sum } from '../ops/broadcast.js';
import { abs, add } from '../ops/elementwise/arithmetic.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * The sum of |p| over all parameters, a scalar to be weighted and added to the loss. (L2 is `weightDecay`.)
 *
 * @example loss.add(l1Penalty(model.parameters()).mul(1e-4)).backward();
 */
export function l1Penalty(params: Iterable<Tensor>): Tensor {
  atMost('l1Penalty', 1, arguments);
  const sums = itemsOf('l1Penalty', 'parameters', params, 'l1Penalty(model.parameters())').map((param) =>
    sum(abs(param)),
  );
  if (sums.length === 0) refuse('l1Penalty: there are no parameters');
  return sums.reduce((total, one) => add(total, one));
}
