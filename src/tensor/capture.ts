/**
 * Capture and replay. The commands of a training step are the same each time; only what lies in buffers differs: the
 * batch, the rates, dropout's counter. So they are planned once, with their buffers and bind groups, and later calls
 * submit them again without running the function: nothing is allocated and nothing is looked up by name.
 */
import { refuse } from '../gpu/errors.js';
import { pipelineOf } from '../gpu/pipelines.js';
import { observed, Recording, withRecording } from '../gpu/recording.js';
import { insideScope, type Storage, scoped } from '../gpu/storage.js';
import { flush, repeat } from '../gpu/stream.js';
import { nextStep } from './random.js';
import type { Shape } from './shape.js';
import { step } from './step.js';
import { type DType, Tensor } from './tensor.js';
import { alike, mapTensors, tensorsIn } from './tree.js';
import { markLike } from './unfit.js';

export { observed };

/** What one recording costs on each replay, and what it holds. */
export interface CaptureStats {
  readonly dispatches: number;
  /** Copies between buffers: of arguments in, of results out. */
  readonly copies: number;
  readonly submits: number;
  /** Writes from the host, besides those that made the arguments. */
  readonly writes: number;
  /** Shaders. */
  readonly pipelines: number;
  /** Buffers of the recording's own, for temporaries, arguments and results, and their bytes. */
  readonly buffers: number;
  readonly bytes: number;
  /** Recordings made so far, one for each shape of the arguments. */
  readonly recordings: number;
  readonly replays: number;
}

/** A captured function; call it as the function itself. */
export interface Captured<Args extends readonly unknown[], Result> {
  (...args: Args): Result;
  /** Figures of the recording used last. @throws KindlingError before the first recording (the second call) */
  stats(): CaptureStats;
  /** Forgets all recordings and gives their memory back; the next call records anew. */
  reset(): void;
  /** @internal Runs the function itself on the arguments of the last call. */
  again(): Result;
}

/** Where a result's tensor was, and what it looks like. */
interface Slot {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly storage: Storage;
}

interface Recorded {
  readonly recording: Recording;
  /** Copies of the arguments' tensors. */
  readonly inputs: readonly Tensor[];
  /** The arguments with these copies in place of their tensors. */
  readonly pattern: readonly unknown[];
  readonly result: unknown;
  /** Leaves whose gradients the function leaves behind. */
  readonly grads: readonly { readonly leaf: Tensor; readonly grad: Slot | null }[];
}

/** Recordings kept: arguments that are new each time (a counter, say) must not fill the memory. */
const MOST_RECORDINGS = 8;

let paused = false;

/** @internal Whether captured functions run as plain steps, for whoever has to see them run. */
export const pauseCapture = (pause: boolean): void => {
  paused = pause;
};

/** Leaves whose gradient was set or forgotten in the recording under way. */
let touched: Set<Tensor> | null = null;

/** @internal Called before `grad` of a leaf changes. @returns whether this is the first time in a recording */
export function touchGrad(leaf: Tensor): boolean {
  if (!touched || touched.has(leaf)) return false;
  touched.add(leaf);
  return true;
}

/**
 * Makes a step that is recorded once and replayed from then on: `const train = capture((x, y) => { …; return loss; })`.
 *
 * The first call runs the function as {@link step} does (lazily made state comes into being), the second records it, later
 * ones replay: one submit, no new buffer or bind group, and the function's JavaScript does not run. What changes between
 * calls belongs in arguments (tensors; numbers and strings make a recording each) or in what kindling itself keeps up to
 * date: learning rates and other options of an optimizer's groups, its step count, dropout's and other random state. Other
 * values of the outside are frozen. Arguments of another shape, `train()` and `eval()` record anew.
 *
 * A replay gives the bits that the function itself gives.
 *
 * @throws KindlingError where the function reads a tensor, uploads data or makes tensors that outlive it otherwise than as
 *   its result; the message says what to move
 * @example
 * const train = capture((x: Tensor, y: Tensor) => {
 *   optimizer.zeroGrad();
 *   const loss = criterion.forward(model.forward(x), y);
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * });
 * for await (const [x, y] of loader) console.log(await train(x, y).item());
 */
export function capture<Args extends readonly unknown[], Result>(
  body: (...args: Args) => Result,
): Captured<Args, Result> {
  const recorded: Recorded[] = [];
  let ran = false;
  let latest: Recorded | null = null;
  let recordings = 0;
  let replays = 0;

  const call = (...args: Args): Result => {
    if (insideScope()) return body(...args);
    if (!ran || paused) {
      const result = step(() => body(...args));
      ran = true;
      return result;
    }
    const known = recorded.find(({ recording, pattern }) => alike(pattern, args) && recording.guarded);
    if (known?.recording.holds) {
      nextStep();
      let next = 0;
      for (const { storage } of tensorsIn(args)) known.inputs[next++]?.storage.copyFrom(storage);
      repeat(known.recording);
      latest = known;
      replays++;
    } else {
      if (known) {
        drop(known);
        recorded.splice(recorded.indexOf(known), 1);
      }
      latest = record(body, args);
      recorded.push(latest);
      if (recorded.length > MOST_RECORDINGS) drop(recorded.shift() as Recorded);
      recordings++;
    }
    const result = hand(latest);
    flush();
    return result as Result;
  };

  const captured = Object.assign(call, {
    stats(): CaptureStats {
      if (!latest) refuse('capture: nothing is recorded before the second call');
      const { recording, inputs } = latest;
      const dispatches = recording.commands.filter((command) => 'pipeline' in command);
      return {
        dispatches: dispatches.length,
        copies: recording.commands.length - dispatches.length + inputs.length,
        submits: 1,
        writes: recording.pages.length,
        pipelines: new Set(dispatches.map(({ kernel }) => pipelineOf(kernel))).size,
        buffers: recording.pool.buffers + inputs.length,
        bytes: recording.pool.bytes + inputs.reduce((sum, { storage }) => sum + storage.bytes, 0),
        recordings,
        replays,
      };
    },
    reset(): void {
      for (const one of recorded.splice(0)) drop(one);
      latest = null;
    },
    again(): Result {
      if (!latest) refuse('tune: call the captured function twice before, or tune(() => train(x, y))');
      return body(...(latest.pattern as unknown as Args));
    },
  });
  collected.register(captured, recorded);
  return captured;
}

