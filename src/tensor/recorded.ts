/** One recording of a captured function: how it is made, what it hands out, and how it is dropped. */
import { refuse, refuseAsync } from '../gpu/errors.js';
import { Recording, withRecording } from '../stream/recording.js';
import { scoped } from '../stream/scope.js';
import { CARRY } from '../stream/storage.js';
import { flush } from '../stream/stream.js';
import { beginDraws, drawsOfStep } from './random.js';
import { fieldsOf, Tensor } from './tensor.js';
import { copyTree, difference, mapTensors, tensorsIn } from './tree.js';
import { markLike } from './unfit.js';

export interface Recorded {
  readonly recording: Recording;
  /** Copies of the arguments' tensors. */
  readonly inputs: readonly Tensor[];
  /** The arguments with these copies in place of their tensors. */
  readonly pattern: readonly unknown[];
  /** Which of their tensors are one: for each, the place of the first that it is. */
  readonly same: readonly number[];
  readonly result: unknown;
  /** What the function returns but did not make. */
  readonly outside: ReadonlySet<Tensor>;
  /** Tensors whose gradient the function sets or forgets, and what it leaves there; `home`: in an optimizer's arena. */
  readonly grads: readonly { readonly leaf: Tensor; readonly grad: Tensor | null; readonly home: boolean }[];
  /** Counts the random numbers that a replay draws. */
  readonly countDraws: () => void;
}

/** @throws KindlingError for an argument that a gradient would have to get out of */
export function checkArguments(tensors: readonly Tensor[]): void {
  if (!tensors.some(({ requiresGrad }) => requiresGrad)) return;
  refuse(
    'capture: an argument requires a gradient, which would not get out. Pass its detach(); parameters belong outside of ' +
      'the arguments.',
  );
}

/** @throws KindlingError where the function writes into the memory of an argument, of which it is given a copy */
export function checkWritten(recording: Recording, tensors: readonly Tensor[]): void {
  if (!tensors.some(({ storage }) => recording.overwrites(storage.place))) return;
  refuse(
    'capture: the captured function writes into a tensor that is an argument too, whose copy it reads. Pass a clone(), or ' +
      'do not pass it.',
  );
}

/** Runs a captured function on arguments in objects of its own, and refuses what no replay could do. */
export function runOn<Args extends readonly unknown[], T>(body: (...args: Args) => T, args: Args, given: Args): T {
  let value: T;
  try {
    value = body(...args);
  } catch (error) {
    if (!(error instanceof TypeError && error.message.includes('private'))) throw error;
    refuse(
      `capture: an argument has private fields, where replays see no new tensors (${error.message}). ` +
        'Pass tensors in public fields.',
    );
  }
  refuseAsync('capture', value);
  const changed = difference(args, given);
  if (changed) {
    refuse(`capture: the function changes ${named(changed.path)}, which a replay would not do. Return what is new.`);
  }
  return value;
}

/** `argument 1.mask`, from the fields that lead there. */
export const named = ([argument, ...fields]: readonly string[]): string =>
  [`argument ${Number(argument) + 1}`, ...fields].join('.');

/**
 * Runs and records `body`.
 *
 * @param handed what earlier calls have returned
 */
export function record<Args extends readonly unknown[]>(
  body: (...args: Args) => unknown,
  args: Args,
  handed: WeakSet<object>,
): Recorded {
  const recording = new Recording();
  const inputs: Tensor[] = [];
  const copies = new Map<Tensor, Tensor>();
  const pattern = copyTree(args, (given) => {
    const input =
      copies.get(given) ?? Object.assign(new Tensor(given.shape, given.dtype), Object.fromEntries(fieldsOf(given)));
    inputs.push(input);
    if (copies.has(given)) return input;
    copies.set(given, input);
    input.storage.copyFrom(given.storage);
    recording.inputs.add(input.storage.memory());
    return input;
  }) as Args;
  flush();
  beginDraws();
  /** What is returned and was there before, or is kept. */
  const kept: Tensor[] = [];
  try {
    const result = withRecording(recording, () =>
      scoped(
        () => {
          const value = runOn(body, pattern, args);
          for (const check of recording.atEnd) check();
          return withoutRanges(value, recording);
        },
        (value) => {
          const tensors = [...tensorsIn(value)];
          kept.push(...tensors.filter(({ storage }) => !storage.isTemporary));
          return tensors.map(({ storage }) => storage);
        },
        recording,
      ),
    );
    const countDraws = drawsOfStep();
    recording.fields.settle();
    for (const tensor of tensorsIn(result)) if (!kept.includes(tensor)) handed.add(tensor.storage);
    if (recording.failure) throw recording.failure;
    const grads = leavesOf(recording).map((leaf) => {
      const range = homed(leaf);
      // The arena frees the owner of a range with the next gradient; the recording keeps one of its own.
      return { leaf, grad: range ? again(range) : leaf.grad, home: range !== null };
    });
    check(recording, inputs, [...tensorsIn(result), ...grads.flatMap(({ grad }) => grad ?? [])], handed);
    const mine = new Set([...recording.survivors.keys(), ...inputs.map(({ storage }) => storage)]);
    const outside = new Set(kept.filter(({ storage }) => !mine.has(storage)));
    const given = [...tensorsIn(args)];
    checkWritten(recording, given);
    const same = given.map((tensor) => given.indexOf(tensor));
    return { recording, inputs, pattern, same, result, outside, grads, countDraws };
  } catch (error) {
    recording.drop();
    for (const input of inputs) input.dispose();
    throw error;
  }
}

