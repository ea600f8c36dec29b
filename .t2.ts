import { init, stats, sync, capture, manualSeed } from 'kindling';
import * as F from 'kindling/nn/functional';
import { Adam } from 'kindling/optim';
import { DataLoader } from 'kindling/data';
import { Net } from './examples/cifar/network.js';
import { randomImages } from './test/support/training.js';
console.log((await init()).description);
manualSeed(0);
const model = new Net({ name: 'test', lr: 1e-3 } as any);
const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
const loader = new DataLoader(randomImages(64 * 4), { batchSize: 64, shuffle: true, seed: 0 });
const train = capture((x: any, y: any) => { optimizer.zeroGrad(); const loss = F.nllLoss(model.forward(x), y); loss.backward(); optimizer.step(); return loss; });
const [x, y] = (await loader[Symbol.asyncIterator]().next()).value as any;
const times = [];
for (let i = 0; i < 8; i++) { const t = performance.now(); await train(x, y).item(); times.push(Math.round(performance.now() - t)); }
console.log(times.join(' '), train.stats(), stats().bytes / 1e6, 'MB', stats().buffers);
const b = stats(); for (let i = 0; i < 5; i++) await train(x, y).item(); const a = stats();
console.log('per step', (a.dispatches - b.dispatches) / 5, (a.submits - b.submits) / 5, (a.writes - b.writes) / 5, (a.bindGroups - b.bindGroups) / 5);
process.exit(0);
