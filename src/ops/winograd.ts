/** conv2d in the dispatches of Winograd's filtering, for whoever chose it. */

import type { ConvWay } from '../choose/convChoice.js';
import { adapter } from '../gpu/device.js';
import {
  type Winograd,
  type WinogradWeightGrad,
  winogradFits,
  winogradForward,
  winogradInputGrad,
  winogradWeightGrad,
  winogradWins,
} from '../kernels/conv2d/winograd.js';
import { launch, launchMany } from '../tensor/launch.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { launchProduct } from './matmul.js';

/** Winograd's filtering as a way to convolve. With fewer than 64 channels it is not tried, for its memory. */
export const winograd: ConvWay = {
  defaults: (shape) =>
    winogradFits(shape) && Math.min(shape.c, shape.o) >= 64 ? winogradWins(shape, adapter().isSoftware) : null,
  forward: ({ bias = false, ...spec }, x, weight, added, like) =>
    launchWinograd(winogradForward({ ...spec, bias }), x, weight, added ? [added] : [], like),
  inputGrad: (spec, dy, weight, like) => launchWinograd(winogradInputGrad(spec), dy, weight, [], like),
  weightGrad: ({ bias = false, ...spec }, dy, x, like) =>
    launchWinogradWeightGrad(winogradWeightGrad({ ...spec, bias }), dy, x, like),
};

/** y of x, weight and what the output reads besides; with the input gradient's kernels, dx of dy and weight. */
export function launchWinograd(
  made: Winograd,
  x: Tensor,
  weight: Tensor,
  rest: readonly Tensor[],
  shape: Shape,
): Tensor {
  const v = launch(made.input, [x], [made.inputSize]);
  const u = launch(made.weight, [weight], [made.weightSize]);
  const sums = launch(made.product, [v, u], [made.productSize]);
  return launch(made.output, [sums, ...rest], shape);
}

/** [dweight, dbias?] of dy and x. */
export function launchWinogradWeightGrad(
  made: WinogradWeightGrad,
  dy: Tensor,
  x: Tensor,
  like: readonly { shape: Shape }[],
): Tensor[] {
  const v = launch(made.input, [x], [made.inputSize]);
  const z = launch(made.outputGrad, [dy], [made.outputGradSize]);
  const sums = launchProduct(
    made.product,
    [z, v],
    [],
    made.sumSizes.map((size) => ({ shape: [size] })),
  );
  return launchMany(made.weightGrad, sums, like);
}
