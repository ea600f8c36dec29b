/** Which of many tensors is not finite, in one submit and a few bytes. */

import { refuseInCapture } from '../stream/recording.js';
import { scoped } from '../stream/scope.js';
import { noGrad } from '../tensor/remember.js';
import type { Tensor } from '../tensor/tensor.js';
import { stack } from './parts.js';
import { amax, norm } from './reduce.js';

/** A tensor to look at. */
export interface Looked {
  readonly name: string;
  readonly tensor: Tensor;
  /** Whether −∞ is allowed, as in masks. */
  readonly mayMask: boolean;
}

/** The name of the first f32 tensor that holds NaN or an infinity, null where there is none. */
export async function firstNonfiniteOf(all: readonly Looked[]): Promise<string | null> {
  refuseInCapture('firstNonfinite is called', 'Call it after the captured function has run.');
  const looked = all.filter(({ tensor: { dtype, size } }) => dtype === 'f32' && size > 0);
  if (looked.length === 0) return null;
  const largestOf = ({ tensor, mayMask }: Looked): Tensor =>
    mayMask ? amax(tensor) : norm(tensor, { p: Number.POSITIVE_INFINITY });
  // Not a step: the numbers that dropout draws go by the count of steps.
  const largest = scoped(
    () => noGrad(() => stack(looked.map(largestOf))),
    ({ storage }) => [storage],
  );
  const values = await largest.data();
  largest.dispose();
  const first = values.findIndex((value) => Number.isNaN(value) || value === Number.POSITIVE_INFINITY);
  return looked[first]?.name ?? null;
}
