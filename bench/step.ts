/** `npm run bench:step`: one captured training step of the study's network: forward, backward, Adam. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { init, stats, sync } from 'kindling';
import { ROOT } from '../scripts/page.js';
import { trainer } from '../test/support/training.js';
import { Progress } from './progress.js';
import { markdown, median, type Results, writeResults } from './results.js';

const { batchSize, steps, json } = new Command('bench:step')
  .option('--batch-size <n>', 'images per step', Number, 64)
  .option('--steps <n>', 'steps timed', Number, 15)
  .option('--json <file>', 'writes {adapter, date, versions, rows}, and a Markdown table beside it')
  .parse()
  .opts<{ batchSize: number; steps: number; json?: string }>();
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const { description, host } = await init();
const { next } = trainer(batchSize, 4);

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
      workload: 'step',
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
    { workload: 'firstStep', ...row, medianMs: first, minMs: first, runs: 1 },
  ],
};
const title = `A training step of the study's network, batch ${batchSize}`;
writeResults(title, results, json === undefined ? {} : { json });
progress.line(markdown(title, results));
process.exit(0);
