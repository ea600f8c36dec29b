/** Writing into leaves. Nothing here is recorded. */
import { refuse } from '../gpu/errors.js';
import { incrementKernel } from '../kernels/inPlace.js';
import { launchInto } from '../tensor/launch.js';
import type { Tensor } from '../tensor/tensor.js';

/** Adds 1 to every element: a counter that stays on the GPU. */
export function increment_(x: Tensor): void {
  if (!x.isLeaf || x.dtype === 'bool') refuse(`increment_: ${x} is not a leaf of numbers`);
  launchInto(incrementKernel({ size: x.size, type: x.dtype }), [], [x]);
}
