/** The program that `test:pack` builds with every bundler: a page and a module worker that each train, using every entry. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Exclusive or by two layers: it needs `backward`, the optimizer's step and methods of tensors, all wired by side effects. */
const TRAIN = `
import 'kindling/methods';
import { capture, init, manualSeed, tensor } from 'kindling';
import { Linear, Sequential, Tanh } from 'kindling/nn';
import { BCEWithLogitsLoss } from 'kindling/nn';
import { Adam } from 'kindling/optim';

export async function train() {
  await init();
  manualSeed(0);
  const x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]]);
  const y = tensor([[0], [1], [1], [0]]);
  const model = new Sequential(new Linear(2, 8), new Tanh(), new Linear(8, 1));
  const criterion = new BCEWithLogitsLoss();
  const optimizer = new Adam(model.parameters(), { lr: 0.1 });
  const train = capture(() => {
    optimizer.zeroGrad();
    const loss = criterion(model(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  for (let i = 0; i < 60; i++) train();
  const loss = await train().item();
  const doubled = await x.mul(2).tanh().sum().item();
  if (!(loss < 0.2)) throw new Error('the loss is ' + loss);
  if (Math.abs(doubled - 4 * Math.tanh(2)) > 1e-4) throw new Error('tanh gives ' + doubled);
  return loss;
}
`;

const WORKER = `
import { train } from './train.js';
train().then((loss) => postMessage({ loss }), (error) => postMessage({ error: String(error?.stack ?? error) }));
`;

const HTML =
  '<!doctype html><meta charset="utf-8"><title>kindling</title><script type="module" src="./page.js"></script>\n';

/** Writes it. @param entries the package's entry points, each of which the page imports once */
export function writeApp(folder: string, entries: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  const page = `
import { train } from './train.js';
${entries.map((entry, i) => `import * as m${i} from '${entry}';`).join('\n')}
const inWorker = () => new Promise((done, failed) => {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => (data.error ? failed(new Error('in the worker: ' + data.error)) : done(data.loss));
  worker.onerror = (event) => failed(new Error('in the worker: ' + event.message));
});
globalThis.trained = (async () => ({
  page: await train(),
  worker: await inWorker(),
  exports: [${entries.map((_, i) => `m${i}`).join(', ')}].map((module) => Object.keys(module).length),
}))();
`;
  for (const [name, text] of Object.entries({
    'train.js': TRAIN,
    'worker.js': WORKER,
    'page.js': page,
    'index.html': HTML,
  }))
    writeFileSync(join(folder, name), text);
}
