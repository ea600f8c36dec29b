/** A run of `trainModel` with everything that has a state, its evaluations among what is remembered. */
import { randn } from 'kindling';
import { lrScheduler } from 'kindling/optim';
import { type TrainOptions, trainModel } from 'kindling/train';
import { expect } from 'vitest';
import { BATCHES, bitsOf, parts, shuffledRows } from './parts.js';

/** @param kind when the scheduler is stepped: `'epoch'`, `'step'` or `'plateau'` */
export async function wholeRun(options: Partial<TrainOptions>, kind: string) {
  const { model, optimizer, train } = parts();
  const { epochs = 4 } = options;
  const kinds: Record<string, Partial<TrainOptions>> = {
    epoch: { scheduler: new lrScheduler.StepLR(optimizer, { stepSize: 2 }), evaluateEvery: 2 },
    step: {
      scheduler: new lrScheduler.OneCycleLR(optimizer, { maxLr: 0.05, totalSteps: epochs * BATCHES }),
      scheduleEvery: 'step',
      evaluateEvery: { steps: 4 },
    },
    plateau: {
      scheduler: new lrScheduler.ReduceLROnPlateau(optimizer, { patience: 0, threshold: 0.2, factor: 0.5 }),
      monitor: 'size',
    },
  };
  const user = { losses: [] as number[], scores: [] as number[] };
  const evaluate = async (): Promise<{ size: number }> => {
    expect(model.training).toBe(false);
    // Numbers of the library's, drawn behind something awaited.
    const noise = await randn([1]).item();
    const size = await model
      .forward(randn([3, 6]))
      .square()
      .mean()
      .item();
    user.scores.push(noise, size);
    return { size };
  };
  const { on, ...rest } = options;
  const fitted = await trainModel(train, shuffledRows(), {
    ...{ epochs, model, optimizer, evaluate, user, ...kinds[kind], ...rest },
    async on(event) {
      if (event.type === 'step') user.losses.push(event.loss);
      await on?.(event);
    },
  });
  return { ...fitted, seconds: 0, user, bits: await bitsOf(model), lr: optimizer.paramGroups[0]?.lr };
}
