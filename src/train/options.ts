/** What {@link trainModel} takes, and what it refuses before anything is trained. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, required, text } from '../gpu/options.js';
import type { SavedOptimizer, Settings } from '../io/checkpoint.js';
import { type AnyModule, wantModule } from '../nn/module.js';
import type { ScheduledOptimizer, Scheduler } from '../optim/lrScheduler/index.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Scores, TrainEvent } from './events.js';

/**
 * What gives the batches: a `DataLoader` of any data set, or an object of one's own. Batch `batch` of epoch `epoch` is to be the
 * same each time it is asked for, or a resumed run sees others.
 */
export type Loader<Batch> = {
  /** Batches in an epoch. */
  readonly length: number;
  /** Lets the next iteration be epoch `epoch`, from 0, from batch `batch` on. */
  setEpoch(epoch: number, batch: number): void;
} & (AsyncIterable<Batch> | Iterable<Batch>);

/** One step of training, of the tensors of a batch. It returns its loss. */
export type Step<Batch extends readonly Tensor[]> = (...batch: { -readonly [K in keyof Batch]: Batch[K] }) => Tensor;

/** A place of one's own for checkpoints: a database, a server. */
export interface CheckpointStore {
  /** Keeps the bytes in place of those before. Its promise is awaited. */
  save(checkpoint: Uint8Array): unknown;
  /** The bytes kept last, or null where there are none. Needed to resume. */
  load?(): Uint8Array | null | Promise<Uint8Array | null>;
}

export interface TrainOptions {
  /** Epochs in all, those before the run was resumed included. */
  epochs: number;
  /** What is trained: looked at for NaN, saved, and in evaluation mode while `evaluate` runs. */
  model: AnyModule;
  /** Looked at and saved. Default: none, for a step that updates by itself. */
  optimizer?: (SavedOptimizer & ScheduledOptimizer) | undefined;
  /** Stepped and saved. Default: none. */
  scheduler?: Scheduler | undefined;
  /** When the scheduler is stepped: after each epoch, or after each step (`OneCycleLR`, a warm-up). Default: `epoch`. */
  scheduleEvery?: 'epoch' | 'step' | undefined;
  /** The score that a `ReduceLROnPlateau` watches, which is then stepped after each evaluation. Default: an epoch's mean loss. */
  monitor?: string | undefined;
  /** Scores of the model as it is then: `async () => ({ accuracy: … })`. No step is under way while it runs. Default: none. */
  evaluate?: (() => Scores | Promise<Scores>) | undefined;
  /** Epochs, or steps, from one evaluation to the next; there is one after the last step in any case. Default: 1 epoch. */
  evaluateEvery?: number | { readonly steps: number } | undefined;
  /**
   * Where checkpoints go: a file, in a browser of the origin private file system, that is replaced whole or not at all; or one's
   * own place. One is written now and then, when the signal stops the run, and after the last step. Default: nowhere.
   */
  checkpoint?: string | CheckpointStore | undefined;
  /** Seconds from one checkpoint to the next. Default: 30. */
  checkpointEvery?: number | undefined;
  /** Whether to go on from the checkpoint, to the same bits. Where there is none yet, the run begins anew. Default: false. */
  resume?: boolean | undefined;
  /**
   * Whether to go on, on another device, where the device is lost: from a snapshot, to the same bits. In place of `true`, what else
   * of the step lies on the device: tensors, modules such as a criterion with weights, optimizers, or an array or object of such.
   * Default: false, the run ends in a `DeviceLostError`.
   */
  recover?: boolean | object | undefined;
  /** Seconds from one snapshot to the next. Each costs one readback, while steps go on. Default: 10. */
  snapshotEvery?: number | undefined;
  /** Whatever else decides the run's numbers, fit for JSON: a checkpoint of other settings is refused. Default: none. */
  settings?: Settings | undefined;
  /** An object of one's own, fit for JSON: its fields are saved with each checkpoint and snapshot, and set when the run goes on. */
  user?: object | undefined;
  /**
   * Steps from one look at NaN, infinities, largest values and norms of the model's weights and gradients to the next, which the
   * event `health` tells: two launches or so. Default: none.
   */
  healthEvery?: number | undefined;
  /** Stops the run after the steps that are under way, with a checkpoint. Default: none. */
  signal?: AbortSignal | undefined;
  /** Told of everything, in order. What it returns is awaited. Default: nobody. */
  on?: ((event: TrainEvent) => unknown) | undefined;
}

const TRAIN: Known<TrainOptions> = {
  epochs: 'size',
  model: 'any',
  optimizer: 'any',
  scheduler: 'any',
  scheduleEvery: ['epoch', 'step'],
  monitor: 'string',
  evaluate: 'function',
  evaluateEvery: 'any',
  checkpoint: 'any',
  checkpointEvery: 'number',
  resume: 'boolean',
  recover: 'any',
  snapshotEvery: 'number',
  settings: 'any',
  user: 'any',
  healthEvery: 'size',
  signal: 'any',
  on: 'function',
};

