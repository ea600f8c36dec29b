/** What the tests of `kindling/train` train. */
import { capture, manualSeed, step, type Tensor } from 'kindling';
import { DataLoader, TensorDataset } from 'kindling/data';
import { BatchNorm1d, CrossEntropyLoss, Dropout, Linear, Sequential, Tanh } from 'kindling/nn';
import { Adam } from 'kindling/optim';
import type { Loader } from 'kindling/train';

export type Pair = readonly [Tensor, Tensor];
export type Step = (x: Tensor, y: Tensor) => Tensor;

/** 22 samples of six features: batches of four make five of four and one of two. */
export const rows = new TensorDataset(
  { data: Float32Array.from({ length: 132 }, (_, i) => Math.sin(i * i)), shape: [22, 6] },
  { data: Int32Array.from({ length: 22 }, (_, i) => i % 10), shape: [22] },
);
export const BATCHES = 6;
export const shuffledRows = (): Loader<Pair> => new DataLoader(rows, { batchSize: 4, shuffle: true, seed: 1 });
export const eager =
  (body: Step): Step =>
  (x, y) =>
    step(() => body(x, y));

/** A model with dropout and running statistics, its optimizer, and a step of both. */
export function parts(features = 6, make: (body: Step) => Step = capture) {
  manualSeed(3);
  const layers = [new Linear(features, 8), new BatchNorm1d(8), new Dropout(0.3), new Tanh(), new Linear(8, 10)];
  const model = new Sequential(...layers);
  const optimizer = new Adam(model.parameters(), { lr: 0.02 });
  const criterion = new CrossEntropyLoss();
  const train = make((x, y) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x.flatten(1)), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  return { model, optimizer, train };
}

export const bitsOf = (model: Sequential): Promise<number[][]> =>
  Promise.all(Object.values(model.stateDict()).map(async (one) => [...(await one.data())]));

/** A place for checkpoints. */
export function shelf() {
  const kept: Uint8Array[] = [];
  return { kept, save: (bytes: Uint8Array) => void kept.push(bytes), load: () => kept.at(-1) ?? null };
}
