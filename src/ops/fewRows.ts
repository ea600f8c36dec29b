/** Products of few rows, and convolutions of few pixels, for whoever asked for kernels of their own. */
import type { ConvWay } from '../choose/convChoice.js';
import type { ProductWay } from '../choose/productWay.js';
import { adapter } from '../gpu/device.js';
import { directFits } from '../kernels/conv2d/direct.js';
import { forwardInParts, inputGradInParts } from '../kernels/conv2d/inParts.js';
import type { Conv2dShape } from '../kernels/conv2d/shape.js';
import { fewFits, matmulFew } from '../kernels/fewRows.js';
import type { Split } from '../kernels/gemm/split.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { launchProduct } from './matmul.js';

/** Few rows or columns as a way to multiply. */
export const fewRows: ProductWay = {
  defaults: (product) => (!adapter().isSoftware && fewFits(product) ? true : undefined),
  make: matmulFew,
};

const launched = (made: Split | null, factors: readonly Tensor[], rest: readonly Tensor[], shape: Shape): Tensor =>
  launchProduct(made as Split, factors, rest, [{ shape }])[0] as Tensor;

/** Sums in parts as a way to convolve. */
export const fewPixels: ConvWay = {
  defaults(shape: Conv2dShape) {
    if (adapter().isSoftware || directFits(shape)) return null;
    const parts = {
      ...(forwardInParts({ shape }) && { forward: true }),
      ...(inputGradInParts({ shape }) && { inputGrad: true }),
    };
    return Object.keys(parts).length > 0 ? parts : null;
  },
  forward: ({ shape, bias = false }, x, weight, added, like) =>
    launched(forwardInParts({ shape, bias }), [x, weight], added ? [added] : [], like),
  inputGrad: ({ shape }, dy, weight, like) => launched(inputGradInParts({ shape }), [dy, weight], [], like),
};
