/**
 * The tuner: runs a step once to see which ops with candidates it has, times the candidates on the tensors of that step, and
 * stores what was fastest for this adapter. Candidates give the same results up to rounding.
 */
import { choicesPlace, saveChoices, tuneMode } from '#host';
import { adapter } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import type { Choice } from '../gpu/hosts/choice.js';
import { atMost, checked, type Known, required } from '../gpu/options.js';
import type { Kernel } from '../kernels/kernel.js';
import { setStopwatch } from '../stream/encode.js';
import { scoped } from '../stream/scope.js';
import type { Storage } from '../stream/storage.js';
import { sync } from '../stream/stream.js';
import type { Captured } from '../tensor/capture.js';
import { watching } from '../tensor/launch.js';
import { beginDraws } from '../tensor/random.js';
import type { Tensor } from '../tensor/tensor.js';
import { tensorsIn } from '../tensor/tree.js';
import { addChoices, isPinned, storedChoice } from './choices.js';
import { collecting, type Site } from './choose.js';
import { type Found, fastest } from './contest.js';
import { ask, load } from './use.js';

export interface TuneProgress {
  /** Candidates done and to be done, in all. */
  readonly done: number;
  readonly total: number;
  /** What was measured last, and its time; null for a candidate that this adapter refuses or that is another's double. */
  readonly family: string;
  readonly candidate: object | null;
  readonly ms: number | null;
}

export interface TuneOptions {
  /** Measures what is stored already, too. Default: false. */
  again?: boolean | undefined;
  /** Stores the choices for later processes. Default: true. */
  store?: boolean | undefined;
  onProgress?(progress: TuneProgress): void;
  /** Ends the search; what was found until then counts and is stored. */
  signal?: AbortSignal | undefined;
}

const TUNE: Known<TuneOptions> = { again: 'boolean', store: 'boolean', onProgress: 'function', signal: 'any' };

/** What was found for one op and shape. */
export interface Tuned {
  readonly family: string;
  /** Family and shape, as in `tuning()`. */
  readonly key: string;
  /** Null where no candidate was more than 3 % faster than the default. */
  readonly choice: object | null;
  readonly defaultMs: number;
  /** With the choice. */
  readonly ms: number;
  /** How often a step runs it. */
  readonly uses: number;
}

/** More candidates of one op and shape than this are not tried. */
const MOST = 12;

/**
 * Finds the fastest kernels for a step, on this adapter, and stores the choices: later runs on this adapter that call
 * `useTuning()` load them. Takes seconds to a minute. Functions captured before are recorded anew when the choices have changed.
 *
 * `body` is called once, as a step: a call of a captured function counts as one training step, with its batch. To leave the
 * training alone, tune on a model and an optimizer of the same sizes. Nothing else may use the GPU until the promise resolves.
 *
 * @param body a step, or a captured function that has been called twice: then it runs on the last arguments
 * @returns what was measured; ops that are stored already are not (see `again`)
 * @throws KindlingError while a run is pinned by `setTuning`; the signal's reason when it is aborted
 * @example
 * const train = capture((x: Tensor, y: Tensor) => …);
 * await tune(() => train(x, y));
 */
export async function tune(
  body: (() => unknown) | Captured<never, unknown>,
  options: TuneOptions = {},
): Promise<Tuned[]> {
  const { again = false, store = true, onProgress, signal } = checked('tune', options, TUNE);
  required('tune', { body }, { body: 'function' });
  if (isPinned()) refuse("tune: kernels are pinned by setTuning; setTuning('stored') ends that");
  ask(true);
  if (!again) await load(adapter().id);
  const { sites: all, inputs } = await sitesOf(body);
  const sites = all.filter(({ key }) => again || !storedChoice(key));
  const tuned: Tuned[] = [];
  const choices: Choice[] = [];
  const lists = sites.map((site) => site.candidates().slice(0, MOST));
  const total = lists.reduce((sum, list) => sum + list.length, 0);
  let done = 0;
  try {
    for (const [i, site] of sites.entries()) {
      const report = (candidate: object | null, ms: number | null): void =>
        onProgress?.({ done: ++done, total, family: site.family, candidate, ms });
      const { choice, hash, defaultMs, ms } = await fastest(site, lists[i] ?? [], report, signal);
      const { key, family, uses } = site;
      choices.push({ key, choice: choice ?? site.standard, hash });
      tuned.push({ family, key, choice, defaultMs, ms, uses });
    }
  } finally {
    for (const input of inputs) input.free();
    if (choices.length > 0) addChoices(choices);
    if (choices.length > 0 && store) await saveChoices(adapter().id, choices);
  }
  return tuned;
}

/** As {@link tune}, if KINDLING_TUNE is 1 (in a page, `globalThis.KINDLING_TUNE`): for programs to call before they train. */
export async function tuneIfAsked(body: Parameters<typeof tune>[0], options: TuneOptions = {}): Promise<Tuned[]> {
  checked('tuneIfAsked', options, TUNE);
  required('tuneIfAsked', { body }, { body: 'function' });
  return tuneMode() === '1' ? tune(body, options) : [];
}

/** Where choices are stored: a file, or a browser's database. */
export function tuningPlace(): string {
  atMost('tuningPlace', 0, arguments);
  return choicesPlace();
}

/** Runs the step. Returns the sites whose results it used, and the tensors that they read, kept from being freed. */
async function sitesOf(
  body: (() => unknown) | Captured<never, unknown>,
): Promise<{ sites: Found[]; inputs: readonly Storage[] }> {
  const call = 'again' in body ? () => body.again() : body;
  const found = new Map<string, Found>();
  const inputs = new Set<Storage>();
  const collect = (site: Site): void => {
    const known = found.get(site.key);
    if (known) {
      known.uses++;
      site.run();
      return;
    }
    const kernels: Kernel[] = [];
    const made = new Set<Storage>();
    const see = (kernel: Kernel, reads: readonly Tensor[], writes: readonly Tensor[]): void => {
      kernels.push(kernel);
      for (const { storage } of reads) {
        for (const one of [storage, storage.whole]) {
          if (made.has(one) || !one.isTemporary) continue;
          one.keepForStep();
          inputs.add(one);
        }
      }
      for (const { storage } of writes) made.add(storage);
    };
    const standIns = new Map<Tensor, Tensor>();
    const inPlace = (tensor: Tensor): Tensor => {
      standIns.set(tensor, tensor);
      return tensor;
    };
    watching(see, () => site.run(), inPlace);
    found.set(site.key, { ...site, kernels, standIns, uses: 1 });
  };
  const encoded = new Set<Kernel>();
  await sync();
  setStopwatch({ start: ({ kernel }) => void encoded.add(kernel), finish() {} });
  try {
    beginDraws();
    scoped(
      () => collecting(collect, call),
      (value) => {
        for (const input of inputs) {
          // What somebody has kept meanwhile is theirs.
          if (input.isTemporary) input.keep();
          else inputs.delete(input);
        }
        return [...tensorsIn(value)].map(({ storage }) => storage);
      },
    );
    await sync();
  } finally {
    setStopwatch(null);
  }
  const sites = [...found.values()].filter(({ kernels }) => kernels.some((kernel) => encoded.has(kernel)));
  return { sites, inputs: [...inputs] };
}
