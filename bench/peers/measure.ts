/** The order of measuring: a round takes every library once, and the order turns from round to round. */
import type { Progress } from '../progress.js';
import { median, type ResultRow } from '../results.js';
import type { LibraryName } from './library.js';
import type { BenchPage, Session } from './session.js';
import { firstOf, isStep, type Workload } from './workloads.js';

export interface Run {
  readonly session: Session;
  readonly libraries: readonly LibraryName[];
  readonly rounds: number;
  readonly quick: boolean;
  /** PyTorch's losses in float64, by workload. */
  readonly losses: ReadonlyMap<string, readonly number[]>;
  readonly progress: Progress;
}

/**
 * A library whose run throws, or is off by more, has no figures. The first three losses in f32 are within 5e-7 of float64 in each
 * library; a step that leaves out weight decay, or gpt's clipping, is off by 1.4e-5 in the third.
 */
const BOUND = { step: 5e-6, kernel: 1e-3 };
/** Milliseconds that a library gets in a round, if one run fits, and the most runs it makes of them. */
const ROUND_MS = { full: 2000, quick: 1000 };
const MOST_RUNS = 8;
/** What takes longer is run once in a round. */
const SLOW_MS = 4000;

export async function measureWorkload(run: Run, page: BenchPage, workload: Workload): Promise<ResultRow[]> {
  const { session, libraries, rounds, progress } = run;
  const times = new Map<LibraryName, number[]>(libraries.map((name) => [name, []]));
  const runs = new Map<LibraryName, number>();
  const broken = new Map<LibraryName, string>();
  /** Does something with one library; where it throws, the library is out. */
  const attempt = async (name: LibraryName, what: string, body: () => Promise<void>): Promise<void> => {
    if (broken.has(name)) return;
    session.doing = `${workload.name} ${name}`;
    progress.show(`${workload.name}, ${name}, ${what}`);
    const before = session.errors.length;
    try {
      await body();
      if (session.errors.length > before) broken.set(name, session.errors[before] ?? '');
    } catch (error) {
      broken.set(name, String(error));
      session.errors.push(`${session.doing}: ${error}`);
    }
  };
  for (const name of libraries) {
    await attempt(name, 'warm-up', async () => {
      await page.call('prepare', name, workload.name);
      // The first run compiles, the second records where a library replays; a third tells what a run costs.
      let [warm = 0] = await page.call('time', name, 1);
      if (warm < (run.quick ? 1 : 5) * SLOW_MS) [warm = 0] = await page.call('time', name, 1);
      if (warm < SLOW_MS) [warm = 0] = await page.call('time', name, 1);
      const budget = run.quick ? ROUND_MS.quick : ROUND_MS.full;
      const least = run.quick || warm > SLOW_MS ? 1 : 2;
      runs.set(name, Math.min(MOST_RUNS, Math.max(least, Math.floor(budget / warm))));
    });
  }
  for (let round = 0; round < rounds; round++) {
    for (const [i] of libraries.entries()) {
      const name = libraries[(i + round) % libraries.length] as LibraryName;
      await attempt(name, `round ${round + 1} of ${rounds}`, async () => {
        times.get(name)?.push(...(await page.call('time', name, runs.get(name) ?? 1)));
      });
    }
  }
  const rows: ResultRow[] = [];
  for (const name of libraries) {
    const taken = times.get(name) ?? [];
    const row: ResultRow = {
      workload: workload.name,
      library: name,
      shape: workload.shape,
      medianMs: median(taken),
      minMs: Math.min(...taken),
      runs: taken.length,
      gflops: workload.flops > 0 ? workload.flops / median(taken) / 1e6 : null,
      maxRelError: null,
    };
    await attempt(name, 'counting and checking', async () => {
      const counts = await page.call('count', name);
      Object.assign(
        row,
        counting(workload, { ...counts }),
        await page.call('check', name, run.losses.get(workload.name) ?? null),
      );
      if (!((row.maxRelError ?? Number.NaN) <= BOUND[isStep(workload) ? 'step' : 'kernel']))
        row.void = `error ${row.maxRelError}`;
      await page.call('dispose', name);
    });
    const reason = broken.get(name);
    if (reason !== undefined) row.void = reason;
    rows.push(row);
    progress.line(
      `${workload.name.padEnd(24)} ${name.padEnd(9)} ${row.void ? `void: ${row.void}` : `${row.medianMs.toFixed(1)} ms, error ${row.maxRelError?.toExponential(1)}`}`,
    );
  }
  return rows;
}

/** Live bytes are told by the page of one library alone, see {@link measureFirstSteps}. */
function counting(workload: Workload, counts: Record<string, number>): Record<string, number> {
  const { liveBytes: _, peakBytes: __, ...calls } = counts;
  return isStep(workload) ? calls : { dispatches1: calls.dispatches ?? 0 };
}

/**
 * A step in a fresh page for each library: its first time with compilation, and the bytes it keeps alive afterwards. It comes
 * before anything else, for a browser keeps compiled shaders.
 *
 * @returns the rows, and what goes to the rows of the workload
 */
export async function measureFirstSteps({ session, libraries, losses, progress, quick }: Run, workload: Workload) {
  const rows: ResultRow[] = [];
  const title = firstOf(workload.name);
  const alive = new Map<string, { liveBytes: number; peakBytes: number }>();
  for (const name of libraries) {
    session.doing = `${title} ${name}`;
    progress.show(`${title}, ${name}`);
    const page = await session.page();
    await page.call('start');
    const openMs = await page.call('prepare', name, workload.name);
    const [first = Number.NaN] = await page.call('time', name, 1);
    await page.call('time', name, quick && first > SLOW_MS ? 0 : 2);
    const { liveBytes, peakBytes } = await page.call('count', name);
    const { maxRelError } = await page.call('check', name, losses.get(workload.name) ?? null);
    await page.close();
    progress.done(40 / libraries.length);
    rows.push({
      workload: title,
      library: name,
      shape: workload.shape,
      medianMs: first,
      minMs: first,
      runs: 1,
      openMs,
      maxRelError,
    });
    alive.set(name, { liveBytes, peakBytes });
    progress.line(
      `${title.padEnd(24)} ${name.padEnd(9)} ${first.toFixed(0)} ms, then ${(liveBytes / 1e6).toFixed(1)} MB live`,
    );
  }
  return { rows, alive };
}
