/** Modules, losses and initialisation, as PyTorch's `torch.nn`. The functions they call are in `kindling/nn/functional`. */
export {
  ELU,
  GELU,
  Hardsigmoid,
  Hardswish,
  LeakyReLU,
  LogSoftmax,
  ReLU,
  ReLU6,
  Sigmoid,
  SiLU,
  Softmax,
  Softplus,
  Tanh,
} from './activations.js';
export { type AttendOptions, MultiheadAttention, type MultiheadAttentionOptions } from './attention.js';
export { BatchNorm1d, BatchNorm2d, type BatchNormOptions, InstanceNorm2d } from './batchnorm.js';
export { Bilinear } from './bilinear.js';
export { ModuleList, Sequential } from './containers.js';
export {
  Conv1d,
  type Conv1dOptions,
  Conv2d,
  type Conv2dOptions,
  Conv3d,
  type Conv3dOptions,
} from './conv.js';
export {
  ConvTranspose1d,
  type ConvTranspose1dOptions,
  ConvTranspose2d,
  type ConvTranspose2dOptions,
} from './convTranspose.js';
export { CTCLoss } from './ctcLoss.js';
export { Dropout, Dropout2d } from './dropout.js';
export { Embedding } from './embedding.js';
export { Flatten, Identity } from './flatten.js';
export { Fold, Unfold } from './fold.js';
export * from './hooks.js';
export * as init from './inits.js';
export { GroupNorm, LayerNorm, type LayerNormOptions } from './layernorm.js';
export { Linear } from './linear.js';
export {
  BCELoss,
  BCEWithLogitsLoss,
  CrossEntropyLoss,
  HuberLoss,
  KLDivLoss,
  L1Loss,
  MSELoss,
  NLLLoss,
  SmoothL1Loss,
} from './loss.js';
export * from './marginLosses.js';
export { type AnyModule, Module } from './module.js';
export { firstNonfinite } from './nonfinite.js';
export { Parameter } from './parameter.js';
export * from './pieces.js';
export { PixelShuffle, PixelUnshuffle } from './pixelShuffle.js';
export * from './pool1d.js';
export * from './pooling.js';
export { GRU, LSTM, type RecurrentLayerOptions, RNN, type RNNOptions } from './recurrent.js';
export { GRUCell, LSTMCell, type RecurrentCellOptions, RNNCell, type RNNCellOptions } from './recurrentCells.js';
export type { LoadOptions, LoadReport, StateDict } from './stateDict.js';
export { type Summary, type SummaryRow, summary } from './summary.js';
export { parametersToVector, vectorToParameters } from './vector.js';

// Of modules, and of layers that stand above.

export { deepcopy } from './deepcopy.js';
export { ModuleDict, ParameterList } from './dicts.js';
export { functionalCall } from './functionalCall.js';
export { type SpectralNormOptions, spectralNorm, type WeightNormOptions, weightNorm } from './parametrizations.js';
export { removeParametrizations } from './parametrize.js';
export { RMSNorm, type RMSNormOptions } from './rmsNorm.js';
export * from './transformer.js';
export { Unflatten } from './unflatten.js';
