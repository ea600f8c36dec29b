/** Whether a model is still alive. */

import { refuse } from '../gpu/errors.js';
import { atMost, text } from '../gpu/options.js';
import { firstNonfiniteOf } from '../ops/nonfinite.js';
import { Tensor } from '../tensor/tensor.js';
import type { AnyModule } from './module.js';
import { wantModule } from './module.js';

/** An optimizer, by what is looked at. */
export interface WithState {
  stateDict(): { state: Record<number, Record<string, Tensor | number>> };
}

/**
 * The name of the first parameter that holds NaN or an infinity, else of the first f32 buffer (running statistics, say) that
 * holds NaN or +∞, else of the first tensor of the optimizer's state, as `optimizer.3.exp_avg_sq`, of the fourth parameter; null
 * where there is none. In a buffer −∞ is allowed: masks hold it. State counts because an infinite second moment freezes its
 * parameter for ever, at a finite value.
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
export function firstNonfinite(model: AnyModule, optimizer?: WithState): Promise<string | null> {
  atMost('firstNonfinite', 2, arguments);
  wantModule('firstNonfinite', model);
  if (optimizer !== undefined && typeof optimizer?.stateDict !== 'function') {
    refuse(`firstNonfinite: wants an optimizer, got ${text(optimizer)}`);
  }
  const state = Object.entries(optimizer?.stateDict().state ?? {}).flatMap(([index, held]) =>
    Object.entries(held).flatMap(([name, tensor]) =>
      tensor instanceof Tensor ? [{ name: `optimizer.${index}.${name}`, tensor, mayMask: false }] : [],
    ),
  );
  return firstNonfiniteOf([
    ...model.namedParameters().map(([name, tensor]) => ({ name, tensor, mayMask: false })),
    ...model.namedBuffers().map(([name, tensor]) => ({ name, tensor, mayMask: true })),
    ...state,
  ]);
}
