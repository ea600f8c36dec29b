/** Changing the element type. */
import { castKernel } from '../kernels/copy.js';
import { launch } from '../tensor/launch.js';
import type { DType, Tensor } from '../tensor/tensor.js';

const held = (dtype: DType): 'f32' | 'i32' | 'u32' => (dtype === 'bool' ? 'u32' : dtype);

/** The tensor in another type, or itself. f32 to integer truncates; to bool, 0 is false. Not differentiable. */
export function cast(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  const spec = { from: held(x.dtype), to: held(dtype), bool: dtype === 'bool', size: x.size };
  return launch(castKernel(spec), [x], x.shape, dtype);
}
