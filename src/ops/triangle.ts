/** Triangles of matrices. */

import { launchFlat } from '../choose/variant.js';
import { refuse } from '../gpu/errors.js';
import { atMost, text, wantTensor } from '../gpu/options.js';
import { type TriangleSpec, triangleKernel } from '../kernels/triangle.js';
import { differentiable } from '../tensor/remember.js';
import { at, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { held } from './cast.js';

/** @internal The triangle of the last two dimensions, `fill` elsewhere. */
export function triangle(x: Tensor, lower: boolean, diagonal: number, fill: TriangleSpec['fill']): Tensor {
  const name = lower ? 'tril' : 'triu';
  wantTensor(name, 'x', x);
  if (x.ndim < 2) refuse(`${name}: wants two dimensions or more, got ${show(x.shape)}`);
  if (!Number.isInteger(diagonal)) refuse(`${name}: diagonal ${text(diagonal)} is not a whole number`);
  const [rows, columns] = [at(x.shape, x.ndim - 2), at(x.shape, x.ndim - 1)];
  const spec = { size: x.size, rows, columns, diagonal, lower, fill, type: held(x) };
  const y = launchFlat('triangle', triangleKernel, spec, [x], x.shape, x.dtype);
  return differentiable(name, [x], y, { by: [(g) => triangle(g, lower, diagonal, 0)] }, { diagonal, fill });
}

/**
 * Elements on and below a diagonal of the last two dimensions; 0 above. Default diagonal: 0, the main one.
 * @see https://pytorch.org/docs/stable/generated/torch.tril.html
 */
export function tril(x: Tensor, diagonal = 0): Tensor {
  atMost('tril', 2, arguments);
  return triangle(x, true, diagonal, 0);
}

/**
 * Elements on and above a diagonal of the last two dimensions; 0 below. Default diagonal: 0, the main one.
 * @see https://pytorch.org/docs/stable/generated/torch.triu.html
 */
export function triu(x: Tensor, diagonal = 0): Tensor {
  atMost('triu', 2, arguments);
  return triangle(x, false, diagonal, 0);
}