/** @throws KindlingError naming what cannot be, and what to write instead */
export function checkTrain(step: unknown, loader: Loader<unknown>, options: TrainOptions): void {
  if (typeof step !== 'function') refuse(`trainModel: step is ${text(step)}, wants a function of a batch's tensors`);
  checkLoader(loader);
  checked('trainModel', options, TRAIN);
  const { epochs, model, optimizer, scheduler, scheduleEvery, monitor, evaluate, evaluateEvery } = options;
  required('trainModel', { epochs }, { epochs: 'size' });
  wantModule('trainModel', model);
  if (optimizer) want('optimizer', optimizer, 'an optimizer', ['stateDict', 'loadStateDict']);
  if (optimizer && !Array.isArray(optimizer.paramGroups)) refuse('trainModel: the optimizer has no paramGroups');
  if (scheduler) want('scheduler', scheduler, 'a scheduler', ['step', 'stateDict']);
  const without = (name: string, given: unknown, needed: string): void => {
    if (given !== undefined && given !== false) refuse(`trainModel: ${name} wants ${needed} too`);
  };
  if (!scheduler) without('scheduleEvery', scheduleEvery, 'a scheduler');
  if (!scheduler) without('monitor', monitor, 'a scheduler');
  if (!evaluate) without('monitor', monitor, 'evaluate, which gives that score,');
  if (!evaluate) without('evaluateEvery', evaluateEvery, 'evaluate');
  if (monitor !== undefined && scheduleEvery === 'step') {
    refuse(
      `trainModel: monitor '${monitor}' steps the scheduler after each evaluation; leave out scheduleEvery: 'step'`,
    );
  }
  const every = typeof evaluateEvery === 'object' ? evaluateEvery?.steps : evaluateEvery;
  if (evaluateEvery !== undefined && !(Number.isSafeInteger(every) && (every as number) > 0)) {
    refuse(
      `trainModel: evaluateEvery is ${text(evaluateEvery)}, wants a number of epochs from 1 on, or { steps } from 1 on`,
    );
  }
  checkPlaces(options, without);
  checkRecover(options, without);
}

type Without = (name: string, given: unknown, needed: string) => void;

function checkRecover({ recover = false, snapshotEvery, user, checkpoint }: TrainOptions, without: Without): void {
  if (typeof recover !== 'boolean' && Object(recover) !== recover) {
    refuse(`trainModel: recover is ${text(recover)}, wants true, or what else the step has on the device`);
  }
  if (!recover) without('snapshotEvery', snapshotEvery, 'recover');
  if (!recover && checkpoint === undefined) without('user', user, 'a checkpoint, or recover,');
  if (snapshotEvery !== undefined && !(snapshotEvery >= 0)) {
    refuse(`trainModel: snapshotEvery is ${snapshotEvery}, wants seconds from 0 on`);
  }
}

function checkPlaces(
  { checkpoint, checkpointEvery, resume, settings, user, signal }: TrainOptions,
  without: Without,
): void {
  if (checkpoint === undefined) {
    for (const [name, given] of Object.entries({ checkpointEvery, resume, settings })) {
      without(name, given, 'a checkpoint');
    }
  } else if (typeof checkpoint !== 'string') {
    want('checkpoint', checkpoint, 'a path, or functions save and load,', resume ? ['save', 'load'] : ['save']);
  } else if (checkpoint === '') refuse('trainModel: checkpoint is an empty path');
  if (checkpointEvery !== undefined && !(checkpointEvery >= 0)) {
    refuse(`trainModel: checkpointEvery is ${checkpointEvery}, wants seconds from 0 on`);
  }
  for (const [name, given] of Object.entries({ settings, user })) {
    if (given !== undefined && (typeof given !== 'object' || given === null)) {
      refuse(`trainModel: ${name} is ${text(given)}, wants an object`);
    }
  }
  if (signal !== undefined && typeof signal?.aborted !== 'boolean') {
    refuse(`trainModel: signal is ${text(signal)}, wants an AbortSignal, such as new AbortController().signal`);
  }
}

function checkLoader(loader: Loader<unknown>): void {
  want('loader', loader, 'a DataLoader, or what has its length, setEpoch and iteration,', ['setEpoch']);
  if (!(Symbol.asyncIterator in loader || Symbol.iterator in loader))
    refuse('trainModel: the loader cannot be iterated over');
  const { length } = loader;
  if (!(Number.isSafeInteger(length) && length > 0)) {
    refuse(`trainModel: the loader has ${text(length)} batches in an epoch, wants 1 or more`);
  }
}

/** @throws KindlingError unless `value` has all `methods` */
function want(name: string, value: unknown, wanted: string, methods: readonly string[]): void {
  const isObject = typeof value === 'object' && value !== null;
  const missing = isObject ? methods.find((method) => typeof Reflect.get(value, method) !== 'function') : undefined;
  if (!isObject || missing) {
    refuse(`trainModel: ${name} is ${text(value)}${missing ? ` without ${missing}` : ''}, wants ${wanted}`);
  }
}
