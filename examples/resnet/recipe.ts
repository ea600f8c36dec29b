/** How the network is trained. `pytorch.py` does the same, and `pytorch.json` tells what that reaches. */
import type { Tensor } from 'kindling';
import { Compose, channelStats, type ImageDataset, Normalize, RandomCrop, RandomHorizontalFlip } from 'kindling/data';
import * as F from 'kindling/nn/functional';
import { OneCycleLR, type Optimizer, SGD } from 'kindling/optim';
import type { ResNet } from './network.js';

export const RECIPE = { epochs: 3, trainSize: 5000, testSize: 10000, batchSize: 50, maxLr: 0.1, weightDecay: 5e-4 };

export const optimizerOf = (model: ResNet): Optimizer =>
  new SGD(model.parameters(), {
    lr: RECIPE.maxLr,
    momentum: 0.9,
    nesterov: true,
    weightDecay: RECIPE.weightDecay,
  });

/** A step of training, from images [N, 3, 32, 32] and labels [N] to the loss. */
export const updateOf =
  (model: ResNet, optimizer: Optimizer) =>
  (images: Tensor, labels: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model(images), labels);
    loss.backward();
    optimizer.step();
    return loss;
  };

/** The rate goes up for the first three tenths of all steps, then down; the momentum goes against it. */
export const scheduleOf = (optimizer: Optimizer, totalSteps: number): OneCycleLR =>
  new OneCycleLR(optimizer, { maxLr: RECIPE.maxLr, totalSteps });

/** What is done to pictures: when training, each is moved by up to four pixels and, half the time, mirrored. */
export function transformsOf(train: ImageDataset): { training: Compose; testing: Normalize } {
  const { mean, std } = channelStats(train);
  const testing = new Normalize(mean, std);
  return { training: new Compose([new RandomCrop(32, { padding: 4 }), new RandomHorizontalFlip(), testing]), testing };
}
