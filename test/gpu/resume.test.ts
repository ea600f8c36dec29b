import { expect, test } from 'vitest';
import { type RunConfig, type RunOutcome, type RunStart, trainRun } from '../../examples/cifar/train.js';
import { randomImages } from '../support/training.js';

const data = { train: randomImages(36), test: randomImages(20) };
const config: RunConfig = {
  scenario: {
    name: 'all',
    lr: 2e-3,
    gamma: 0.8,
    normalise: true,
    weightDecay: 1e-4,
    dropoutDense: 0.2,
    dropoutConv: 0.2,
  },
  seed: 3,
  epochs: 2,
  batchSize: 8,
};

function whole(outcome: RunOutcome) {
  if (outcome.stopped || 'diverged' in outcome) throw new Error('the run was stopped, or diverged');
  const { weights, predictions, result } = outcome;
  return { weights: [...weights], predictions, result: { ...result, seconds: 0 } };
}

test('two equal runs give equal bits, and so does one stopped at three random steps', async () => {
  const uninterrupted = whole(await trainRun(config, data));
  expect(whole(await trainRun(config, data))).toEqual(uninterrupted);
  const steps = config.epochs * Math.ceil(data.train.length / config.batchSize);
  const stops = new Set<number>();
  while (stops.size < 3) stops.add(1 + Math.floor(Math.random() * steps));
  let done = 0;
  let resume: Uint8Array | undefined;
  for (;;) {
    const onStep = (): boolean => stops.has(++done);
    const from: RunStart = { resume };
    const onCheckpoint = async (bytes: Uint8Array): Promise<void> => {
      resume = bytes;
    };
    const outcome = await trainRun(config, data, { onStep, onCheckpoint }, from);
    if (outcome.stopped) continue;
    expect(whole(outcome), `stopped after steps ${[...stops]}`).toEqual(uninterrupted);
    break;
  }
  expect(done).toBe(steps);
}, 300_000);
