/** The checkpoints of a run: what stands in them besides its objects, where they go, and when the next one is due. */
import { checkWritable, readFileIfThere, writeFileAtomic } from '#disk';
import { adapter } from '../gpu/device.js';
import { KindlingError } from '../gpu/errors.js';
import { loadChecked, type RunObjects, saveCheckpoint } from '../io/checkpoint.js';
import { randomState, setRandomState } from '../tensor/random.js';
import type { CheckpointStore, TrainOptions } from './options.js';
import { checkSaved, type Progress, type Saved } from './progress.js';
import type { OwnRandom } from './random.js';

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
      const into = { ...this.#objects, settings };
      const { user: saved } = this.#random.run(() =>
        loadChecked<Saved>(bytes, into, (found) => checkSaved(found, this.#batches)),
      );
      const { progress, random } = saved;
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
