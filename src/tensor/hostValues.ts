/** Numbers that change from step to step and that kernels read from a buffer: rates, counters, offsets. */
import { hostSlot } from '../stream/page.js';
import { Tensor } from './tensor.js';

/**
 * A small tensor whose content the host gives: now, and again each time a captured step that made it is replayed.
 *
 * @param provide its elements, `length` of them; may count steps or look up what changes between steps
 */
export function hostValues(dtype: 'f32' | 'u32', length: number, provide: () => ArrayLike<number>): Tensor {
  const storage = hostSlot(length * 4, (view) => {
    const values = provide();
    for (let i = 0; i < length; i++) {
      if (dtype === 'f32') view.setFloat32(i * 4, values[i] ?? 0, true);
      else view.setUint32(i * 4, values[i] ?? 0, true);
    }
  });
  return new Tensor([length], dtype, storage);
}
