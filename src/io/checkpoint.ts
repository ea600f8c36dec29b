/**
 * A training run in one file: weights, optimizer, scheduler, random numbers, the loader's place and whatever the program
 * remembers. A run that goes on from it gives the same bits as one that was never stopped.
 *
 * The file is safetensors: `model.<key>`, `optimizer.<parameter>.<name>`, and the rest as JSON in its metadata.
 */
import { refuse } from '../gpu/errors.js';
import { checked, type Known } from '../gpu/options.js';
import { type RandomState, randomState, setRandomState } from '../tensor/random.js';
import { Tensor } from '../tensor/tensor.js';
import { tensorsIn } from '../tensor/tree.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';
import { fromHost, toHost } from './tensors.js';

/** A module, by what a checkpoint needs of it. */
export interface SavedModel {
  stateDict(): Record<string, Tensor>;
  checkStateDict(state: Record<string, Tensor>): unknown;
  loadStateDict(state: Record<string, Tensor>): unknown;
}

export interface SavedOptimizerState {
  state: Record<number, { step: number } & { [name: string]: Tensor | number }>;
  paramGroups: ({ params: number[]; lr: number } & Record<string, unknown>)[];
}

export interface SavedOptimizer {
  stateDict(): SavedOptimizerState;
  checkStateDict(state: SavedOptimizerState): void;
  loadStateDict(state: SavedOptimizerState): void;
}

type SchedulerState = Readonly<Record<string, unknown>>;

export interface SavedScheduler {
  stateDict(): SchedulerState;
  loadStateDict(state: SchedulerState): void;
}

/** A loader's place: the epoch, and the batches of it that were given. */
export interface SavedLoader {
  readonly state: { epoch: number; batch: number };
  setEpoch(epoch: number, batch: number): void;
}

/** The objects of a run. Those left out are not saved, or not restored. */
export interface RunObjects {
  model?: SavedModel;
  optimizer?: SavedOptimizer;
  scheduler?: SavedScheduler;
  loader?: SavedLoader;
}

/** What a checkpoint holds. */
export interface Checkpoint<User = unknown> {
  readonly model?: Record<string, Tensor>;
  readonly optimizer?: SavedOptimizerState;
  readonly scheduler?: SchedulerState;
  readonly loader?: SavedLoader['state'];
  readonly random: RandomState;
  readonly user: User;
}

const RUN: Known<RunObjects> = { model: 'any', optimizer: 'any', scheduler: 'any', loader: 'any' };

const FORMAT = 'kindling checkpoint 1';

/**
 * The bytes of a checkpoint of `run`, and of the library's random numbers, as they are when this is called.
 *
 * @param run the objects, and `user`: anything fit for JSON
 */
export async function saveCheckpoint(run: RunObjects & { user?: unknown }): Promise<Uint8Array> {
  checked('saveCheckpoint', run, { ...RUN, user: 'any' });
  const tensors: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(run.model?.stateDict() ?? {})) tensors[`model.${name}`] = tensor;
  const optimizer = run.optimizer?.stateDict();
  const steps = Object.entries(optimizer?.state ?? {}).map(([index, held]) => {
    const numbers = Object.entries(held).filter(([name, value]) => {
      if (value instanceof Tensor) tensors[`optimizer.${index}.${name}`] = value;
      return !(value instanceof Tensor);
    });
    return [index, Object.fromEntries(numbers)];
  });
  const rest = {
    model: run.model !== undefined,
    optimizer: optimizer && { state: Object.fromEntries(steps), paramGroups: optimizer.paramGroups },
    scheduler: run.scheduler?.stateDict(),
    loader: run.loader?.state,
    random: randomState(),
    user: run.user,
  };
  const metadata = { format: FORMAT, state: JSON.stringify(rest, writeNumber) };
  return writeSafetensors(await toHost(tensors), metadata);
}

/**
 * Restores the objects of a run, and the library's random numbers, from a checkpoint.
 *
 * @returns the checkpoint's `user`
 * @throws KindlingError where the file is no checkpoint or does not fit the objects; nothing is changed then
 */
export function loadCheckpoint<User = unknown>(bytes: Uint8Array, into: RunObjects): { user: User } {
  checked('loadCheckpoint', into, RUN);
  const saved = readCheckpoint<User>(bytes);
  try {
    restore(saved, into);
  } finally {
    for (const tensor of tensorsIn([saved.model, saved.optimizer])) tensor.dispose();
  }
  return { user: saved.user };
}

function restore(saved: Checkpoint, { model, optimizer, scheduler, loader }: RunObjects): void {
  const before = { scheduler: scheduler?.stateDict(), loader: loader?.state };
  if (model) model.checkStateDict(needed('model', saved.model));
  if (optimizer) optimizer.checkStateDict(needed('optimizer', saved.optimizer));
  try {
    // These two check as they load; what they did can be taken back.
    if (scheduler) scheduler.loadStateDict(needed('scheduler', saved.scheduler));
    if (loader) {
      const { epoch, batch } = needed('loader', saved.loader);
      loader.setEpoch(epoch, batch);
    }
  } catch (error) {
    if (before.scheduler) scheduler?.loadStateDict(before.scheduler);
    if (before.loader) loader?.setEpoch(before.loader.epoch, before.loader.batch);
    throw error;
  }
  if (saved.model) model?.loadStateDict(saved.model);
  if (saved.optimizer) optimizer?.loadStateDict(saved.optimizer);
  setRandomState(saved.random);
}

function needed<T>(part: string, value: T | undefined): T {
  if (value === undefined) refuse(`loadCheckpoint: the checkpoint holds no ${part}`);
  return value;
}

/** What a checkpoint holds, its tensors on the GPU. To go on with a run, use {@link loadCheckpoint}. */
export function readCheckpoint<User = unknown>(bytes: Uint8Array): Checkpoint<User> {
  const { tensors, metadata } = readSafetensors(bytes);
  if (metadata.format !== FORMAT) {
    refuse(`readCheckpoint: not a checkpoint: format '${metadata.format}', not '${FORMAT}'`);
  }
  const rest = parse(metadata.state ?? '');
  const model: Record<string, Tensor> = {};
  const { state, paramGroups } = rest.optimizer ?? { state: {}, paramGroups: [] };
  for (const [name, held] of tensors) {
    const [part = '', index = '', ...field] = name.split('.');
    const owner = part === 'optimizer' ? state[Number(index)] : undefined;
    if (owner) owner[field.join('.')] = fromHost(held);
    else if (part === 'model') model[name.slice('model.'.length)] = fromHost(held);
    else refuse(`readCheckpoint: tensor '${name}' belongs to nothing`);
  }
  const { scheduler, loader, random, user } = rest;
  const parts = { ...(rest.model && { model }), ...(rest.optimizer && { optimizer: { state, paramGroups } }) };
  return { ...parts, scheduler, loader, random, user: user as User };
}

interface Rest extends Omit<Checkpoint, 'model'> {
  model: boolean;
}

function parse(text: string): Rest {
  try {
    const rest = JSON.parse(text, readNumber) as Rest;
    if (rest.random !== undefined) return rest;
  } catch {
    // Said below.
  }
  refuse('readCheckpoint: the checkpoint is damaged: its state is not JSON, or has no random state');
}

/** JSON has no NaN, no infinities and no −0. */
function writeNumber(_: string, value: unknown): unknown {
  const special = typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0));
  return special ? { $number: Object.is(value, -0) ? '-0' : String(value) } : value;
}

function readNumber(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$number' in value)) return value;
  return Number(value.$number);
}
