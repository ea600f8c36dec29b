/** Thousands of steps of a small net, and what the device holds meanwhile. */
import { capture, init, manualSeed, randn, stats, type Tensor } from 'kindling';
import { Linear, ReLU, Sequential } from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { Adam } from 'kindling/optim';
import type { Held } from '../../shared/complaints.js';
import type { News } from '../../shared/protocol.js';

/** Looks at what is held, over all steps. */
const LOOKS = 100;
/** A captured step is recorded on its second call: from the third on nothing new is needed. */
const WARM_UP = 3;
const TELL_MS = 200;

export async function trainSmall(steps: number, tell: (news: News) => void, goesOn: () => boolean): Promise<void> {
  await init();
  manualSeed(0);
  const model = new Sequential(new Linear(16, 32), new ReLU(), new Linear(32, 4));
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
  const [inputs, targets] = [randn([64, 16]), randn([64, 4])];
  const step = capture((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.mseLoss(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const held: Held[] = [];
  const every = Math.max(1, Math.floor(steps / LOOKS));
  let told = 0;
  try {
    for (let made = 1 - WARM_UP; made <= steps && goesOn(); made++) {
      const loss = step(inputs, targets);
      // Reading waits for the device: all that is under way has been given back by then.
      if (made <= 0 || made % every === 0) await loss.item();
      loss.dispose();
      if (made < 0 || made % every !== 0) continue;
      const { bytes, buffers } = stats();
      held.push({ steps: made, bytes, buffers });
      if (performance.now() - told < TELL_MS) continue;
      told = performance.now();
      tell({ type: 'complaint', of: { what: 'memory', held: [...held], done: false } });
    }
  } finally {
    step.reset();
    for (const tensor of [inputs, targets, ...model.parameters()]) tensor.dispose();
    tell({ type: 'complaint', of: { what: 'memory', held, done: true } });
  }
}
