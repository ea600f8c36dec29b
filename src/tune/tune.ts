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
import { Recording, withRecording } from '../stream/recording.js';
import { type Storage, scoped } from '../stream/storage.js';
import { sync } from '../stream/stream.js';
import type { Captured } from '../tensor/capture.js';
import { watching } from '../tensor/launch.js';
import { beginDraws } from '../tensor/random.js';
import { Tensor } from '../tensor/tensor.js';
import { tensorsIn } from '../tensor/tree.js';
import { addChoices, isPinned, storedChoice } from './choices.js';
import { collecting, hashOf, type Site } from './choose.js';
import { idle, timed } from './clock.js';

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

/** What was found for one op and shape. */
const TUNE: Known<TuneOptions> = { again: 'boolean', store: 'boolean', onProgress: 'function', signal: 'any' };

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

/** What a candidate must save to be taken. */
const WORTH = 0.03;
/** More candidates of one op and shape than this are not tried. */
const MOST = 12;
const ROUNDS = 5;
/** Single runs of a candidate at first sight. */
const SIGHTS = 2;
/** Candidates so much slower than the fastest at first sight are not measured again. */
const HOPELESS = 1.5;
/** One measurement is to last so long, in milliseconds. */
const LASTING = 10;

/** A site with what it launched in the step. */
interface Found extends Site {
  readonly kernels: readonly Kernel[];
  /** For tensors that the kernels write in place: those that they write while they are measured. */
  readonly standIns: Map<Tensor, Tensor>;
  uses: number;
}

/**
 * Finds the fastest kernels for a step, on this adapter, and stores the choices: later runs on this adapter load them at
 * `init()`. Takes seconds to a minute. Functions captured before are recorded anew when the choices have changed.
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
      choices.push({ key, choice, hash });
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

/** A candidate that is recorded and compiled. */
interface Contender {
  readonly choice: object | null;
  readonly hash: string;
  readonly recording: Recording;
  /** What it makes. */
  readonly outputs: readonly Storage[];
  /** Milliseconds of a single run, the better of two. */
  seen: number;
  /** The least of the rounds, and in each round the share of the default's. */
  ms: number;
  readonly shares: number[];
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function fastest(
  site: Found,
  candidates: readonly object[],
  report: (candidate: object | null, ms: number | null) => void,
  signal: AbortSignal | undefined,
): Promise<{ choice: object | null; hash: string; defaultMs: number; ms: number }> {
  const contenders: Contender[] = [];
  for (const [tensor] of site.standIns) site.standIns.set(tensor, new Tensor(tensor.shape, tensor.dtype));
  // The same numbers each time: decayed moments become denormal, with which SwiftShader takes 300 times as long (2026-11).
  const restore = (): void => {
    for (const [tensor, standIn] of site.standIns) standIn.storage.copyFrom(tensor.storage);
  };
  const measured = async ({ recording, seen }: Contender, times: number): Promise<number> => {
    restore();
    await idle();
    return timed(recording, times, Number.isFinite(seen) ? seen : 0);
  };
  try {
    for (const candidate of [null, ...candidates]) {
      signal?.throwIfAborted();
      restore();
      const contender = await prepared(site, candidate);
      const double = contenders.some(({ hash }) => hash === contender?.hash);
      if (contender && !double) {
        contenders.push(contender);
        for (let i = 0; i < SIGHTS; i++) contender.seen = Math.min(contender.seen, await measured(contender, 1));
      } else if (contender) drop(contender);
      if (candidate) report(candidate, contender && !double ? contender.seen : null);
    }
    const [standard] = contenders;
    if (!standard) refuse(`tune: ${site.key} does not run`);
    const bound = HOPELESS * Math.min(...contenders.map(({ seen }) => seen));
    const hopeful = contenders.filter((one) => one === standard || one.seen <= bound);
    // One alone has been seen.
    if (hopeful.length === 1) standard.ms = standard.seen;
    for (let round = 0; round < ROUNDS && hopeful.length > 1; round++) {
      let latest = 0;
      for (const one of hopeful) {
        signal?.throwIfAborted();
        const times = Math.max(1, Math.min(100, Math.round(LASTING / one.seen)));
        const ms = await measured(one, times);
        one.ms = Math.min(one.ms, ms);
        if (one === standard) latest = ms;
        one.shares.push(ms / latest);
      }
    }
    const best = hopeful.reduce((a, b) => (b.ms < a.ms ? b : a));
    // Other work on the machine comes and goes: a candidate has to win beside the default, and at its best.
    const wins = best.ms < (1 - WORTH) * standard.ms && median(best.shares) < 1 - WORTH;
    const { choice, hash } = wins ? best : standard;
    const [ms, defaultMs] = [wins ? best.ms : standard.ms, standard.ms];
    return { choice, hash, ms, defaultMs };
  } finally {
    for (const one of contenders) drop(one);
    for (const standIn of site.standIns.values()) standIn.dispose();
  }
}

/** Records and compiles a candidate, and runs it once. Null if the adapter refuses its kernels. */
async function prepared(site: Found, choice: object | null): Promise<Contender | null> {
  const recording = new Recording();
  const kernels: Kernel[] = [];
  const outputs = new Set<Storage>();
  const see = (kernel: Kernel, _: readonly Tensor[], writes: readonly Tensor[]): void => {
    kernels.push(kernel);
    for (const { storage } of writes) if (!ours.has(storage)) outputs.add(storage);
  };
  const ours = new Set([...site.standIns.values()].map(({ storage }) => storage));
  const instead = (tensor: Tensor): Tensor => site.standIns.get(tensor) ?? tensor;
  withRecording(recording, () =>
    scoped(
      () => watching(see, () => site.run(choice ?? undefined), instead),
      () => outputs,
      recording,
    ),
  );
  const made = { choice, hash: hashOf(kernels), recording, outputs: [...outputs] };
  const contender = { ...made, seen: Number.POSITIVE_INFINITY, ms: Number.POSITIVE_INFINITY, shares: [] };
  await sync().catch(() => {});
  if (!recording.broken) return contender;
  drop(contender);
  return null;
}

function drop({ recording, outputs }: Contender): void {
  recording.drop();
  for (const output of outputs) output.free();
}
