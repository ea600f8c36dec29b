/** One kernel at one size: run, compared, and measured if that is wanted. */
import { manualSeed, step, type Tensor } from 'kindling';
import { launches, measurePeaks, type Peaks, timeReplays } from 'kindling/profile';
import { caseOf } from '../shared/cases.js';
import type { Measured, Rung, Speed, Wanted } from '../shared/protocol.js';
import type { Prepared } from './case.js';
import { PREPARE } from './cases/index.js';
import { checked } from './check.js';

/** Measurements: so many, of replays that last so long, and none begins after that. */
export const ROUNDS = { rounds: 5, lastingMs: 20, budgetMs: 250 } as const;

/** Prepares a kernel, and gives its memory back. */
export async function withCase<T>({ id, size, seed }: Wanted, use: (prepared: Prepared) => Promise<T>): Promise<T> {
  const prepare = PREPARE[id];
  if (!prepare) throw new Error(`no kernel is called ${id}`);
  manualSeed(seed);
  const prepared = prepare(size, seed);
  try {
    return await use(prepared);
  } finally {
    for (const one of prepared.held) one.dispose();
  }
}

export const rungOf = (wanted: Wanted, peaks: Peaks | null): Promise<Rung> =>
  withCase(wanted, async (prepared) => {
    const { shape, held, flops, bytes } = prepared;
    const discard = (result: Tensor): void => {
      if (!held.includes(result)) result.dispose();
    };
    // Compared is the first run: optimizers change what they run on.
    const first = step(() => prepared.run());
    const results = await first.data();
    discard(first);
    const check = checked(results, prepared, caseOf(wanted.id)?.bound ?? 0);
    const found = await launches(() => discard(step(() => prepared.run())));
    const speed = peaks && (await speedOf(prepared, flops, bytes, peaks));
    return { ...wanted, shape, launches: found, check, speed };
  });

async function speedOf(prepared: Prepared, flops: number, bytes: number, peaks: Peaks): Promise<Speed> {
  const begun = performance.now();
  const { medianMs, minMs, rounds, replays, by } = await timeReplays(() => prepared.run(), ROUNDS);
  const tookMs = performance.now() - begun;
  const gflops = flops > 0 ? flops / medianMs / 1e6 : null;
  const gbs = bytes / medianMs / 1e6;
  const peakShare = Math.max((gflops ?? 0) / peaks.multiplyAdd, gbs / Math.max(peaks.load, peaks.copy));
  return { ms: medianMs, minMs, rounds, replays, by, gflops, gbs, peakShare, tookMs };
}

/** What the adapter can do at most, and the least that can be told apart. */
export async function measured(): Promise<Measured> {
  const peaks = await measurePeaks();
  return withCase({ id: 'relu', size: 64, seed: 0 }, async (prepared) => {
    const { medianMs, by } = await timeReplays(() => prepared.run(), { ...ROUNDS, lastingMs: 0 });
    return { peaks, floorMs: medianMs, by };
  });
}
