/**
 * Capture and replay. The commands of a training step are the same each time; only what lies in buffers differs: the
 * batch, the rates, dropout's counter. So they are planned once, with their buffers and bind groups, and later calls
 * submit them again without running the function: nothing is allocated and nothing is looked up by name.
 */
import { refuse } from '../gpu/errors.js';
import { ofFunction } from '../gpu/options.js';
import { insideScope } from '../stream/scope.js';
import { flush, repeat } from '../stream/stream.js';
import { beginDraws } from './random.js';
import { checkArguments, checkWritten, drop, ended, hand, named, type Recorded, record, runOn } from './recorded.js';
import { step } from './step.js';
import { Tensor } from './tensor.js';
import { copyTree, difference, mapTensors, tensorsIn } from './tree.js';

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
  /** Buffers that the recording names of its own, for arguments and results, or that it shares with others, for temporaries. */
  readonly buffers: number;
  /** Bytes that it needs of them. */
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
  /** Forgets all recordings and gives their memory back; the next call runs the function plainly, as the first one did. */
  reset(): void;
  /** @internal Runs the function itself on the arguments of the last call. */
  again(): Result;
}

/** Recordings kept: arguments that are new each time (a counter, say) must not fill the memory. */
const MOST_RECORDINGS = 8;
/**
 * So many recordings without a replay between them are too many. Three begin an accumulation of gradients: onto some, onto
 * some with the optimizer's step, onto none.
 */
const IDLE_RECORDINGS = 4;

let paused = false;

/** @internal Whether captured functions run as plain steps, for whoever has to see them run. */
export const pauseCapture = (pause: boolean): void => {
  paused = pause;
};

/**
 * Makes a step that is recorded once and replayed from then on: `const train = capture((x, y) => { …; return loss; })`.
 *
 * The first call runs the function as {@link step} does (lazily made state comes into being), the second records it, later
 * ones replay: one submit, no new buffer or bind group, and the function's JavaScript does not run. What changes between
 * calls belongs in arguments: tensors, themselves or in arrays, Maps, Sets and fields of any object; numbers and strings
 * make a recording each, functions, modules and optimizers are told apart by identity. Up to date is what kindling itself
 * keeps: learning rates and other numbers of an optimizer's groups, its step count, dropout's and other random state.
 *
 * What else kindling can see changing makes a recording of its own: shapes of arguments, `train()` and `eval()`,
 * `requiresGrad`, fields of modules that the function read, hooks, groups of optimizers, `noGrad` around the call. Fields
 * that the function sets are set by replays too. What it cannot see is frozen: variables of the outside that are
 * assigned anew, `Math.random()`, the time. A warning says once where every call is recorded anew.
 *
 * A replay gives the bits that the function itself gives. Gradients do not pass out of it: `backward()` stands inside.
 *
 * @throws KindlingError where the function reads a tensor, uploads data, changes an argument, assigns a buffer, uses what an
 *   earlier call returned or makes tensors that outlive it otherwise than as its result; the message says what to write
 * @example
 * const train = capture((x: Tensor, y: Tensor) => {
 *   optimizer.zeroGrad();
 *   const loss = criterion(model(x), y);
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * });
 * for await (const [x, y] of loader) console.log(await train(x, y).item());
 */
