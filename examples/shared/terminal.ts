/** `trainModel` in a terminal: shows how far it is, stops at Ctrl-C, and says how to go on. */
import { adapter, onCompile, type Tensor } from 'kindling';
import { logTo } from 'kindling/log';
import {
  Diverged,
  type Loader,
  type Step,
  type TrainEvent,
  type Trained,
  type TrainOptions,
  trainModel,
} from 'kindling/train';
import { HEALTH_EVERY, hparamsOf, logInto } from './log.js';
import { Progress } from './progress.js';
import { Stop } from './stop.js';

export interface Shown {
  /** What the progress calls the run. */
  readonly label: string;
  /** The file of its checkpoint, whether to go on from it, and the command that does, for the message at Ctrl-C; where to log. */
  readonly run: {
    readonly checkpoint: string;
    readonly resume: boolean;
    readonly resumeCommand: string;
    readonly log?: string | undefined;
  };
  /** Samples of a step, to log how many there are a second. Default: only steps. */
  readonly batchSize?: number;
  /** A line to print of what happens, as of an evaluation. Default: none. */
  readonly says?: (event: TrainEvent) => string | undefined;
  /** What every line begins with. */
  readonly prefix?: string;
  /** Default: standard output. */
  readonly stream?: NodeJS.WriteStream;
  /** Default: Ctrl-C. */
  readonly stop?: Pick<Stop, 'signal' | 'arm' | 'disarm'>;
}

export interface Outcome extends Trained {
  /** Of all steps, those before the run was resumed included. */
  readonly losses: readonly number[];
}

/** @throws Error as `trainModel` does; of a run that diverged it says which checkpoint is left */
export async function trainInTerminal<Batch extends readonly Tensor[]>(
  step: Step<NoInfer<Batch>>,
  loader: Loader<Batch>,
  { label, run, says, batchSize, prefix = '', stream = process.stdout, stop = new Stop() }: Shown,
  options: Omit<TrainOptions, 'checkpoint' | 'resume' | 'signal' | 'user' | 'on'>,
): Promise<Outcome> {
  const { checkpoint, resume, resumeCommand } = run;
  const steps = options.epochs * loader.length;
  const user: { losses: number[] } = { losses: [] };
  /** The step that the checkpoint is of. */
  let saved: number | null = null;
  const progress = new Progress({ stream, total: steps, label, prefix });
  const logger = run.log === undefined ? null : logInto(run.log);
  const log = logger && logTo(logger, { batchSize });
  const on = async (event: TrainEvent): Promise<void> => {
    await log?.(event);
    if (event.type === 'resume' || event.type === 'checkpoint') saved = event.step;
    if (event.type === 'resume') {
      progress.line(`Going on after step ${event.step} of ${steps}.`);
      if (event.adapter !== adapter().description) {
        progress.line(`NOTE: the run was begun on ${event.adapter}; another adapter rounds differently.`);
      }
    }
    if (event.type === 'step') {
      user.losses.push(event.loss);
      progress.step(event.step, `loss ${event.loss.toFixed(4)}`);
    }
    if (event.type === 'lost') progress.line(`NOTE: the device was lost after step ${event.step}: ${event.reason}`);
    if (event.type === 'recovered')
      progress.line(`Going on after step ${event.step} of ${steps}, on ${event.adapter}.`);
    const text = says?.(event);
    if (text) progress.line(text);
  };
  onCompile(({ done, total }) => progress.prepare(`compiling shaders: ${done} of ${total}`));
  stop.arm(
    () => progress.line('Stopping after this step; once more stops at once, losing those since the last checkpoint.'),
    () => progress.stop(),
  );
  try {
    const places = { checkpoint, resume, user, signal: stop.signal };
    const health = logger ? { healthEvery: HEALTH_EVERY } : {};
    const trained = await trainModel(step, loader, { recover: true, ...options, ...health, ...places, on });
    if (trained.finished) logger?.addHparams(hparamsOf(options.settings ?? {}), trained.history.at(-1)?.scores ?? {});
    await logger?.close();
    if (!trained.finished) {
      progress.line(`Stopped and saved after step ${trained.steps}. Go on with: ${resumeCommand}`);
    }
    return { ...trained, ...user };
  } catch (error) {
    if (!(error instanceof Diverged)) throw error;
    const kept =
      saved === null ? 'No checkpoint was written' : `The checkpoint of step ${saved} stays as it was: ${checkpoint}`;
    throw new Error(`${label}: diverged: ${error.what}. ${kept}`, { cause: error });
  } finally {
    progress.stop();
    stop.disarm();
    onCompile(null);
    // Where something else failed, that is what is told.
    await logger?.close().catch(() => {});
  }
}
