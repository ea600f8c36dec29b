/** Whether a model is still alive. */

import { amax, norm } from '../autograd/reduce.js';
import { stack } from '../autograd/shape.js';
import { noGrad } from '../autograd/tape.js';
import { refuseInCapture } from '../gpu/recording.js';
import { scoped } from '../gpu/storage.js';
import type { Tensor } from '../tensor/tensor.js';
import type { AnyModule } from './module.js';

/**
 * The name of the first parameter that holds NaN or an infinity, else of the first f32 buffer (running statistics, say) that
 * holds NaN or +∞; null where there is none. In a buffer −∞ is allowed: masks hold it.
 *
 * A loss can stay finite while weights are NaN, so a loop looks every few steps and before a checkpoint replaces the last
 * one. The weights are looked at as they are when this is called; one submit, and four bytes come back for each tensor, so
 * the next step need not wait for the answer.
 *
 * @example
 * const dead = await firstNonfinite(model);
 * if (dead) throw new Error(`step ${i}: ${dead} is not finite`);
 * @throws KindlingError inside a captured function
 */
export async function firstNonfinite(model: AnyModule): Promise<string | null> {
  refuseInCapture('firstNonfinite is called', 'Call it after the captured function has run.');
  const magnitude = (x: Tensor): Tensor => norm(x, { p: Number.POSITIVE_INFINITY });
  const parameters = model.namedParameters().map(([name, x]) => ({ name, x, largest: magnitude }));
  const buffers = model.namedBuffers().map(([name, x]) => ({ name, x, largest: (x: Tensor) => amax(x) }));
  const watched = [...parameters, ...buffers].filter(({ x }) => x.dtype === 'f32' && x.size > 0);
  if (watched.length === 0) return null;
  // Not a step: the numbers that dropout draws go by the count of steps.
  const largest = scoped(
    () => noGrad(() => stack(watched.map(({ x, largest }) => largest(x)))),
    ({ storage }) => [storage],
  );
  const values = await largest.data();
  largest.dispose();
  const first = values.findIndex((value) => Number.isNaN(value) || value === Number.POSITIVE_INFINITY);
  return watched[first]?.name ?? null;
}
