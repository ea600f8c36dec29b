/** Optimizers and learning-rate schedulers, as PyTorch's `torch.optim`. */
export { Adadelta, type AdadeltaOptions } from './adadelta.js';
export { Adam, type AdamOptions, AdamW } from './adam.js';
export { Adamax, type AdamaxOptions } from './adamax.js';
export {
  AveragedModel,
  type AveragedModelOptions,
  type AvgFn,
  getEmaMultiAvgFn,
  type MultiAvgFn,
  updateBN,
} from './averaging.js';
export { type ClipOptions, clipGradNorm, clipGradValue } from './clip.js';
export type { ParamGroup, Params } from './groups.js';
export { LBFGS, type LBFGSOptions } from './lbfgs.js';
export * from './lrScheduler/index.js';
export * as lrScheduler from './lrScheduler/index.js';
export { NAdam, type NAdamOptions, RAdam, type RAdamOptions } from './nadam.js';
export { Optimizer } from './optimizer.js';
export { l1Penalty } from './penalty.js';
export { Adagrad, type AdagradOptions, RMSprop, type RMSpropOptions } from './rmsprop.js';
export { SGD, type SGDOptions } from './sgd.js';
export type { OptimizerState, ParamState } from './state.js';
