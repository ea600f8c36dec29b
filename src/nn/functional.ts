/** Functions of `torch.nn.functional`, in camelCase: the differentiable functions that layers are made of. */
export { type AttentionOptions, scaledDotProductAttention } from '../autograd/attention.js';
export { type Conv1dOptions, conv1d } from '../autograd/conv1d.js';
export { type Conv2dOptions, conv2d } from '../autograd/conv2d.js';
export { type ConvTranspose2dOptions, convTranspose2d } from '../autograd/convTranspose2d.js';
export { type DropoutOptions, dropout, dropout2d } from '../autograd/dropout.js';
export { embedding, oneHot } from '../autograd/indexing.js';
export { type InterpolateOptions, interpolate } from '../autograd/interpolate.js';
export {
  type BinaryCrossEntropyOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  huberLoss,
  type KlDivOptions,
  klDiv,
  type LossOptions,
  l1Loss,
  mseLoss,
  type Reduction,
  smoothL1Loss,
} from '../autograd/losses.js';
export { linear } from '../autograd/matmul.js';
export { type CrossEntropyOptions, crossEntropy, type NllOptions, nllLoss } from '../autograd/nll.js';
export * from '../autograd/normalize.js';
export {
  type AvgPool2dOptions,
  adaptiveAvgPool2d,
  avgPool2d,
  type MaxPool1dOptions,
  type MaxPool2dOptions,
  maxPool1d,
  maxPool2d,
  type Pair,
  type Pool2dOptions,
} from '../autograd/pool.js';
export { flatten, type PadOptions, pad } from '../autograd/shape.js';
export { type Dim, logSoftmax, softmax } from '../autograd/softmax.js';
export {
  elu,
  gelu,
  hardsigmoid,
  hardswish,
  leakyRelu,
  relu,
  relu6,
  sigmoid,
  silu,
  softplus,
  tanh,
} from '../autograd/unary.js';
