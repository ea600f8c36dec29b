/** Writing into leaves. Nothing here is recorded. */
import { launchFlatInto } from '../choose/variant.js';
import { refuse } from '../gpu/errors.js';
import { approachKernel, incrementKernel } from '../kernels/inPlace.js';
import { launchInto } from '../tensor/launch.js';
import type { Tensor } from '../tensor/tensor.js';

/** Adds 1 to every element: a counter that stays on the GPU. */
export function increment_(x: Tensor): void {
  if (!x.isLeaf || x.dtype === 'bool') refuse(`increment_: ${x} is not a leaf of numbers`);
  launchInto(incrementKernel({ size: x.size, type: x.dtype }), [], [x]);
}

/** Moves x by a share of its way to y, a scalar on the GPU; by a share of 1 x becomes y, be it NaN before. All are f32. */
export function approach_(x: Tensor, y: Tensor, share: Tensor): void {
  launchFlatInto('inPlace.approach', approachKernel, { size: x.size }, [y, share], [x]);
}
