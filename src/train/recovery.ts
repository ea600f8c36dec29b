/** A run whose device is lost goes on from what its last snapshot held. */
import { type Adapter, epoch } from '../gpu/device.js';
import { DeviceLostError, KindlingError } from '../gpu/errors.js';
import { another } from '../recover/recover.js';
import { type Snapshot, snapshot } from '../recover/snapshot.js';
import { type RandomState, randomState, setRandomState } from '../tensor/random.js';
import type { TrainOptions } from './options.js';
import type { Progress } from './progress.js';
import type { OwnRandom } from './random.js';

/** What the host knows of a place, its steps' losses included. */
interface Known {
  readonly progress: Progress;
  /** Of the library; the run's own is in the snapshot. */
  readonly random: RandomState;
  readonly user: object | undefined;
}

/** A place to go on from. */
interface Kept extends Known {
  readonly held: Snapshot;
}

/** A snapshot of a place whose last losses are not known yet. */
interface Begun {
  readonly epoch: number;
  readonly batch: number;
  readonly due: boolean;
  readonly held: Promise<Snapshot>;
}

const SECONDS = 10;
/** A device that is lost again and again before anything new is done will be lost again. */
const MOST_IN_VAIN = 5;
/** What fails because the device is gone may be told before the loss is. */
const GRACE_MS = [0, 20, 80, 200];

export class Recovery {
  readonly #options: TrainOptions;
  readonly #random: OwnRandom;
  #at = performance.now();
  #kept: Kept | null = null;
  #begun: Begun | null = null;
  /** Why a snapshot failed, other than by a loss. */
  #failure: unknown = null;
  /** The place of the last recovery, the farthest step so far, and losses since either went on. */
  #from: Kept | null = null;
  #farthest = -1;
  #inVain = 0;

  constructor(options: TrainOptions, random: OwnRandom) {
    this.#options = options;
    this.#random = random;
  }

  #snapshot(): Promise<Snapshot> {
    const { model, optimizer, scheduler, recover } = this.#options;
    // Its random numbers are those of the run.
    return this.#random.run(() => snapshot({ model, optimizer, scheduler, recover }));
  }

  #know(progress: Progress): Known {
    return structuredClone({ progress, random: randomState(), user: this.#options.user });
  }

  /** Holds the place where the run begins. */
  async begin(run: Progress): Promise<void> {
    const known = this.#know(run);
    this.#kept = { ...known, held: await this.#snapshot() };
    this.#at = performance.now();
  }

  /** The `made`-th step of the epoch is on its way. Begins a snapshot of what it leaves, where one is due. */
  made(run: Progress, made: number): void {
    const { snapshotEvery = SECONDS } = this.#options;
    if (this.#failure) throw this.#failure;
    if (this.#begun || performance.now() - this.#at < 1000 * snapshotEvery) return;
    const held = this.#snapshot();
    held.catch(() => {}); // Looked at once the losses are known.
    this.#begun = { epoch: run.epoch, batch: made, due: run.due, held };
  }

  /** The losses are known up to where the run is. */
  settled(run: Progress): void {
    const begun = this.#begun;
    if (!begun || begun.epoch !== run.epoch || begun.batch !== run.batch) return;
    const known = this.#know({ ...run, due: begun.due });
    const keep = async (): Promise<void> => {
      try {
        this.#kept = { ...known, held: await begun.held };
      } catch (error) {
        if (!(error instanceof DeviceLostError)) this.#failure = error;
      }
      this.#at = performance.now();
      if (this.#begun === begun) this.#begun = null;
    };
    void keep();
  }

  /**
   * Lets everything be as the last snapshot held it, on another device.
   *
   * @param reached the last step whose loss is known
   * @throws DeviceLostError where there is no other device, or the run gets no farther
   */
  async recover(run: Progress, reached: number, lost: unknown): Promise<Adapter> {
    if (!this.#kept) throw lost;
    if (reached > this.#farthest || this.#kept !== this.#from) this.#inVain = 0;
    this.#farthest = Math.max(this.#farthest, reached);
    if (++this.#inVain > MOST_IN_VAIN) {
      throw new DeviceLostError(
        `trainModel: the device was lost ${this.#inVain} times before any step beyond the ${this.#farthest}th. Work on less at ` +
          'once: a driver takes the device away from work that it finds too long.',
        { cause: lost },
      );
    }
    const adapter = await another();
    const kept = this.#kept;
    this.#from = kept;
    kept.held.restore();
    this.#random.state = randomState();
    const { progress, random, user } = structuredClone({ ...kept, held: null });
    setRandomState(random);
    Object.assign(run, progress, { seconds: run.seconds });
    if (user) Object.assign(this.#options.user ?? {}, user);
    this.#begun = null;
    return adapter;
  }
}

/** Whether `error` came of a loss of the device that was there at `opened`. */
export async function isLoss(error: unknown, opened: number): Promise<boolean> {
  if (!(error instanceof KindlingError)) return false;
  for (const pause of error instanceof DeviceLostError ? [] : GRACE_MS) {
    if (epoch() !== opened) break;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return epoch() !== opened;
}
