/** The checkpoints of a run: what stands in them besides its objects, where they go, and when the next one is due. */
import { checkWritable, readFileIfThere, writeFileAtomic } from '#disk';
import { adapter } from '../gpu/device.js';
import { KindlingError, refuse } from '../gpu/errors.js';
import { loadCheckpoint, type RunObjects, saveCheckpoint } from '../io/checkpoint.js';
import { type RandomState, randomState, setRandomState } from '../tensor/random.js';
import type { EpochRecord } from './events.js';
import type { CheckpointStore, TrainOptions } from './options.js';
import type { OwnRandom } from './random.js';

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

export const atTheStart = (): Progress => ({
  epoch: 0,
  batch: 0,
  due: false,
  lossSum: 0,
  learningRate: null,
  history: [],
  seconds: 0,
  adapter: adapter().description,
});

/** What {@link saveCheckpoint} calls `user`. */
interface Saved {
  readonly progress: Progress;
  /** Batches in an epoch. */
  readonly batches: number;
  /** Of the library; the run's own stand where every checkpoint has them. */
  readonly random: RandomState;
  readonly user?: object;
}

const SECONDS = 30;

export class Checkpoints {
  readonly #options: TrainOptions;
  readonly #batches: number;
  readonly #random: OwnRandom;
  readonly #store: CheckpointStore | null;
  #at = performance.now();
  /** The place that is kept; where nothing is, the beginning, which needs no checkpoint. */
  #kept = placeOf({ epoch: 0, batch: 0, due: false });

  /** @param batches in an epoch */
  constructor(options: TrainOptions, batches: number, random: OwnRandom) {
    this.#options = options;
    this.#batches = batches;
    this.#random = random;
    this.#store = storeOf(options.checkpoint);
  }

  get #objects(): RunObjects {
    const { model, optimizer, scheduler } = this.#options;
    return { model, ...(optimizer && { optimizer }), ...(scheduler && { scheduler }) };
  }

  /** Where the run goes on, its objects as they were there; null where it begins. */
  async load(): Promise<Progress | null> {
    const { checkpoint, resume, settings = {}, user } = this.#options;
    if (typeof checkpoint === 'string') await checkWritable('trainModel', checkpoint);
    const bytes = resume ? await this.#store?.load?.() : null;
    if (!bytes) return null;
    try {
      const saved = this.#random.run(() => loadCheckpoint<Partial<Saved>>(bytes, { ...this.#objects, settings }).user);
      const { progress, random, batches } = saved ?? {};
      if (!progress || !random) refuse('trainModel: this is no checkpoint of trainModel, but one made by hand');
      if (batches !== this.#batches) {
        refuse(
          `trainModel: the checkpoint is of a run of ${batches} batches in an epoch; the loader has ${this.#batches}`,
        );
      }
      setRandomState(random);
      if (user) Object.assign(user, saved.user);
      this.#kept = placeOf(progress);
      return progress;
    } catch (error) {
      const where = typeof checkpoint === 'string' ? `${checkpoint}: ` : '';
      throw new KindlingError(`${where}${(error as Error).message}`, { cause: error });
    }
  }

  get isDue(): boolean {
    const { checkpointEvery = SECONDS } = this.#options;
    return this.#store !== null && performance.now() - this.#at >= 1000 * checkpointEvery;
  }

  /** @returns false where there is no place for it, or it is there already */
  async save(progress: Progress): Promise<boolean> {
    this.#at = performance.now();
    if (!this.#store || placeOf(progress) === this.#kept) return false;
    const { settings = {}, user } = this.#options;
    const { epoch, batch } = progress;
    const loader = { state: { epoch, batch }, setEpoch() {} };
    const saved: Saved = { progress, batches: this.#batches, random: randomState(), ...(user && { user }) };
    const bytes = this.#random.run(() => saveCheckpoint({ ...this.#objects, loader, settings, user: saved }));
    await this.#store.save(await bytes);
    this.#kept = placeOf(progress);
    this.#at = performance.now();
    return true;
  }
}

const placeOf = ({ epoch, batch, due }: Pick<Progress, 'epoch' | 'batch' | 'due'>): string =>
  `${epoch} ${batch} ${due}`;

function storeOf(checkpoint: TrainOptions['checkpoint']): CheckpointStore | null {
  if (checkpoint === undefined) return null;
  if (typeof checkpoint !== 'string') return checkpoint;
  return { load: () => readFileIfThere(checkpoint), save: (bytes) => writeFileAtomic(checkpoint, bytes) };
}
