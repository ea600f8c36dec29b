/** Dropout of elements and of channels. The mask is recomputed in backward, never stored. */

import { refuse } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { dropoutKernel } from '../kernels/dropout.js';
import { launch } from '../tensor/launch.js';
import { draw } from '../tensor/random.js';
import { differentiable } from '../tensor/remember.js';
import { show, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

export interface DropoutOptions {
  /** Probability with which an element becomes 0. Default: 0.5. */
  p?: number | undefined;
  /** Without it x comes back unchanged. Default: true. */
  training?: boolean | undefined;
}

const DROPOUT: Known<DropoutOptions> = { p: 'number', training: 'boolean' };

function drop(name: string, x: Tensor, inner: number, options: DropoutOptions): Tensor {
  wantTensor(name, 'x', x);
  const { p = 0.5, training = true } = checked(name, options, DROPOUT);
  if (!(p >= 0 && p <= 1)) refuse(`${name}: p is a probability, got ${p}`);
  if (x.dtype !== 'f32') refuse(`${name}: wants an f32 tensor, this is ${x.dtype}; cast it`);
  if (p === 0 || !training || x.size === 0) return x;
  const { tensor, stream } = draw();
  const kernel = dropoutKernel({ size: x.size, inner, p, stream });
  const masked = (t: Tensor): Tensor =>
    differentiable(name, [t], launch(kernel, [t, tensor], t.shape), { by: [masked] });
  return masked(x);
}

/**
 * Elements set to 0 with probability p, the others divided by 1 − p.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
 */
export const dropout = (x: Tensor, options: DropoutOptions = {}): Tensor => drop('dropout', x, 1, options);

/**
 * Whole channels set to 0 with probability p, the others divided by 1 − p.
 *
 * @param x [N, C, H, W], or [C, H, W]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html
 */
export function dropout2d(x: Tensor, options: DropoutOptions = {}): Tensor {
  wantTensor('dropout2d', 'x', x);
  if (x.ndim !== 4 && x.ndim !== 3) refuse(`dropout2d: wants shape [N, C, H, W] or [C, H, W], got ${show(x.shape)}`);
  return drop('dropout2d', x, sizeOf(x.shape.slice(-2)), options);
}
