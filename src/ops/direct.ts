/** Convolutions of few channels a group without a product: a way that all programs have. */
import type { ConvWay } from '../choose/convChoice.js';
import { reduceVariant } from '../choose/variant.js';
import { directFits, directKernel, directWeightGrad } from '../kernels/conv2d/direct.js';
import { launch } from '../tensor/launch.js';
import { sum } from './broadcast.js';
import { launchProduct } from './matmul.js';

export const direct: ConvWay = {
  defaults: (shape) => (directFits(shape) ? { forward: true, inputGrad: true, weightGrad: true } : null),
  forward: ({ shape }, x, weight, bias, like) =>
    launch(directKernel({ part: 'forward', shape, bias: bias !== null }), bias ? [x, weight, bias] : [x, weight], like),
  inputGrad: ({ shape }, dy, weight, like) => launch(directKernel({ part: 'inputGrad', shape }), [dy, weight], like),
  weightGrad: ({ shape }, dy, x, [weight, ...bias]) => [
    ...launchProduct(directWeightGrad(shape, reduceVariant()), [x, dy], [], weight ? [weight] : []),
    ...bias.map(() => sum(dy, { dim: [0, 2, 3] })),
  ],
};
