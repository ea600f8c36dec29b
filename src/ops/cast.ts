/** Changing the element type. */
import { checked, ofTensor } from '../gpu/options.js';
import { castKernel } from '../kernels/copy.js';
import { launch } from '../tensor/launch.js';
import { DTYPES, type DType, type Tensor } from '../tensor/tensor.js';
import { isMarked, noneBits } from '../tensor/unfit.js';

/** @internal What kernels take the elements for. */
export const held = ({ dtype }: { readonly dtype: DType }): 'f32' | 'i32' | 'u32' => (dtype === 'bool' ? 'u32' : dtype);

/**
 * The tensor in another type, or itself. f32 to integer truncates, what does not fit becomes the nearest integer that does, and
 * NaN 0. Between i32 and u32 the bits stay. To bool, 0 is false and all else, NaN too, true. Not differentiable.
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  ofTensor('to', 2, arguments);
  if (x.dtype === dtype) return x;
  checked('to', { dtype }, { dtype: DTYPES });
  const none = isMarked(x) ? { none: noneBits(x.dtype) } : {};
  const spec = { from: held(x), to: held({ dtype }), bool: dtype === 'bool', ...none, size: x.size };
  return launch(castKernel(spec), [x], x.shape, dtype);
}
