/** `npm run bench:step`: one captured training step, of the study's network or of an example's: forward, backward, optimizer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { capture, init, stats, sync, type Tensor } from 'kindling';
import { ROOT } from '../scripts/page.js';
import { trainer } from '../test/support/training.js';
import { trained } from './networks.js';
import { BATCH, NETWORKS, type Network } from './peers/networks.js';
import { startOf } from './peers/startFiles.js';
import { firstOf } from './peers/workloads.js';
import { Progress } from './progress.js';
import { markdown, median, type Results, writeResults } from './results.js';

const MODELS = ['study', ...NETWORKS] as const;

const options = new Command('bench:step')
  .addOption(
    new Option('--model <model>', "the study's network, or that of an example").choices(MODELS).default('study'),
  )
  .option(
    '--batch-size <n>',
    `images, or windows of text, per step (default: ${['64', ...Object.values(BATCH)].join(', ')})`,
    Number,
  )
  .option('--steps <n>', 'steps timed', Number, 15)
  .option('--json <file>', 'writes {adapter, date, versions, rows}, and a Markdown table beside it')
  .parse()
  .opts<{ model: (typeof MODELS)[number]; batchSize?: number; steps: number; json?: string }>();
const { model, steps, json } = options;
const batchSize = options.batchSize ?? (model === 'study' ? 64 : BATCH[model]);
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const { description, host } = await init();
const next = model === 'study' ? trainer(batchSize, 4).next : stepsOf(model);

/** Steps of an example's network, on a few batches in turn. */
function stepsOf(network: Network): () => Tensor {
  const { update, batches } = trained(network, startOf(network, batchSize));
  const train = capture(update);
  let t = 0;
  return () => train(...(batches[t++ % batches.length] as (typeof batches)[number]));
}

const timed = async (): Promise<number> => {
  const start = performance.now();
  await (await next()).item();
  return performance.now() - start;
};

const first = await timed();
// The second call records, the third replays.
for (let i = 0; i < 2; i++) await timed();
await sync();
const before = stats();
const times: number[] = [];
const progress = new Progress(steps);
for (let i = 0; i < steps; i++) {
  progress.show(`step ${i + 1} of ${steps}`);
  times.push(await timed());
  progress.done(1);
}
const after = stats();
const per = (key: keyof typeof after): number => (after[key] - before[key]) / steps;
const row = { library: 'kindling', shape: `batch ${batchSize}`, gflops: null, maxRelError: null };
const results: Results = {
  adapter: `${description}, in ${host}`,
  date: new Date().toISOString(),
  versions: { kindling: version, node: process.versions.node },
  rows: [
    {
      workload: model === 'study' ? 'step' : `${model}Step`,
      ...row,
      medianMs: median(times),
      minMs: Math.min(...times),
      runs: steps,
      dispatches: per('dispatches'),
      submits: per('submits'),
      newBuffers: per('buffers'),
      newBindGroups: per('bindGroups'),
      writes: per('writes'),
      liveBytes: after.bytes,
      pipelines: after.pipelines,
    },
    {
      workload: model === 'study' ? 'firstStep' : firstOf(`${model}Step`),
      ...row,
      medianMs: first,
      minMs: first,
      runs: 1,
    },
  ],
};
const title = `A training step of ${model === 'study' ? "the study's network" : model}, batch ${batchSize}`;
writeResults(title, results, json === undefined ? {} : { json });
progress.line(markdown(title, results));
process.exit(0);
