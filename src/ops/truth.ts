/** Whether elements are true, and whether they are close: answers are bool, and pass no gradient. */
import { atMost, checked, type Known, wantTensor } from '../gpu/options.js';
import { MAX, MIN } from '../kernels/reduce.js';
import { full } from '../tensor/create.js';
import { noGrad } from '../tensor/remember.js';
import { step } from '../tensor/step.js';
import type { Tensor } from '../tensor/tensor.js';
import { asked, type ReduceOptions, reduce, reducedShape } from './broadcast.js';
import { cast } from './cast.js';
import { abs, add, mul, sub } from './elementwise/arithmetic.js';
import { eq, isfinite, isnan, le } from './elementwise/comparison.js';
import { logicalAnd, logicalOr } from './elementwise/logical.js';

function reduced(name: 'any' | 'all', x: Tensor, options: ReduceOptions): Tensor {
  const { dims, keepdim } = asked(name, x, options);
  const shape = reducedShape(x.shape, dims, keepdim);
  if (x.size === 0) return full(shape, name === 'all' ? 1 : 0, { dtype: 'bool' });
  return cast(reduce(name === 'all' ? MIN : MAX, cast(x, 'bool'), dims, shape), 'bool');
}

/**
 * Whether one element is true, over dimensions: of none, no. Whatever is not 0 is true, NaN too.
 * @see https://pytorch.org/docs/stable/generated/torch.any.html
 */
export const any = (x: Tensor, options: ReduceOptions = {}): Tensor => reduced('any', x, options);

/**
 * Whether all elements are true, over dimensions: of none, yes.
 * @see https://pytorch.org/docs/stable/generated/torch.all.html
 */
export const all = (x: Tensor, options: ReduceOptions = {}): Tensor => reduced('all', x, options);

export interface CloseOptions {
  /** Of |b|. Default: 1e-5. */
  rtol?: number | undefined;
  /** Default: 1e-8. */
  atol?: number | undefined;
  /** Whether NaN is close to NaN. Default: false. */
  equalNan?: boolean | undefined;
}

const CLOSE: Known<CloseOptions> = { rtol: 'number', atol: 'number', equalNan: 'boolean' };

function close(name: string, a: Tensor, b: Tensor, options: CloseOptions): Tensor {
  wantTensor(name, 'a', a);
  wantTensor(name, 'b', b);
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = checked(name, options, CLOSE);
  return noGrad(() => {
    const [x, y] = [cast(a, 'f32'), cast(b, 'f32')];
    const apart = abs(sub(x, y));
    const near = logicalAnd(isfinite(apart), le(apart, add(mul(abs(y), rtol), atol)));
    const same = logicalOr(eq(a, b), near);
    return equalNan ? logicalOr(same, logicalAnd(isnan(x), isnan(y))) : same;
  });
}

/**
 * Whether |a - b| ≤ atol + rtol · |b|, for each element; they broadcast. An infinity is close to itself.
 * @see https://pytorch.org/docs/stable/generated/torch.isclose.html
 */
export function isclose(a: Tensor, b: Tensor, options: CloseOptions = {}): Tensor {
  atMost('isclose', 3, arguments);
  return close('isclose', a, b, options);
}

/**
 * Whether all elements are close, as {@link isclose} says. Waits for the device.
 * @see https://pytorch.org/docs/stable/generated/torch.allclose.html
 */
export async function allclose(a: Tensor, b: Tensor, options: CloseOptions = {}): Promise<boolean> {
  atMost('allclose', 3, arguments);
  const whole = step(() => all(close('allclose', a, b, options)));
  return (await whole.item()) !== 0;
}
