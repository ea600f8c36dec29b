/** Memory belongs to steps: what a step makes is freed when it ends, and nothing in a training loop is disposed of. */
import { refuseAsync } from '../gpu/errors.js';
import { atMost, ofFunction, wantTensor } from '../gpu/options.js';
import { insideScope, scoped } from '../stream/scope.js';
import { beginDraws } from './random.js';
import type { Tensor } from './tensor.js';
import { tensorsIn } from './tree.js';

/**
 * Runs one step of work, such as forward, backward and an optimizer's update, and submits it to the GPU in one piece.
 *
 * What `body` returns (a tensor, or arrays, Maps and objects of tensors) outlives the step, a gradient the next `zeroGrad` too,
 * and so do parameters, module buffers, gradients of leaves, optimizer state and what was passed to {@link keep}. Everything
 * else made inside is freed at the end; using it afterwards throws. Results of up to 4 KiB, a loss say, are read back together
 * with the step.
 *
 * `body` must not be async: read results after the step.
 *
 * @example
 * const loss = step(() => {
 *   optimizer.zeroGrad();
 *   const loss = crossEntropy(model(x), y);
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * });
 * console.log(await loss.item());
 */
export function step<T>(body: () => T): T {
  ofFunction('step', arguments);
  if (!insideScope()) beginDraws();
  return scoped(
    () => {
      const value = body();
      refuseAsync('step', value);
      return value;
    },
    (value) => [...tensorsIn(value)].map(({ storage }) => storage),
  );
}

/** Takes a tensor out of the step that made it: it lives until `dispose()` or until nothing refers to it. Returns it. */
export function keep<T extends Tensor>(tensor: T): T {
  atMost('keep', 1, arguments);
  wantTensor('keep', 'tensor', tensor).storage.give();
  return tensor;
}
