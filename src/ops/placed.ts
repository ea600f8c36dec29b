/** Elements read at indices that name each of them at most once, and written back there: one is the other's gradient. */

import { fillKernel } from '../kernels/copy.js';
import { gatherIndexKernel } from '../kernels/indexing.js';
import { placeKernel } from '../kernels/scatter.js';
import { launch, launchInto } from '../tensor/launch.js';
import { differentiable } from '../tensor/remember.js';
import { type Shape, stridesOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { noneBits } from '../tensor/unfit.js';

/**
 * x's elements at `index` along `dim`, which names none twice.
 *
 * @param index i32, as many dimensions as x, and as long as x but for `dim`
 * @param value the elements, where they were read already
 */
export function picked(name: string, x: Tensor, dim: number, index: Tensor, value = read(x, dim, index)): Tensor {
  return differentiable(name, [x], value, { by: [(g) => placed(g, dim, index, x.shape)] }, { dim, picks: index });
}

function read(x: Tensor, dim: number, index: Tensor): Tensor {
  const kernel = gatherIndexKernel({
    dim,
    shape: x.shape,
    strides: stridesOf(x.shape),
    indexShape: index.shape,
    none: noneBits(x.dtype),
  });
  return launch(kernel, [x, index], index.shape, x.dtype);
}

/** x's elements at `index` along `dim` among zeros. */
function placed(x: Tensor, dim: number, index: Tensor, shape: Shape): Tensor {
  const into = new Tensor(shape);
  launchInto(fillKernel({ size: into.size, bits: 0 }), [], [into]);
  launchInto(placeKernel({ dim, strides: stridesOf(shape), indexShape: index.shape }), [x, index], [into]);
  return differentiable('placed', [x], into, { by: [(g) => picked('gather', g, dim, index)] });
}