/** Recordings go with the function that nobody can call any more. */
const collected = new FinalizationRegistry<Recorded[]>((recorded) => {
  for (const one of recorded.splice(0)) drop(one);
});

function drop({ recording, inputs, result, grads }: Recorded): void {
  recording.drop();
  const made = [
    ...[...tensorsIn(result)].map(({ storage }) => storage),
    ...grads.flatMap(({ grad }) => grad?.storage ?? []),
  ];
  // What the function returned but did not make is somebody else's.
  for (const storage of made) if (recording.survivors.has(storage)) storage.free();
  for (const input of inputs) input.dispose();
}

function record<Args extends readonly unknown[]>(body: (...args: Args) => unknown, args: Args): Recorded {
  const inputs = [...tensorsIn(args)].map(({ shape, dtype, storage, requiresGrad }) => {
    if (requiresGrad) refuse('capture: an argument requires a gradient; parameters belong outside of the arguments');
    const input = new Tensor(shape, dtype);
    input.storage.copyFrom(storage);
    return input;
  });
  let next = 0;
  const pattern = args.map((arg) => mapTensors(arg, () => inputs[next++] as Tensor)) as unknown as Args;
  flush();
  nextStep();
  const recording = new Recording();
  const leaves = new Set<Tensor>();
  touched = leaves;
  try {
    const result = withRecording(recording, () =>
      scoped(
        () => {
          const value = body(...pattern);
          if (value instanceof Promise) refuse('capture: the function must not be async');
          return value;
        },
        (value) => [...tensorsIn(value)].map(({ storage }) => storage),
        recording,
      ),
    );
    if (recording.failure) throw recording.failure;
    const slot = ({ shape, dtype, storage }: Tensor): Slot => ({ shape, dtype, storage });
    const known = [...tensorsIn(result), ...[...leaves].flatMap(({ grad }) => grad ?? [])];
    checkSurvivors(
      recording,
      known.map(({ storage }) => storage),
    );
    const grads = [...leaves].map((leaf) => {
      // The owner of a range is freed with the next gradient; the recording keeps one of its own.
      const grad = leaf.grad && slot(leaf.grad);
      return { leaf, grad: grad && leaf.gradHome ? { ...grad, storage: grad.storage.again() } : grad };
    });
    return { recording, inputs, pattern, result, grads };
  } catch (error) {
    recording.drop();
    for (const input of inputs) input.dispose();
    throw error;
  } finally {
    touched = null;
  }
}

/** @throws KindlingError where the function made tensors that live on, or freed what it was given */
function checkSurvivors({ survivors, externals }: Recording, known: readonly Storage[]): void {
  const allowed = new Set<unknown>(known);
  for (const owner of survivors.keys()) {
    if (allowed.has(owner)) continue;
    refuse(
      'capture: a tensor made in the captured function outlives it (keep(), or state made on first use), which a replay ' +
        'would overwrite. Make it outside, or return it.',
    );
  }
  if (externals.some(({ owner, memory }) => owner.isFreed && memory.home === null)) {
    refuse('capture: the captured function disposes of a tensor that it uses. Dispose of it outside.');
  }
}

/** The result of a call: tensors of its own, for the recording's are overwritten by the next replay. */
function hand({ recording, result, grads }: Recorded): unknown {
  for (const { leaf, grad } of grads) leaf.grad = grad && gradOf(recording, leaf, grad);
  return mapTensors(result, (tensor) => {
    const made = new Tensor(tensor.shape, tensor.dtype);
    made.storage.copyFrom(tensor.storage);
    made.storage.comeBackIfSmall();
    markLike(made, tensor);
    return made;
  });
}

/**
 * The gradient that a replay leaves behind. In an arena it is the range, whose former owner is freed; one that was there
 * before the step and was added to is that tensor still; else it is a copy, for the next replay writes the recording's own.
 */
function gradOf(recording: Recording, leaf: Tensor, { shape, dtype, storage }: Slot): Tensor {
  if (leaf.gradHome) {
    const made = new Tensor(shape, dtype, storage.again());
    leaf.gradHome.take(made.storage);
    return made;
  }
  if (leaf.grad && !recording.survivors.has(storage)) return leaf.grad;
  const made = new Tensor(shape, dtype);
  made.storage.copyFrom(storage);
  return made;
}
