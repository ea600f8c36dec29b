/** `npm run memory`: live buffers and bytes over 500 steps of the study's network, counted by wrapping WebGPU's calls. */
import { Command } from 'commander';
import { init } from 'kindling';
import { device } from '../src/gpu/device.js';
import { watchBuffers } from '../test/support/buffers.js';
import { trainer } from '../test/support/training.js';

const { batchSize, steps } = new Command('memory')
  .option('--batch-size <n>', 'images per step', Number, 64)
  .option('--steps <n>', 'steps', Number, 500)
  .parse()
  .opts<{ batchSize: number; steps: number }>();
const adapter = await init();
console.log(`${adapter.host}, ${adapter.description}: ${steps} steps, batch ${batchSize}`);
const watch = watchBuffers(device());
const { next } = trainer(batchSize, 8);
const seen = new Map<number, { buffers: number; bytes: number }>();
for (let step = 1; step <= steps; step++) {
  const loss = await (await next()).item();
  if (step !== 20 && step !== steps && step % 50 !== 0) continue;
  const live = watch.live();
  seen.set(step, live);
  console.log(`step ${step}: loss ${loss.toFixed(4)}, ${live.buffers} live buffers, ${live.bytes} bytes`);
}
const [first, last] = [seen.get(20), seen.get(steps)];
const flat = first?.buffers === last?.buffers && first?.bytes === last?.bytes;
console.log(flat ? 'Flat: the same after the last step as after step 20.' : 'NOT FLAT');
process.exit(flat ? 0 : 1);
