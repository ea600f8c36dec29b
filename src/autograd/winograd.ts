/** conv2d in the dispatches of Winograd's filtering, for whoever chose it. */
import type { Winograd, WinogradWeightGrad } from '../kernels/conv2d/winograd.js';
import { launch, launchMany } from '../tensor/launch.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** y of x and weight; with {@link winogradInputGrad}'s kernels, dx of dy and weight. */
export function launchWinograd(made: Winograd, x: Tensor, weight: Tensor, bias: Tensor | null, shape: Shape): Tensor {
  const v = launch(made.input, [x], [made.inputSize]);
  const u = launch(made.weight, [weight], [made.weightSize]);
  const sums = launch(made.product, [v, u], [made.productSize]);
  return launch(made.output, bias ? [sums, bias] : [sums], shape);
}

/** [dweight, dbias?] of dy and x. */
export function launchWinogradWeightGrad(made: WinogradWeightGrad, dy: Tensor, x: Tensor, like: Tensor[]): Tensor[] {
  const v = launch(made.input, [x], [made.inputSize]);
  const z = launch(made.outputGrad, [dy], [made.outputGradSize]);
  const { product } = made;
  const sizes = made.sumSizes.map((size) => ({ shape: [size] }));
  const sums =
    'partial' in product
      ? launchMany(product.reduce, [launch(product.partial, [z, v], [product.partialSize])], sizes)
      : launchMany(product, [z, v], sizes);
  return launchMany(made.weightGrad, sums, like);
}
