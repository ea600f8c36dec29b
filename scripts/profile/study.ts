/** One training step of the study's network on random pictures, as a function that may be called again and again. */
import { capture, manualSeed, randint, randn, step, type Tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { Adam } from 'kindling/optim';
import { Net } from '../../examples/cifar/network.js';

/** @param eager runs every step anew, instead of replaying a captured one */
export function studyStep(batchSize: number, { eager = false } = {}): () => Tensor {
  manualSeed(0);
  const model = new Net({ name: 'profile', lr: 1e-3 });
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
  const x = randn([batchSize, 3, 32, 32]);
  const y = randint(0, 10, [batchSize]);
  const body = (x: Tensor, y: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = F.nllLoss(model(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const train = eager ? (x: Tensor, y: Tensor) => step(() => body(x, y)) : capture(body);
  return () => train(x, y);
}
