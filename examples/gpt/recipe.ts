/** How the model is trained. `pytorch.py` does the same. */
import type { Tensor } from 'kindling';
import { AdamW, clipGradNorm, type Optimizer } from 'kindling/optim';
import type { Gpt } from './model.js';

export const RECIPE = { batchSize: 16, context: 64, width: 64, heads: 4, layers: 2, lr: 4e-3 };

/** @param lr the highest rate */
export const optimizerOf = (model: Gpt, lr = RECIPE.lr): Optimizer => new AdamW(model.parameters(), { lr });

/** A step of training, from characters and those after them, both [N, L], to the loss; gradients together are at most 1 long. */
export const updateOf =
  (model: Gpt, optimizer: Optimizer) =>
  (characters: Tensor, next: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = model.loss(characters, next);
    loss.backward();
    clipGradNorm(model.parameters(), 1);
    optimizer.step();
    return loss;
  };
