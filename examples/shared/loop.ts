/** Trains one model, step by step: shows how far it is, stops at Ctrl-C, and goes on later to the same bits. */
import { rm } from 'node:fs/promises';
import { adapter, onCompile, type Tensor } from 'kindling';
import type { Batch, DataLoader, HostArray } from 'kindling/data';
import { loadCheckpoint, type RunObjects, saveCheckpoint, writeFileAtomic } from 'kindling/io';
import type { AnyModule } from 'kindling/nn';
import { readIfThere } from './files.js';
import { Progress } from './progress.js';
import { OwnRandom } from './random.js';
import { Stop } from './stop.js';
import { Diverged, Watch } from './watch.js';

type Settings = Readonly<Record<string, unknown>>;

export interface StepsOptions {
  /** What the progress calls the run. */
  readonly label: string;
  /** Steps in all. */
  readonly steps: number;
  /**
   * Makes step `i`, counted from 0, and returns its loss, which the loop reads and frees. What it does follows from `i` and
   * `state` alone: `batchOf(loader)` gives the batch.
   */
  readonly step: (i: number) => Tensor | Promise<Tensor>;
  /** What steps change. Model and optimizer are watched: see {@link Diverged}. */
  readonly state: RunObjects & { readonly model: AnyModule };
  /** Everything else that decides the numbers, fit for JSON: a checkpoint with other settings is refused. */
  readonly settings?: Settings;
  /** A file: written every 30 seconds, at Ctrl-C and after the last step, never of a model that has diverged. Whoever has written the result removes it ({@link removeCheckpoint}). */
  readonly checkpoint: string;
  /** Whether to go on from the checkpoint; where it is not there yet, from the start. */
  readonly resume: boolean;
  /** The command that goes on, for the message at Ctrl-C. */
  readonly resumeCommand: string;
  /** Called after each `steps` steps, once they are done, as for a score in between; a text it returns is shown. */
  readonly every?: { readonly steps: number; readonly call: (done: number) => Promise<string | undefined> };
  /** What every line begins with. */
  readonly prefix?: string;
  /** Default: standard output. */
  readonly stream?: NodeJS.WriteStream;
  /** Default: Ctrl-C. */
  readonly stop?: Pick<Stop, 'requested' | 'arm' | 'disarm'>;
}

export interface StepsOutcome {
  /** False where it was stopped and saved, be it after the last step: then resuming goes on with what follows the steps. */
  readonly finished: boolean;
  /** Of all steps so far, those before a stop included. */
  readonly losses: readonly number[];
  /** Spent on them. */
  readonly seconds: number;
}

/** What a checkpoint holds besides the state. */
interface Saved {
  readonly losses: number[];
  readonly seconds: number;
  /** Where it was begun. */
  readonly adapter: string;
}

/** Steps that may be under way on the device before the loss of the oldest is awaited. */
const AHEAD = 3;
const CHECKPOINT_SECONDS = 30;

/**
 * @throws Error where `steps` is none or the checkpoint is of other settings; Diverged where a loss, a weight, a running
 *   statistic or a moment is not finite
 */
