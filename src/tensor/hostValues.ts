/** Numbers that change from step to step and that kernels read from a buffer: rates, counters, offsets. */
import { hostSlot } from '../stream/page.js';
import { elementsOf, Tensor } from './tensor.js';

/**
 * A small tensor whose content the host gives: now, and again each time a captured step that made it is replayed.
 *
 * @param provide its elements, `length` of them; may count steps or look up what changes between steps
 */
export function hostValues(dtype: 'f32' | 'u32', length: number, provide: () => ArrayLike<number>): Tensor {
  return new Tensor([length], dtype, hostSlot(elementsOf(dtype), length, provide));
}
