/** Functions of `torch.nn.functional`, in camelCase: the differentiable functions that layers are made of. */

export { adaptiveMaxPool1d, adaptiveMaxPool2d } from '../ops/adaptiveMaxPool.js';
export { type AttentionOptions, scaledDotProductAttention } from '../ops/attention.js';
export { type Conv1dOptions, conv1d } from '../ops/conv1d.js';
export { type Conv2dOptions, conv2d } from '../ops/conv2d.js';
export { type Conv3dOptions, conv3d, type Triple } from '../ops/conv3d.js';
export { type ConvTranspose1dOptions, convTranspose1d } from '../ops/convTranspose1d.js';
export { type ConvTranspose2dOptions, convTranspose2d } from '../ops/convTranspose2d.js';
export { type CtcOptions, ctcLoss } from '../ops/ctc.js';
export {
  type CosineSimilarityOptions,
  cosineEmbeddingLoss,
  cosineSimilarity,
  type MarginOptions,
  type PairwiseDistanceOptions,
  pairwiseDistance,
  type TripletMarginOptions,
  tripletMarginLoss,
} from '../ops/distances.js';
export { type DropoutOptions, dropout, dropout2d } from '../ops/dropout.js';
export {
  elu,
  gelu,
  hardsigmoid,
  hardswish,
  leakyRelu,
  relu,
  relu6,
  silu,
  softplus,
} from '../ops/elementwise/activations.js';
export { sigmoid, tanh } from '../ops/elementwise/exponential.js';
export * from '../ops/elementwise/shrink.js';
export * from '../ops/elementwise/smooth.js';
export { type GridSampleOptions, gridSample } from '../ops/gridSample.js';
export { type GumbelSoftmaxOptions, gumbelSoftmax } from '../ops/gumbel.js';
export { embedding, oneHot } from '../ops/indexing.js';
export { type InterpolateOptions, interpolate } from '../ops/interpolate.js';
export {
  type GaussianNllOptions,
  gaussianNllLoss,
  type PoissonNllOptions,
  poissonNllLoss,
} from '../ops/likelihoods.js';
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
} from '../ops/losses.js';
export {
  type ClassWeightOptions,
  hingeEmbeddingLoss,
  type MultiMarginOptions,
  marginRankingLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  softMarginLoss,
} from '../ops/margins.js';
export { linear } from '../ops/matmul.js';
export { type CrossEntropyOptions, crossEntropy, type NllOptions, nllLoss } from '../ops/nll.js';
export {
  type AffineOptions,
  type BatchNormOptions,
  batchNorm,
  groupNorm,
  type InstanceNormOptions,
  instanceNorm,
  layerNorm,
} from '../ops/normalize.js';
export { type PadOptions, pad } from '../ops/pad.js';
export * from '../ops/pixelShuffle.js';
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
} from '../ops/pool.js';
export { type AvgPool1dOptions, adaptiveAvgPool1d, avgPool1d } from '../ops/pool1d.js';
export { bilinear } from '../ops/products.js';
export {
  gru,
  lstm,
  type RecurrentOptions,
  type RecurrentWeights,
  rnnRelu,
  rnnTanh,
} from '../ops/recurrent.js';
export { type RmsNormOptions, rmsNorm } from '../ops/rmsNorm.js';
export { flatten } from '../ops/shape.js';
export { type Dim, logSoftmax, softmax, softmin } from '../ops/softmax.js';
export { normalize } from '../ops/unitNorm.js';
export { fold, unfoldImage as unfold, type WindowOptions } from '../ops/windows.js';
