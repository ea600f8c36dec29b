/** The study's network on random pictures: what the tests of memory, determinism and speed train. */
import { capture, manualSeed, step, type Tensor } from 'kindling';
import { DataLoader, ImageDataset } from 'kindling/data';
import * as F from 'kindling/nn/functional';
import { Adam } from 'kindling/optim';
import { Net } from '../../examples/cifar/network.js';
import type { Scenario } from '../../examples/cifar/scenarios.js';

export function randomImages(count: number): ImageDataset {
  let state = 12345;
  const byte = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 24;
  };
  const labels = Uint8Array.from({ length: count }, () => byte() % 10);
  return new ImageDataset(Uint8Array.from({ length: count * 3072 }, byte), labels, [...'0123456789'], 'random');
}

export interface Trainer {
  readonly model: Net;
  /** Forward, backward and Adam on the next batch. */
  next(): Promise<Tensor>;
}

/**
 * A training loop as the README has it, one step at a time, without end.
 *
 * @param eager runs every step anew, instead of replaying a captured one
 */
export function trainer(
  batchSize: number,
  batches: number,
  scenario: Partial<Scenario> = {},
  { eager = false } = {},
): Trainer {
  manualSeed(0);
  const model = new Net({ name: 'test', lr: 1e-3, ...scenario });
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
  const loader = new DataLoader(randomImages(batchSize * batches), { batchSize, shuffle: true, seed: 0 });
  async function* endless() {
    for (;;) yield* loader;
  }
  const source = endless();
  const body = (x: Tensor, y: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = F.nllLoss(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const train = eager ? (x: Tensor, y: Tensor) => step(() => body(x, y)) : capture(body);
  return {
    model,
    async next() {
      const { value } = await source.next();
      if (!value) throw new Error('the loader ended');
      const [x, y] = value;
      return train(x, y);
    },
  };
}
