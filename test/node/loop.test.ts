/** The examples' training loop: stopped after any step, it goes on to the same bits. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adapter, capture, manualSeed, randn, type Tensor, tensor } from 'kindling';
import { DataLoader } from 'kindling/data';
import { readSafetensors, saveSafetensors, writeSafetensors } from 'kindling/io';
import { BatchNorm1d, Conv2d, CrossEntropyLoss, Dropout, Flatten, Linear, Sequential, Tanh } from 'kindling/nn';
import { Adam, lrScheduler } from 'kindling/optim';
import { afterAll, describe, expect, it } from 'vitest';
import { batchOf, removeCheckpoint, runSteps } from '../../examples/shared/loop.js';
import { randomImages } from '../support/training.js';

const folder = mkdtempSync(join(tmpdir(), 'kindling-loop-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const data = randomImages(36);

interface Attempt {
  checkpoint: string;
  resume?: boolean;
  stopAfter?: number;
  settings?: Readonly<Record<string, unknown>>;
  lr?: number;
  steps?: number;
  classes?: number;
}

/** Twelve steps, or as far as `stopAfter`: two and a half epochs of five, dropout and a schedule among them. */
async function attempt({ checkpoint, resume = false, stopAfter, settings = { seed: 0 }, ...rest }: Attempt) {
  const { lr = 1e-3, steps = 12, classes = 10 } = rest;
  manualSeed(0);
  const written: string[] = [];
  const model = new Sequential(
    new Conv2d(3, 4, 3, { stride: 2 }),
    new Flatten(),
    new Dropout(0.3),
    new Linear(900, classes),
  );
  const optimizer = new Adam(model.parameters(), { lr });
  const scheduler = new lrScheduler.ExponentialLR(optimizer, { gamma: 0.7 });
  const criterion = new CrossEntropyLoss();
  const train = capture((images: Tensor, labels: Tensor) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(images), labels);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const batch = batchOf(new DataLoader(data, { batchSize: 8, shuffle: true, seed: 0 }));
  const stop = { requested: false, arm: () => {}, disarm: () => {} };
  const outcome = await runSteps({
    label: 'test',
    steps,
    async step(i) {
      if (i + 1 === stopAfter) stop.requested = true;
      return train(...(await batch(i)));
    },
    state: { model, optimizer, scheduler },
    every: {
      steps: 3,
      async call(done) {
        scheduler.step();
        return `after ${done}`;
      },
    },
    settings,
    checkpoint,
    resume,
    resumeCommand: 'again',
    stream: { isTTY: false, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream,
    stop,
  });
  return { ...outcome, written, weights: [...(await saveSafetensors(model.stateDict()))] };
}

describe('runSteps', () => {
  it('gives the same losses and weights whether it was stopped or not', async () => {
    const whole = await attempt({ checkpoint: join(folder, 'whole') });
    expect(whole).toMatchObject({ finished: true });
    expect(whole.losses).toHaveLength(12);
    expect(new Set(whole.losses).size).toBe(12);
    expect(whole.written.filter((line) => line.startsWith('after'))).toEqual([3, 6, 9, 12].map((n) => `after ${n}\n`));
    expect(existsSync(join(folder, 'whole'))).toBe(true);
    for (const stopAfter of [1, 3, 5, 11, 12]) {
      const checkpoint = join(folder, `stopped-${stopAfter}`);
      const first = await attempt({ checkpoint, stopAfter });
      expect(first.finished).toBe(false);
      expect(first.losses).toEqual(whole.losses.slice(0, stopAfter));
      expect(first.written.at(-1)).toBe(`Stopped and saved after step ${stopAfter}. Go on with: again\n`);
      const second = await attempt({ checkpoint, resume: true });
      expect(second.written[0]).toBe(`Going on after step ${stopAfter} of 12.\n`);
      expect({ ...second, seconds: 0, written: 0 }).toEqual({ ...whole, seconds: 0, written: 0 });
      await removeCheckpoint(checkpoint);
      expect(existsSync(checkpoint)).toBe(false);
    }
  });

  it('begins anew where nothing was saved yet', async () => {
    const { losses } = await attempt({ checkpoint: join(folder, 'none'), resume: true });
    expect(losses).toHaveLength(12);
  });

  it('refuses a checkpoint of other settings', async () => {
    const checkpoint = join(folder, 'other');
    await attempt({ checkpoint, stopAfter: 2, settings: { seed: 0 } });
    // More classes: a model that the checkpoint does not fit.
    await expect(attempt({ checkpoint, resume: true, settings: { seed: 1, data: 'x' }, classes: 11 })).rejects.toThrow(
      /other settings or data: seed was 0, is 1; data was undefined, is "x"\. Put them back as they were/,
    );
  });

  it('says where it goes on with the run of another adapter', async () => {
    const checkpoint = join(folder, 'adapter');
    await attempt({ checkpoint, stopAfter: 2 });
    const here = adapter().description;
    const there = 'x'.repeat(here.length);
    const { tensors, metadata } = readSafetensors(readFileSync(checkpoint));
    const state = metadata.state?.replace(here, there) ?? '';
    // As a file without a checksum.
    writeFileSync(checkpoint, writeSafetensors(tensors, { format: 'kindling checkpoint 1', state }));
    const { written } = await attempt({ checkpoint, resume: true });
    expect(written[1]).toBe(`NOTE: the run was begun on ${there}; another adapter rounds differently.\n`);
    const whole = await attempt({ checkpoint: join(folder, 'same') });
    expect(whole.written.join()).not.toContain('NOTE');
  });

  it.each([0, 1.5, Number.NaN])('refuses %d steps', async (steps) => {
    await expect(attempt({ checkpoint: join(folder, 'steps'), steps })).rejects.toThrow(/a whole number ≥ 1, not/);
  });

  it('draws the same numbers where another loop trains beside it, stopped and resumed or not', async () => {
    const alone = await attempt({ checkpoint: join(folder, 'alone') });
    const [one, two] = await Promise.all([
      attempt({ checkpoint: join(folder, 'one'), stopAfter: 5 }),
      attempt({ checkpoint: join(folder, 'two') }),
    ]);
    expect(one.losses).toEqual(alone.losses.slice(0, 5));
    expect(two.losses).toEqual(alone.losses);
    const [again, other] = await Promise.all([
      attempt({ checkpoint: join(folder, 'one'), resume: true }),
      attempt({ checkpoint: join(folder, 'other'), stopAfter: 3 }),
    ]);
    expect(again.losses).toEqual(alone.losses);
    expect(again.weights).toEqual(alone.weights);
    expect(other.losses).toEqual(alone.losses.slice(0, 3));
  });

  it('refuses a damaged checkpoint by its name', async () => {
    const checkpoint = join(folder, 'damaged');
    await attempt({ checkpoint, stopAfter: 2 });
    const bytes = readFileSync(checkpoint);
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
    writeFileSync(checkpoint, bytes);
    await expect(attempt({ checkpoint, resume: true })).rejects.toThrow(
      `${checkpoint}: readCheckpoint: the checkpoint is damaged`,
    );
  });

  it('says where a loss is not finite', async () => {
    await expect(attempt({ checkpoint: join(folder, 'nan'), lr: 1e38 })).rejects.toThrow(
      /test: diverged: the loss of step \d+ is (NaN|Infinity).*\. No checkpoint was written/,
    );
    expect(existsSync(join(folder, 'nan'))).toBe(false);
  });

  it('stops where weights are not finite though the loss is, and keeps the last good checkpoint', async () => {
    const checkpoint = join(folder, 'dead');
    /** A NaN reaches a running statistic in step `spoilt`, and no loss. */
    async function train(options: { steps: number; spoilt: number; resume?: boolean }) {
      manualSeed(0);
      const norm = new BatchNorm1d(4);
      const model = new Sequential(new Linear(4, 4), norm, new Tanh(), new Linear(4, 2));
      const criterion = new CrossEntropyLoss();
      const labels = tensor(Int32Array.from([0, 1]));
      return runSteps({
        label: 'test',
        steps: options.steps,
        step(i) {
          const loss = criterion.forward(model.forward(randn([2, 4])), labels);
          if (i + 1 === options.spoilt) norm.runningMean?.copy_(new Float32Array([0, Number.NaN, 0, 0]));
          return loss;
        },
        state: { model },
        checkpoint,
        resume: options.resume ?? false,
        resumeCommand: 'again',
        stream: { isTTY: false, write: () => true } as unknown as NodeJS.WriteStream,
        stop: { requested: false, arm: () => {}, disarm: () => {} },
      });
    }
    await train({ steps: 4, spoilt: -1 });
    const good = readFileSync(checkpoint);
    // Found by the look every ten steps, and by the one before the last checkpoint.
    for (const [steps, spoilt, when] of [
      [40, 17, 'one of the steps 11 to 20'],
      [8, 7, 'one of the steps 5 to 8'],
    ] as const) {
      await expect(train({ steps, spoilt, resume: true })).rejects.toThrow(
        `test: diverged: in ${when} 1.running_mean became NaN or infinite (the first in the model's order). ` +
          `The checkpoint of step 4 stays as it was: ${checkpoint}`,
      );
      expect(readFileSync(checkpoint).equals(good)).toBe(true);
    }
  });
});
