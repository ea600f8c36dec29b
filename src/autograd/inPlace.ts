/** Writing into leaves. Nothing here is recorded. */
import { KindlingError } from '../gpu/errors.js';
import { incrementKernel, scaleKernel } from '../kernels/inPlace.js';
import { launchInto } from '../tensor/launch.js';
import type { Tensor } from '../tensor/tensor.js';

/** Adds 1 to every element: a counter that stays on the GPU. */
export function increment_(x: Tensor): void {
  if (!x.isLeaf || x.dtype === 'bool') throw new KindlingError(`increment_: ${x} is not a leaf of numbers`);
  launchInto(incrementKernel({ size: x.size, type: x.dtype }), [], [x]);
}

/** Multiplies every element of `xs` by the one element of `factor`. */
export function scale_(xs: Iterable<Tensor>, factor: Tensor): void {
  for (const x of xs) {
    if (!x.isLeaf) throw new KindlingError(`scale_: ${x} is not a leaf`);
    launchInto(scaleKernel({ size: x.size }), [factor], [x]);
  }
}
