/** W and the kernels in kindling alone, in Node on Dawn: `bench.mjs --json FILE`, run by the bundle. */
import { Command } from 'commander';
import { init, stats } from 'kindling';
import { open, type Repeatable } from '../peers/libraries/kindling.js';

import { float64Losses } from '../peers/network64.js';
import { TrainingData } from '../peers/training.js';
import { expected, inputsOf, isWanted, maxRelError, WORKLOADS, type Workload } from '../peers/workloads.js';
import { Progress } from '../progress.js';
import { markdown, median, type ResultRow, type Results, writeResults } from '../results.js';

const options = new Command('bench')
  .option('--json <file>', 'writes {adapter, date, versions, rows}, and a Markdown table beside it')
  .option('--only <names>', 'workloads, separated by commas, conv2d* being all that begin so')
  .option('--version-of <text>', "kindling's version, for the results", '')
  .parse()
  .opts<{ json?: string; only?: string; versionOf: string }>();

const BOUND = 1e-3;
/** Timings of a workload, unless they take longer than this. */
const MOST_RUNS = 20;
const BUDGET_MS = 3000;
/** Outputs that one timing may hold. */
const HELD_BYTES = 2 ** 29;
/** Largest output of any workload. */
const OUTPUT_BYTES = 2 ** 24;

async function timed(prepared: Repeatable, times: number): Promise<number> {
  const start = performance.now();
  await prepared.run(times);
  return performance.now() - start;
}

/** So long an adapter that is no CPU works before it is timed: a GPU that idled goes slowly, an H200 at 345 MHz of 1980. */
const WARM_MS = 500;

async function warm(prepared: Repeatable): Promise<void> {
  const began = performance.now();
  while (!adapter.isSoftware && performance.now() - began < WARM_MS) await prepared.run(16);
}

/** `measure` again and again, as the budget allows. */
async function repeated(measure: () => Promise<number>): Promise<number[]> {
  const times: number[] = [];
  const began = performance.now();
  while (times.length < 3 || (times.length < MOST_RUNS && performance.now() - began < BUDGET_MS)) {
    times.push(await measure());
  }
  return times;
}

function row(workload: Workload, name: string, times: number[], error: number, more: object = {}): ResultRow {
  const medianMs = median(times);
  return {
    workload: name,
    library: 'kindling',
    shape: workload.shape,
    medianMs,
    minMs: Math.min(...times),
    runs: times.length,
    gflops: workload.flops > 0 ? workload.flops / medianMs / 1e6 : null,
    maxRelError: error,
    ...(error <= BOUND ? {} : { void: `error ${error}` }),
    ...more,
  };
}

/**
 * The time of one of many, without what waiting for the last costs: the difference between a long and a short timing, per
 * iteration. On a slow adapter, where waiting is nothing, one iteration at a time.
 */
async function kernelTimes(prepared: Repeatable): Promise<number[]> {
  await warm(prepared);
  const alone = await timed(prepared, 1);
  if (alone > 50) return repeated(() => timed(prepared, 1));
  const most = HELD_BYTES / OUTPUT_BYTES;
  return repeated(async () => ((await timed(prepared, most)) - (await timed(prepared, 2))) / (most - 2));
}

async function measureStep(prepared: Repeatable, workload: Workload & { kind: 'step' }, data: TrainingData) {
  const began = performance.now();
  const losses = [await prepared.run(1)];
  const first = performance.now() - began;
  for (let i = 0; i < 2; i++) losses.push(await prepared.run(1));
  const error = maxRelError(losses, float64Losses(data, workload.batch, losses.length));
  await timed(prepared, 2);
  await warm(prepared);
  const before = stats();
  await prepared.run(1);
  const after = stats();
  const counts = {
    dispatches: after.dispatches - before.dispatches,
    submits: after.submits - before.submits,
    newBuffers: after.buffers - before.buffers,
    newBindGroups: after.bindGroups - before.bindGroups,
    writes: after.writes - before.writes,
    liveBytes: after.bytes,
    pipelines: after.pipelines,
  };
  const rows = [row(workload, workload.name, await repeated(() => timed(prepared, 1)), error, counts)];
  const many = 8;
  const pipelined = await repeated(async () => (await timed(prepared, many)) / many);
  rows.push(row(workload, `${workload.name}.pipelined`, pipelined, error));
  if (workload.batch === 64) rows.unshift({ ...row(workload, 'firstStep', [first], error), gflops: null });
  return rows;
}

const adapter = await init();
const library = await open();
const data = TrainingData.random(640);
const workloads = WORKLOADS.filter((one) => one.kind !== 'training').filter(({ name }) => isWanted(name, options.only));
const results: Results = {
  adapter: `${adapter.description}, in ${adapter.host}`,
  date: new Date().toISOString(),
  versions: { node: process.versions.node, kindling: options.versionOf },
  rows: [],
};
console.log(`adapter: ${results.adapter}`);
const progress = new Progress(workloads.length);
for (const workload of workloads) {
  progress.show(workload.name);
  const inputs = inputsOf(workload);
  const prepared = await library.prepare(workload, inputs, data);
  if (workload.kind === 'step') results.rows.push(...(await measureStep(prepared, workload, data)));
  else {
    const times = 3;
    await prepared.run(times);
    const error = maxRelError(await prepared.result(), expected(workload, inputs, times));
    results.rows.push(row(workload, workload.name, await kernelTimes(prepared), error));
  }
  prepared.dispose();
  progress.done(1);
  const last = results.rows.at(-1) as ResultRow;
  progress.line(`${last.workload.padEnd(24)} ${last.void ? `void: ${last.void}` : `${last.medianMs.toFixed(3)} ms`}`);
}
const title = 'W and its kernels in kindling';
writeResults(title, results, options);
console.log(markdown(title, results));
process.exit(results.rows.some((one) => one.void) ? 1 : 0);
