/** `npm run bench:step`: one training step of the study's network, batch 64: forward, backward, Adam. */
import { Command } from 'commander';
import { init, stats, sync } from 'kindling';
import { trainer } from '../test/support/training.js';

const { batchSize, steps, json } = new Command('bench:step')
  .option('--batch-size <n>', 'images per step', Number, 64)
  .option('--steps <n>', 'steps timed', Number, 15)
  .option('--json', 'print one JSON object')
  .parse()
  .opts<{ batchSize: number; steps: number; json?: boolean }>();
const adapter = await init();
const { next } = trainer(batchSize, 4);
const began = performance.now();
await (await next()).item();
const firstMs = performance.now() - began;
await (await next()).item();
await sync();
const before = stats();
const times: number[] = [];
for (let i = 0; i < steps; i++) {
  const start = performance.now();
  await (await next()).item();
  times.push(performance.now() - start);
}
const after = stats();
times.sort((a, b) => a - b);
const per = (key: keyof typeof after): number => (after[key] - before[key]) / steps;
const result = {
  adapter: adapter.description,
  host: adapter.host,
  batchSize,
  medianMs: times[Math.floor(steps / 2)],
  minMs: times[0],
  firstMs,
  dispatches: per('dispatches'),
  submits: per('submits'),
  writes: per('writes'),
  newBindGroups: per('bindGroups'),
  pipelines: after.pipelines,
  bytes: after.bytes,
};
if (json) console.log(JSON.stringify(result, null, 1));
else console.table(result);
process.exit(0);
