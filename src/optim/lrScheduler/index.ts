/** Learning-rate schedulers: `import { lrScheduler } from 'kindling/optim'`, as PyTorch's `torch.optim.lr_scheduler`. */
export { CosineAnnealingLR, CosineAnnealingWarmRestarts } from './cosine.js';
export { CyclicLR, type CyclicOptions } from './cyclic.js';
export * from './decay.js';
export { OneCycleLR, type OneCycleOptions } from './oneCycle.js';
export { type PlateauOptions, ReduceLROnPlateau } from './plateau.js';
export { LRScheduler, type ScheduledOptimizer, type Scheduler, type SchedulerState } from './scheduler.js';
export { SequentialLR } from './sequential.js';
export { SWALR, type SWALROptions } from './swa.js';