const leavesOf = ({ gradsOf }: Recording): Tensor[] => [...gradsOf] as Tensor[];

/** The gradient of a leaf, if it lies in an arena. */
const homed = ({ grad, gradHome }: Tensor): Tensor | null => (grad && gradHome?.holds(grad.storage) ? grad : null);

/** What the function returns, with copies of gradients in arenas, into which the next replay writes. */
function withoutRanges(result: unknown, recording: Recording): unknown {
  const ranges = new Set(leavesOf(recording).map((leaf) => homed(leaf)?.storage));
  return mapTensors(result, (tensor) => (ranges.has(tensor.storage) ? copyOf(tensor) : tensor));
}

const again = ({ shape, dtype, storage }: Tensor): Tensor => new Tensor(shape, dtype, storage.again());

function copyOf({ shape, dtype, storage }: Tensor): Tensor {
  const made = new Tensor(shape, dtype);
  made.storage.copyFrom(storage);
  return made;
}

/** @throws KindlingError where the function made tensors that live on, or uses what will not be there */
function check(
  { survivors, externals }: Recording,
  inputs: readonly Tensor[],
  known: readonly Tensor[],
  handed: WeakSet<object>,
): void {
  const allowed = new Set<unknown>(known.map(({ storage }) => storage));
  for (const owner of survivors.keys()) {
    if (allowed.has(owner)) continue;
    refuse(
      'capture: a tensor made in the captured function outlives it (keep(), state made on first use). Make it outside, or ' +
        `return it. ${CARRY}`,
    );
  }
  const disposed = inputs.some(({ storage }) => storage.isFreed);
  if (disposed || externals.some(({ owner, memory }) => owner.isFreed && memory.home === null)) {
    refuse('capture: the captured function disposes of a tensor that it uses. Dispose of it outside.');
  }
  if (externals.some(({ owner }) => handed.has(owner))) {
    refuse(
      `capture: the captured function uses what an earlier call of it returned, as total = total.add(x) does. ${CARRY}`,
    );
  }
}

export function drop({ recording, inputs, result, grads }: Recorded): void {
  recording.drop();
  const made = [...tensorsIn(result), ...grads.flatMap(({ grad }) => grad ?? [])];
  // What the function returned but did not make is somebody else's.
  for (const { storage } of made) if (recording.survivors.has(storage)) storage.free();
  for (const input of inputs) input.dispose();
}

/** The result of a call: tensors of its own, for the recording's are overwritten by the next replay. */
export function hand({ recording, result, outside, grads }: Recorded): unknown {
  for (const { leaf, grad, home } of grads) leaf.grad = grad && gradOf(recording, leaf, grad, home);
  return mapTensors(result, (tensor) => {
    if (outside.has(tensor)) {
      tensor.storage.give();
      return tensor;
    }
    const made = copyOf(tensor);
    made.storage.comeBackIfSmall();
    markLike(made, tensor);
    return ended(made, tensor);
  });
}

/**
 * The gradient that a replay leaves behind. In an arena it is the range, whose former owner is freed; one that the recording
 * did not make is that tensor still; else it is a copy, for the next replay writes the recording's own.
 */
function gradOf({ survivors }: Recording, { gradHome }: Tensor, grad: Tensor, home: boolean): Tensor {
  if (!home) return survivors.has(grad.storage) ? copyOf(grad) : grad;
  const made = again(grad);
  gradHome?.take(made.storage);
  return made;
}

/** `made`, where `tensor` is on a tape that ends with the captured function: backward from it says so. */
export function ended(made: Tensor, { requiresGrad, isLeaf }: Tensor): Tensor {
  if (!requiresGrad || isLeaf) return made;
  made.requiresGrad = true;
  made.gradFn = {
    name: 'capture',
    inputs: [],
    order: 0,
    attributes: undefined,
    ways: {},
    backward: () =>
      refuse(
        'backward: this depends on the result of a captured function, and gradients pass no further back. Call backward() ' +
          'inside it, or detach() the result.',
      ),
  };
  return made;
}
