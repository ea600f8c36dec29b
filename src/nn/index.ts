/** Modules, losses and initialisation, as PyTorch's `torch.nn`. The functions they call are in `kindling/nn/functional`. */
export * from './activations.js';
export { BatchNorm2d, type BatchNormOptions } from './batchnorm.js';
export { ModuleList, Sequential } from './containers.js';
export { Conv2d, type Conv2dOptions } from './conv.js';
export { Dropout, Dropout2d } from './dropout.js';
export { Flatten, Identity } from './flatten.js';
export * as init from './init.js';
export { Linear } from './linear.js';
export * from './loss.js';
export { type AnyModule, type LoadOptions, type LoadReport, Module, type StateDict } from './module.js';
export { Parameter } from './parameter.js';
export { AvgPool2d, MaxPool2d, type PoolOptions } from './pooling.js';