export function capture<Args extends readonly unknown[], Result>(
  body: (...args: Args) => Result,
): Captured<Args, Result> {
  ofFunction('capture', arguments);
  const recorded: Recorded[] = [];
  /** Memory of what was returned and made inside. */
  const handed = new WeakSet<object>();
  let ran = false;
  let latest: Recorded | null = null;
  let recordings = 0;
  let replays = 0;
  let idle = 0;

  const plainly = (args: Args): unknown => {
    const made = new Set<Tensor>();
    const result = step(() => {
      const value = runOn(body, copyTree(args) as Args, args);
      for (const tensor of tensorsIn(value)) if (tensor.storage.isTemporary) made.add(tensor);
      return value;
    });
    ran = true;
    return mapTensors(result, (tensor) => {
      if (!made.has(tensor)) return tensor;
      handed.add(tensor.storage);
      return ended(new Tensor(tensor.shape, tensor.dtype, tensor.storage), tensor);
    });
  };

  /** Records; warns once where that is all that the calls do. */
  const anew = (args: Args): Recorded => {
    if (++idle === IDLE_RECORDINGS) warn(recorded, args);
    const made = record(body, args, handed);
    recordings++;
    recorded.push(made);
    if (recorded.length > MOST_RECORDINGS) drop(recorded.shift() as Recorded);
    return made;
  };

  const call = (...args: Args): Result => {
    if (insideScope()) return body(...args);
    const tensors = [...tensorsIn(args)];
    checkArguments(tensors);
    if (!ran || paused) return plainly(args) as Result;
    const fits = ({ same, pattern, recording }: Recorded): boolean =>
      tensors.every((tensor, i) => tensors.indexOf(tensor) === same[i]) &&
      !difference(pattern, args) &&
      !recording.changed;
    const known = recorded.find(fits);
    if (known?.recording.holds) {
      checkWritten(known.recording, tensors);
      beginDraws();
      tensors.forEach(({ storage }, i) => void known.inputs[i]?.storage.copyFrom(storage));
      repeat(known.recording);
      known.countDraws();
      known.recording.fields.rewrite();
      latest = known;
      replays++;
      idle = 0;
    } else {
      if (known) {
        drop(known);
        recorded.splice(recorded.indexOf(known), 1);
      }
      latest = anew(args);
    }
    const { outside } = latest;
    const result = hand(latest);
    for (const tensor of tensorsIn(result)) if (!outside.has(tensor)) handed.add(tensor.storage);
    flush();
    return result as Result;
  };

  const captured = Object.assign(call, {
    stats(): CaptureStats {
      if (!latest) refuse('capture: nothing is recorded before the second call');
      const { recording, inputs } = latest;
      const { pool, scratch } = recording;
      const dispatches = recording.commands.filter((command) => 'pipeline' in command);
      return {
        dispatches: dispatches.length,
        copies: recording.commands.length - dispatches.length + inputs.length,
        submits: 1,
        writes: recording.pages.length,
        pipelines: new Set(dispatches.map(({ pipeline }) => pipeline)).size,
        buffers: pool.buffers + scratch.buffers.size + inputs.length,
        bytes: pool.bytes + scratch.bytes + inputs.reduce((sum, { storage }) => sum + storage.bytes, 0),
        recordings,
        replays,
      };
    },
    reset(): void {
      for (const one of recorded.splice(0)) drop(one);
      latest = null;
      ran = false;
    },
    again(): Result {
      if (!latest) refuse('tune: call the captured function twice before');
      return body(...(latest.pattern as unknown as Args));
    },
  });
  collected.register(captured, recorded);
  return captured;
}

/** Says why nothing is replayed: what differs from the last recording. */
function warn(recorded: readonly Recorded[], args: readonly unknown[]): void {
  const last = recorded.at(-1);
  if (!last) return;
  const found = difference(last.pattern, args);
  // Batches of several shapes are recorded one after the other.
  if (found?.before instanceof Tensor) return;
  const what = found ? named(found.path) : last.recording.changed;
  const why =
    typeof found?.now === 'number'
      ? `${what} is another number each time; pass a tensor: tensor(${found.now}).`
      : what
        ? `${what} is another each time; what changes from call to call belongs in a tensor (a buffer, say).`
        : 'What it uses lies elsewhere each time; write by copy_().';
  console.warn(`capture: this function has been recorded anew at each of its calls, which is slow. ${why}`);
}

/** Recordings go with the function that nobody can call any more. */
const collected = new FinalizationRegistry<Recorded[]>((recorded) => {
  for (const one of recorded.splice(0)) drop(one);
});
