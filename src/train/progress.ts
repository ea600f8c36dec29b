/** How far a run is, as its checkpoints say it, and whether they say it as it can be. */
import { refuse } from '../gpu/errors.js';
import { text } from '../gpu/options.js';
import { checkRandomState, type RandomState } from '../tensor/random.js';
import type { EpochRecord } from './events.js';

/** How far a run is. */
export interface Progress {
  /** Epochs that have ended, with all that follows their last step. */
  epoch: number;
  /** Steps of the next one that are made. */
  batch: number;
  /** Whether something belongs behind the last of these that is still to be done: an evaluation, the end of the epoch. */
  due: boolean;
  /** Of this epoch's losses. */
  lossSum: number;
  /** Of the last step. */
  learningRate: number | null;
  history: EpochRecord[];
  /** Spent on it. */
  seconds: number;
  /** Where it was begun. */
  readonly adapter: string;
}

/** What `saveCheckpoint` calls `user`. */
export interface Saved {
  readonly progress: Progress;
  /** Batches in an epoch. */
  readonly batches: number;
  /** Of the library; the run's own stand where every checkpoint has them. */
  readonly random: RandomState;
  readonly user?: object;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumber = (value: unknown): boolean => typeof value === 'number';
const isRate = (value: unknown): boolean => value === null || isNumber(value);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws KindlingError where this is nothing that a run of so many batches in an epoch has saved */
export function checkSaved(saved: Partial<Saved> | null | undefined, batches: number): void {
  const { progress, random, user } = isObject(saved) ? saved : ({} as Partial<Saved>);
  if (!progress || !random) refuse('trainModel: this is no checkpoint of trainModel, but one made by hand');
  if (saved?.batches !== batches) {
    refuse(
      `trainModel: the checkpoint is of a run of ${text(saved?.batches)} batches in an epoch; the loader has ${batches}`,
    );
  }
  const want = (holds: boolean, what: string): void => {
    if (!holds) refuse(`trainModel: the checkpoint is damaged: ${what}`);
  };
  checkRandomState(random);
  want(isObject(progress), 'its progress is no object');
  const { epoch, batch, due, lossSum, learningRate, history, seconds, adapter } = progress;
  want(isCount(epoch) && isCount(batch) && batch <= batches, `a run is not after step ${batch} of epoch ${epoch}`);
  want(isNumber(lossSum) && Number.isFinite(seconds), 'its sums are no numbers');
  want(typeof due === 'boolean' && typeof adapter === 'string' && isRate(learningRate), 'its place has another form');
  want(Array.isArray(history) && history.length === epoch && history.every(isRecord), 'its epochs have another form');
  want(user === undefined || isObject(user), "the program's own values are no object");
}

const isRecord = (one: EpochRecord): boolean =>
  isObject(one) &&
  isCount(one.epoch) &&
  isCount(one.step) &&
  isNumber(one.loss) &&
  isRate(one.learningRate) &&
  (one.scores === null || (isObject(one.scores) && Object.values(one.scores).every(isNumber)));
