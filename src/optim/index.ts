/** Optimizers and learning-rate schedulers, as PyTorch's `torch.optim`. */
export { Adam, type AdamOptions, AdamW } from './adam.js';
export { type ClipOptions, clipGradNorm } from './clip.js';
export * from './lrScheduler/index.js';
export * as lrScheduler from './lrScheduler/index.js';
export { NAdam, type NAdamOptions, RAdam, type RAdamOptions } from './nadam.js';
export { Optimizer, type OptimizerState, type ParamGroup, type ParamState, type Params } from './optimizer.js';
export { l1Penalty } from './penalty.js';
export { Adagrad, type AdagradOptions, RMSprop, type RMSpropOptions } from './rmsprop.js';
export { SGD, type SGDOptions } from './sgd.js';
