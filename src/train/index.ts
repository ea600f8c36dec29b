/** The loop around a training step: {@link trainModel} keeps steps under way, evaluates, schedules, saves, resumes and stops. */
export type { EpochRecord, Place, Scores, TrainEvent } from './events.js';
export type { CheckpointStore, Loader, Step, TrainOptions } from './options.js';
export { type Trained, trainModel } from './trainModel.js';
export { Diverged, type Divergence } from './watch.js';
