/**
 * A training run in one file: weights, optimizer, scheduler, random numbers, the loader's place and whatever the program
 * remembers. A run that goes on from it gives the same bits as one that was never stopped.
 *
 * The file is safetensors: `model.<key>`, `optimizer.<parameter>.<name>`, and the rest as JSON in its metadata, with a
 * checksum of it all.
 */
import { refuse } from '../gpu/errors.js';
import { atMost, checked, type Known, text } from '../gpu/options.js';
import { checkRandomState, type RandomState, randomState, setRandomState } from '../tensor/random.js';
import { Tensor } from '../tensor/tensor.js';
import { tensorsIn } from '../tensor/tree.js';
import { VERSION } from '../version.js';
import { differences } from './differences.js';
import { type HostTensor, readSafetensors, wantBytes, writeSafetensors } from './safetensors.js';
import { isWhole, seal, UNSEALED } from './seal.js';
import { fromHost, toHost } from './tensors.js';

/** A module, by what a checkpoint needs of it. */
export interface SavedModel {
  stateDict(): Record<string, Tensor>;
  checkStateDict(state: Record<string, Tensor>): unknown;
  loadStateDict(state: Record<string, Tensor>): unknown;
}

export interface SavedOptimizerState {
  /** Which optimizer's it is; older files do not say. */
  kind?: string;
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
  /**
   * Whatever else decides the run's numbers, fit for JSON: rates, sizes, a fingerprint of the data. Where it is given, a
   * checkpoint of other settings is refused, and the difference named.
   */
  settings?: Settings;
}

export type Settings = Readonly<Record<string, unknown>>;

/** What a checkpoint holds. */
export interface Checkpoint<User = unknown> {
  readonly model?: Record<string, Tensor>;
  readonly optimizer?: SavedOptimizerState;
  readonly scheduler?: SchedulerState;
  readonly loader?: SavedLoader['state'];
  readonly random: RandomState;
  readonly settings?: Settings;
  /** The version of kindling that wrote it; those before 0.1 wrote none. */
  readonly kindling?: string;
  readonly user: User;
}

const RUN: Known<RunObjects> = { model: 'any', optimizer: 'any', scheduler: 'any', loader: 'any', settings: 'any' };

const FORMAT = 'kindling checkpoint 2';
/** As written before there was a checksum. */
const UNSUMMED = 'kindling checkpoint 1';

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
    optimizer: optimizer && { ...optimizer, state: Object.fromEntries(steps) },
    scheduler: run.scheduler?.stateDict(),
    loader: run.loader?.state,
    random: randomState(),
    settings: run.settings,
    kindling: VERSION,
    user: run.user,
  };
  const metadata = { ...UNSEALED, format: FORMAT, state: toJson(rest) };
  return seal(writeSafetensors(await toHost(tensors), metadata));
}

/**
 * Restores the objects of a run, and the library's random numbers, from a checkpoint.
 *
 * @returns the checkpoint's `user`
 * @throws KindlingError where the file is no checkpoint, is damaged, or does not fit the objects or settings; nothing is
 *   changed then
 */
export function loadCheckpoint<User = unknown>(bytes: Uint8Array, into: RunObjects): { user: User } {
  wantBytes('loadCheckpoint', bytes);
  checked('loadCheckpoint', into, RUN);
  return loadChecked(bytes, into, () => {});
}

/** @internal As {@link loadCheckpoint}. @param check refuses what the checkpoint's `user` may not be, before anything is restored */
export function loadChecked<User>(bytes: Uint8Array, into: RunObjects, check: (user: User) => void): { user: User } {
  const saved = readCheckpoint<User>(bytes);
  try {
    const others = into.settings ? differences(saved.settings ?? {}, into.settings) : [];
    if (others.length > 0) {
      refuse(
        `loadCheckpoint: the checkpoint is of a run with other settings or data: ${others.join('; ')}. ` +
          'Put them back as they were, or begin a new run',
      );
    }
    check(saved.user);
    restore(saved, into);
  } finally {
    for (const tensor of tensorsIn([saved.model, saved.optimizer])) tensor.dispose();
  }
  return { user: saved.user };
}

