/** Whether a model is still alive. */
import { firstNonfiniteOf } from '../autograd/nonfinite.js';
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
export function firstNonfinite(model: AnyModule): Promise<string | null> {
  return firstNonfiniteOf([
    ...model.namedParameters().map(([name, tensor]) => ({ name, tensor, mayMask: false })),
    ...model.namedBuffers().map(([name, tensor]) => ({ name, tensor, mayMask: true })),
  ]);
}
