/** What the page and a worker of it do alike: three training steps of a small network, with their losses. */
import { capture, init, manualSeed, type Tensor } from 'kindling';
import { DataLoader, TensorDataset } from 'kindling/data';
import { CrossEntropyLoss, Linear, ReLU, Sequential } from 'kindling/nn';
import { Adam } from 'kindling/optim';
import { trainModel } from 'kindling/train';

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
  const features = Float32Array.from({ length: 48 }, (_, i) => Math.sin(i));
  const data = new TensorDataset(
    { data: features, shape: [6, 8] },
    { data: Int32Array.of(0, 1, 2, 2, 1, 0), shape: [6] },
  );
  const step = capture((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = criterion(model(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const losses: number[] = [];
  await trainModel(step, new DataLoader(data, { batchSize: 6 }), {
    epochs: 3,
    model,
    optimizer,
    checkpoint: 'worker.checkpoint',
    on(event) {
      if (event.type === 'step') losses.push(event.loss);
    },
  });
  return { adapter: description, losses };
}

/** What the worker runs: the suite's bundle exports it. */
export async function work(): Promise<void> {
  postMessage(await train());
}
