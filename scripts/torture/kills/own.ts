/** A program of the library's own API, to be killed: it writes a checkpoint at each step, and its weights at the end. */
import { join } from 'node:path';
import { capture, init, manualSeed, type Tensor } from 'kindling';
import { DataLoader, TensorDataset } from 'kindling/data';
import { lockFile, saveSafetensors, writeFileAtomic } from 'kindling/io';
import { CrossEntropyLoss, Dropout, Linear, Sequential, Tanh } from 'kindling/nn';
import { Adam } from 'kindling/optim';
import { trainModel } from 'kindling/train';

const [folder = '.'] = process.argv.slice(2);
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => stop.abort());
const lock = await lockFile(join(folder, 'run.lock'));
await init();
manualSeed(5);
const rows = new TensorDataset(
  { data: Float32Array.from({ length: 264 }, (_, i) => Math.sin(i * i)), shape: [44, 6] },
  { data: Int32Array.from({ length: 44 }, (_, i) => i % 10), shape: [44] },
);
const model = new Sequential(new Linear(6, 64), new Dropout(0.3), new Tanh(), new Linear(64, 10));
const optimizer = new Adam(model.parameters(), { lr: 0.02 });
const criterion = new CrossEntropyLoss();
const train = capture((x: Tensor, y: Tensor) => {
  optimizer.zeroGrad();
  const loss = criterion(model(x), y);
  loss.backward();
  optimizer.step();
  return loss;
});
const losses: number[] = [];
const user = { losses };
const { finished } = await trainModel(train, new DataLoader(rows, { batchSize: 4, shuffle: true, seed: 1 }), {
  ...{ epochs: 20, model, optimizer, resume: true, user, signal: stop.signal },
  ...{ checkpoint: join(folder, 'run.checkpoint'), checkpointEvery: 0 },
  on(event) {
    if (event.type === 'step') user.losses.push(event.loss);
  },
});
if (finished) {
  await writeFileAtomic(join(folder, 'model.safetensors'), await saveSafetensors(model.stateDict()));
  await writeFileAtomic(join(folder, 'result.json'), JSON.stringify({ losses: user.losses }));
}
await lock.release();
process.exit(finished ? 0 : 130);
