/** What the page and a worker of it do alike: three training steps of a small network, with their losses. */
import { capture, init, manualSeed, randn, tensor } from 'kindling';
import { CrossEntropyLoss, Linear, ReLU, Sequential } from 'kindling/nn';
import { Adam } from 'kindling/optim';

export interface Trained {
  readonly adapter: string;
  readonly losses: readonly number[];
}

export async function train(): Promise<Trained> {
  const { description } = await init();
  manualSeed(7);
  const model = new Sequential(new Linear(8, 16), new ReLU(), new Linear(16, 3));
  const criterion = new CrossEntropyLoss();
  const optimizer = new Adam(model.parameters(), { lr: 1e-2 });
  const [x, y] = [randn([6, 8]), tensor([0, 1, 2, 2, 1, 0], { dtype: 'i32' })];
  const step = capture(() => {
    optimizer.zeroGrad();
    const loss = criterion(model(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const losses: number[] = [];
  while (losses.length < 3) losses.push(await step().item());
  return { adapter: description, losses };
}

/** What the worker runs: the suite's bundle exports it. */
export async function work(): Promise<void> {
  postMessage(await train());
}
