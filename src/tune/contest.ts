/** The candidates of one op and shape against each other, on the tensors of a step. */
import { refuse } from '../gpu/errors.js';
import type { Kernel } from '../kernels/kernel.js';
import { Recording, withRecording } from '../stream/recording.js';
import { scoped } from '../stream/scope.js';
import type { Storage } from '../stream/storage.js';
import { sync } from '../stream/stream.js';
import { watching } from '../tensor/launch.js';
import { Tensor } from '../tensor/tensor.js';
import { hashOf, type Site } from './choose.js';
import { idle, timed } from './clock.js';

/** What a candidate must save to be taken. */
const WORTH = 0.03;
const ROUNDS = 5;
/** Single runs of a candidate at first sight. */
const SIGHTS = 2;
/** Candidates so much slower than the fastest at first sight are not measured again. */
const HOPELESS = 1.5;
/** One measurement is to last so long, in milliseconds. */
const LASTING = 10;

/** A site with what it launched in the step. */
export interface Found extends Site {
  readonly kernels: readonly Kernel[];
  /** For tensors that the kernels write in place: those that they write while they are measured. */
  readonly standIns: Map<Tensor, Tensor>;
  uses: number;
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

/** Times the candidates of a site, round after round beside its default. `report` is told of each as it is first seen. */
export async function fastest(
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
  const measured = async ({ recording }: Contender, times: number): Promise<number> => {
    restore();
    await idle();
    return timed(recording, times);
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