export async function runSteps(options: StepsOptions): Promise<StepsOutcome> {
  const { label, steps, state, every, prefix = '', stream = process.stdout, stop = new Stop() } = options;
  if (!Number.isSafeInteger(steps) || steps < 1) throw new Error(`${label}: steps is a whole number ≥ 1, not ${steps}`);
  const random = new OwnRandom();
  const { losses, seconds, adapter: begunOn } = await begin(options, random);
  const began = performance.now() - 1000 * seconds;
  const elapsed = (): number => (performance.now() - began) / 1000;
  /** The step that the checkpoint is of. */
  let saved = losses.length > 0 ? losses.length : null;
  const watch = new Watch([state.model, state.optimizer], losses.length);
  const save = async (): Promise<void> => {
    await watch.look(losses.length);
    const user: Saved = { losses, seconds: elapsed(), adapter: begunOn };
    const bytes = random.run(() => saveCheckpoint({ ...state, settings: options.settings ?? {}, user }));
    await writeFileAtomic(options.checkpoint, await bytes);
    saved = losses.length;
  };
  const progress = new Progress({ stream, total: steps, label, prefix });
  if (losses.length > 0) progress.line(`Going on after step ${losses.length} of ${steps}.`);
  if (begunOn !== adapter().description) {
    progress.line(`NOTE: the run was begun on ${begunOn}; another adapter rounds differently.`);
  }
  onCompile(({ done, total }) => progress.prepare(`compiling shaders: ${done} of ${total}`));
  stop.arm(
    () => progress.line('Stopping after this step; once more stops at once, losing those since the last checkpoint.'),
    () => progress.stop(),
  );
  const underway: { loss: Tensor; look: Promise<void> | undefined }[] = [];
  const settle = async (most: number): Promise<void> => {
    while (underway.length > most) {
      const [oldest] = underway.splice(0, 1);
      if (!oldest) return;
      const loss = await oldest.loss.item();
      oldest.loss.dispose();
      await watch.loss(losses.length + 1, loss);
      await oldest.look;
      losses.push(loss);
      progress.step(losses.length, `loss ${loss.toFixed(4)}`);
    }
  };
  let savedAt = performance.now();
  try {
    for (let i = losses.length; i < steps && !stop.requested; i++) {
      underway.push({ loss: await random.inTurn(() => options.step(i)), look: watch.due(i + 1) });
      await settle(AHEAD - 1);
      if (every && (i + 1) % every.steps === 0) {
        await settle(0);
        const text = await random.inTurn(() => every.call(i + 1));
        if (text) progress.line(text);
      }
      if (performance.now() - savedAt < 1000 * CHECKPOINT_SECONDS) continue;
      await settle(0);
      await save();
      savedAt = performance.now();
    }
    await settle(0);
    await save();
    const finished = losses.length === steps && !stop.requested;
    if (!finished) {
      progress.line(`Stopped and saved after step ${losses.length}. Go on with: ${options.resumeCommand}`);
    }
    return { finished, losses, seconds: elapsed() };
  } catch (error) {
    if (!(error instanceof Diverged)) throw error;
    const kept =
      saved === null
        ? 'No checkpoint was written'
        : `The checkpoint of step ${saved} stays as it was: ${options.checkpoint}`;
    throw new Diverged(`${label}: diverged: ${error.message}. ${kept}`, { cause: error });
  } finally {
    progress.stop();
    stop.disarm();
    onCompile(null);
  }
}

/** Where the run begins: anew, or where its checkpoint ends. */
async function begin({ checkpoint, resume, state, settings = {} }: StepsOptions, random: OwnRandom): Promise<Saved> {
  const bytes = resume ? await readIfThere(checkpoint) : null;
  if (!bytes) return { losses: [], seconds: 0, adapter: adapter().description };
  try {
    return random.run(() => loadCheckpoint<Saved>(bytes, { ...state, settings }).user);
  } catch (error) {
    throw new Error(`${checkpoint}: ${(error as Error).message}`, { cause: error });
  }
}

/** For when the result is written. */
export async function removeCheckpoint(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** The batch of step `i`, where the epochs of `loader` follow one another. Batches are the loader's, as in its own loop. */
export function batchOf<Sample extends readonly HostArray[]>(
  loader: DataLoader<Sample>,
): (i: number) => Promise<Batch<Sample>> {
  let batches = loader[Symbol.asyncIterator]();
  let next = -1;
  return async (i) => {
    if (i !== next) {
      await batches.return(undefined);
      loader.setEpoch(Math.floor(i / loader.length), i % loader.length);
      batches = loader[Symbol.asyncIterator]();
    }
    next = i + 1;
    let taken = await batches.next();
    if (taken.done) {
      batches = loader[Symbol.asyncIterator]();
      taken = await batches.next();
    }
    if (taken.done) throw new Error('batchOf: the loader has no batches');
    return taken.value;
  };
}
