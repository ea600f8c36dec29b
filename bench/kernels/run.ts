/** Measures the kernels in the host it runs in, and reports every row as it comes. */
import { init, step, type Tensor, tensor, zeros } from 'kindling';
import { measurePeaks, type Peaks, runKernel, type TimeOptions, time } from 'kindling/profile';
import { maxRelError } from '../peers/workloads.js';
import type { ResultRow } from '../results.js';
import type { Prepared, Workload } from './workload.js';
import { WORKLOADS } from './workloads.js';

export interface KernelsInput {
  /** Names begin so; all without. */
  readonly only: readonly string[];
  readonly quick: boolean;
}

export interface Reports {
  started(adapter: string, peaks: Peaks, total: number): unknown;
  began(name: string): unknown;
  row(row: ResultRow): unknown;
  done(): unknown;
}

/** A result that is further off is void. */
const BOUND = 1e-3;
/** So many outputs are compared with float64. */
const SAMPLES = 1000;

async function errorOf(result: Tensor, expected: NonNullable<Prepared['expected']>): Promise<number> {
  const values = await result.data();
  const stride = Math.max(1, Math.floor(values.length / SAMPLES));
  const places = Array.from({ length: Math.min(SAMPLES, values.length) }, (_, k) => k * stride);
  return maxRelError(
    places.map((i) => values[i] ?? Number.NaN),
    places.map(expected),
  );
}

async function measure(workload: Workload, peaks: Peaks, quick: boolean): Promise<ResultRow[]> {
  const { name, shape, flops, bytes } = workload;
  const prepared = workload.prepare();
  const { expected, held } = prepared;
  const options: TimeOptions = { warmup: 1, runs: quick ? 8 : 20, budgetMs: quick ? 400 : 1500 };
  const timed = async (library: string, body: () => void, error: number | null): Promise<ResultRow> => {
    const times = await time(body, options);
    const gflops = flops > 0 ? flops / times.medianMs / 1e6 : null;
    const gbs = bytes / times.medianMs / 1e6;
    return {
      workload: name,
      library,
      shape,
      medianMs: times.medianMs,
      minMs: times.minMs,
      runs: times.runs,
      by: times.by,
      wallMs: times.wallMs,
      dispatches: times.dispatches ?? 0,
      gflops,
      gbs,
      maxRelError: error,
      peakShare: Math.max((gflops ?? 0) / peaks.multiplyAdd, gbs / Math.max(peaks.load, peaks.copy)),
      ...(error === null || error <= BOUND ? {} : { void: `error ${error}` }),
    };
  };
  const rows: ResultRow[] = [];
  const before = prepared.naive?.more.length === 2 ? await held[0]?.data() : undefined;
  const first = step(() => prepared.ours());
  const error = expected && (await errorOf(first, expected));
  const { shape: outputShape } = first;
  const discard = (result: Tensor): void => {
    if (!held.includes(result)) result.dispose();
  };
  discard(first);
  if (prepared.naive) {
    const { source, inputs, more } = prepared.naive;
    // What is updated in place begins as ours did.
    const output = before ? tensor(before as Float32Array) : zeros([...outputShape]);
    const body = (): void => runKernel(source, inputs, [output, ...more]);
    body();
    const naiveError = expected && (await errorOf(output, expected));
    rows.push(await timed('naive', body, naiveError));
    output.dispose();
  }
  rows.push(await timed('kindling', () => discard(step(() => prepared.ours())), error));
  for (const one of held) one.dispose();
  return rows;
}

export async function runKernels({ only, quick }: KernelsInput, reports: Reports): Promise<void> {
  const { description, host } = await init();
  const peaks = await measurePeaks();
  const chosen = WORKLOADS.filter(
    ({ name, quick: isQuick }) =>
      (only.length > 0 || !quick || isQuick) && (only.length === 0 || only.some((part) => name.startsWith(part))),
  );
  await reports.started(`${description}, in ${host}`, peaks, chosen.length);
  for (const workload of chosen) {
    await reports.began(workload.name);
    for (const row of await measure(workload, peaks, quick)) await reports.row(row);
    await reports.done();
  }
}