function restore(saved: Checkpoint, { model, optimizer, scheduler, loader }: RunObjects): void {
  const before = { scheduler: scheduler?.stateDict(), loader: loader?.state };
  if (model) {
    const held = needed('model', saved.model);
    model.checkStateDict(held);
    for (const [name, { dtype }] of Object.entries(model.stateDict())) {
      if (held[name]?.dtype !== dtype) refuse(`loadCheckpoint: ${name} is ${held[name]?.dtype}, not ${dtype}`);
    }
  }
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
  atMost('readCheckpoint', 1, arguments);
  wantBytes('readCheckpoint', bytes);
  const { tensors, metadata } = readSafetensors(bytes);
  const { format, checksum } = metadata;
  if (format !== FORMAT && format !== UNSUMMED) {
    refuse(`readCheckpoint: not a checkpoint: format '${format}', not '${FORMAT}'`);
  }
  if ((format === FORMAT || checksum !== undefined) && !isWhole(bytes)) {
    refuse('readCheckpoint: the checkpoint is damaged: it does not have its checksum');
  }
  const { model: hasModel, optimizer, ...rest } = parse(metadata.state ?? '');
  const model: [string, Tensor][] = [];
  const moments = new Map<string, [string, HostTensor][]>();
  for (const [name, held] of tensors) {
    const [part = '', index = '', ...field] = name.split('.');
    const owner = part === 'optimizer' && optimizer && Object.hasOwn(optimizer.state, index);
    if (owner && !Object.hasOwn(optimizer.state[Number(index)] ?? {}, field.join('.'))) {
      moments.set(index, [...(moments.get(index) ?? []), [field.join('.'), held]]);
    } else if (part === 'model' && hasModel) model.push([name.slice('model.'.length), fromHost(held)]);
    else refuse(`readCheckpoint: tensor '${name}' belongs to nothing`);
  }
  const state = Object.entries(optimizer?.state ?? {}).map(([index, numbers]) => {
    const held = (moments.get(index) ?? []).map(([name, one]) => [name, fromHost(one)]);
    return [index, { ...numbers, ...Object.fromEntries(held) }];
  });
  return {
    ...rest,
    user: rest.user as User,
    ...(hasModel && { model: Object.fromEntries(model) }),
    ...(optimizer && { optimizer: { ...optimizer, state: Object.fromEntries(state) } }),
  };
}

interface Rest extends Omit<Checkpoint, 'model' | 'optimizer'> {
  model: boolean;
  optimizer?: Omit<SavedOptimizerState, 'state'> & {
    state: Record<number, { step: number; [name: string]: number }>;
  };
}

/** The JSON in the metadata, every part of it of the form that it is written in. What only its owner knows, that one checks. */
function parse(text: string): Rest {
  const want = (holds: boolean, what: string): void => {
    if (!holds) refuse(`readCheckpoint: the checkpoint is damaged: ${what}`);
  };
  let rest: Rest | undefined;
  try {
    rest = JSON.parse(text, readNumber) as Rest;
  } catch {
    // Said below.
  }
  if (!isObject(rest)) refuse('readCheckpoint: the checkpoint is damaged: its state is not a JSON object');
  const { model, optimizer, scheduler, loader, random, settings, kindling, user, ...unknown } = rest;
  want(Object.keys(unknown).length === 0, `its state has an unknown part, ${Object.keys(unknown)[0]}`);
  want(typeof model === 'boolean', 'its state does not say whether it has a model');
  want(scheduler === undefined || isObject(scheduler), 'the state of the scheduler is no object');
  want(settings === undefined || isObject(settings), 'its settings are no object');
  want(kindling === undefined || typeof kindling === 'string', 'its version is no text');
  want(
    loader === undefined || (isCount(loader?.epoch) && isCount(loader.batch)),
    "the loader's place is no two counts",
  );
  if (optimizer !== undefined) {
    want(isObject(optimizer) && isObject(optimizer.state), 'the state of the optimizer is no object');
    want(['string', 'undefined'].includes(typeof optimizer.kind), 'the name of the optimizer is no text');
    want(Array.isArray(optimizer.paramGroups), 'the optimizer has no parameter groups');
    for (const [index, held] of Object.entries(optimizer.state)) {
      want(/^(0|[1-9]\d*)$/.test(index) && isObject(held), `the optimizer's state '${index}' is of no parameter`);
    }
  }
  checkRandomState(random);
  return rest;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function toJson(rest: object): string {
  try {
    return JSON.stringify(rest, write);
  } catch (error) {
    // A cycle, or what `write` refuses.
    refuse(`saveCheckpoint: user and settings must be fit for JSON: ${(error as Error).message}`);
  }
}

/** JSON has no NaN, no infinities and no −0, and would write other things than it reads of what is no plain data. */
function write(key: string, value: unknown): unknown {
  if (value instanceof Tensor) refuse(`${key} is a tensor; save await tensor.array(), or hold it in the model`);
  const lost = value instanceof Map || value instanceof Set || ArrayBuffer.isView(value);
  if (lost || typeof value === 'bigint' || typeof value === 'function') {
    refuse(`${key} is ${text(value)}; write it as a number, a string, an array or a plain object`);
  }
  if (isObject(value) && '$number' in value) refuse("a field cannot be called '$number': it marks NaN");
  const special = typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0));
  return special ? { $number: Object.is(value, -0) ? '-0' : String(value) } : value;
}

function readNumber(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$number' in value)) return value;
  return Number(value.$number);
}
