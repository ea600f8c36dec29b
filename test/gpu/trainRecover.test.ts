/** The loop of `kindling/train` on devices that are lost: it goes on to the bits of a run that nothing disturbed. */
import * as k from 'kindling';
import { DataLoader } from 'kindling/data';
import { CrossEntropyLoss, Flatten, Linear, Sequential } from 'kindling/nn';
import { Adam } from 'kindling/optim';
import { type TrainEvent, type TrainOptions, trainModel } from 'kindling/train';
import { afterEach, describe, expect, test } from 'vitest';
import { Losses, takeDevice } from '../support/losses.js';
import { bitsOf, parts, shelf, shuffledRows } from '../support/parts.js';
import { randomImages } from '../support/training.js';
import { wholeRun } from '../support/wholeRun.js';

// Other files go on with the device that is there then.
afterEach(() => k.init());

/** What happened, with what a run of a checkpoint would tell too. */
const told = (event: TrainEvent): string => `${event.type} ${'step' in event ? event.step : ''}`;

describe.each([
  ['step', 20, 18],
  ['epoch', 3, 4],
  ['plateau', 3, 4],
])('schedule by %s', (kind, most, epochs) => {
  test(`${most} losses at random events give the bits of none`, async () => {
    const whole = await wholeRun({ epochs, checkpoint: shelf() }, kind);
    // A snapshot of each step, so that there is something new before the next loss.
    const losses = new Losses(most, 3);
    const log: string[] = [];
    const on = (event: TrainEvent): void => {
      log.push(told(event));
      if (event.type !== 'lost' && event.type !== 'recovered') losses.tick();
    };
    const disturbed = await wholeRun({ epochs, recover: true, snapshotEvery: 0, on }, kind);
    expect(losses.made, `seed ${losses.seed}`).toBe(most);
    expect(disturbed, `seed ${losses.seed}: ${log.join(', ')}`).toEqual(whole);
    expect(log.filter((line) => line.startsWith('lost'))).toHaveLength(most);
    expect(log.filter((line) => line.startsWith('recovered'))).toHaveLength(most);
    const [steps, distinct] = [log.filter((line) => line.startsWith('step')), new Set(log)];
    // Steps were made again, and none left out.
    expect(steps.length).toBeGreaterThan(whole.steps);
    for (let step = 1; step <= whole.steps; step++) expect(distinct).toContain(`step ${step}`);
  }, 300_000);
});

test('an evaluation that was due behind a step is made again', async () => {
  const whole = await wholeRun({ epochs: 2, checkpoint: shelf() }, 'step');
  const log: string[] = [];
  const on = (event: TrainEvent): void => {
    const line = told(event);
    if (line === 'evaluation 4' && !log.includes(line)) takeDevice();
    log.push(line);
  };
  const disturbed = await wholeRun({ epochs: 2, recover: true, snapshotEvery: 0, on }, 'step');
  expect(disturbed, log.join(', ')).toEqual(whole);
  expect(log.filter((line) => line === 'evaluation 4')).toHaveLength(2);
});

test('pictures that lie on the device come back, and so does what the step holds besides', async () => {
  const pictures = randomImages(12);
  async function run(options: Partial<TrainOptions>) {
    k.manualSeed(2);
    const model = new Sequential(new Flatten(), new Linear(3072, 10));
    const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
    const criterion = new CrossEntropyLoss({ weight: k.tensor(Float32Array.from({ length: 10 }, (_, i) => 1 + i)) });
    const shift = k.tensor([0.25]);
    const train = k.capture((x: k.Tensor, y: k.Tensor): k.Tensor => {
      optimizer.zeroGrad();
      const loss = criterion(model(x.add(shift)), y);
      loss.backward();
      optimizer.step();
      return loss;
    });
    const losses: number[] = [];
    const loader = new DataLoader(pictures, { batchSize: 4, shuffle: true });
    await trainModel(train, loader, {
      ...{ epochs: 3, model, optimizer, ...options },
      ...(options.recover ? { recover: [criterion, { shift }] } : {}),
      async on(event) {
        if (event.type === 'step') losses[event.step - 1] = event.loss;
        await options.on?.(event);
      },
    });
    return { losses, bits: await bitsOf(model) };
  }
  const whole = await run({});
  const lost = new Set([2, 5, 8]);
  const on = (event: TrainEvent): void => {
    if (event.type === 'step' && lost.delete(event.step)) takeDevice();
  };
  // One snapshot alone, of the beginning.
  expect(await run({ recover: true, snapshotEvery: 1000, on })).toEqual(whole);
  expect(lost.size).toBe(0);
});

describe('what the run says', () => {
  const events = async (options: Partial<TrainOptions>, at: (event: TrainEvent) => void): Promise<string[]> => {
    const { model, optimizer, train } = parts();
    const log: string[] = [];
    const on = (event: TrainEvent): void => {
      log.push(told(event));
      if (event.type === 'lost') expect(event.reason).toMatch(/device was|no device/);
      if (event.type === 'recovered') expect(event.adapter).toBe(k.adapter().description);
      at(event);
    };
    await trainModel(train, shuffledRows(), { epochs: 1, model, optimizer, recover: true, ...options, on });
    return log;
  };

  test('the device, lost or given back, and the place that it goes on from', async () => {
    for (const take of [takeDevice, k.destroy]) {
      let taken = 0;
      const log = await events({}, (event) => {
        if (event.type === 'step' && event.step === 2 && taken++ === 0) take();
      });
      const place = log.indexOf('recovered 0');
      expect(log.slice(0, 2)).toEqual(['step 1', 'step 2']);
      expect(log[place - 1]).toMatch(/^lost [23]$/);
      expect(log.slice(place + 1)).toEqual([1, 2, 3, 4, 5, 6].map((step) => `step ${step}`).concat('epoch 6'));
    }
  });

  test('a device that is lost at the same step again and again is the end', async () => {
    let lost = 0;
    const run = events({}, (event) => {
      if (event.type === 'lost') lost++;
      if (event.type === 'step' && event.step === 3) takeDevice();
    });
    await expect(run).rejects.toThrow(/^trainModel: the device was lost 6 times before any step beyond/);
    expect(lost).toBeLessThan(9);
  });

  test('without recover it ends; a signal meanwhile stops it, saved', async () => {
    const take = (event: TrainEvent): void => {
      if (event.type === 'step' && event.step === 2) takeDevice();
    };
    await expect(events({ recover: false }, take)).rejects.toThrow(k.DeviceLostError);
    await k.init();
    const checkpoint = shelf();
    const controller = new AbortController();
    const log = await events({ checkpoint, signal: controller.signal, snapshotEvery: 0 }, (event) => {
      take(event);
      if (event.type === 'lost') controller.abort();
    });
    expect(log.at(-1)).toMatch(/^recovered|^checkpoint/);
    expect(checkpoint.kept.length).toBe(log.at(-1)?.startsWith('checkpoint') ? 1 : 0);
  });

  test('options that do not fit', async () => {
    const { model, train } = parts();
    const refused = (options: object): Promise<unknown> =>
      trainModel(train, shuffledRows(), { epochs: 1, model, ...options });
    await expect(refused({ recover: 3 })).rejects.toThrow('recover is 3, wants true, or what else the step has');
    await expect(refused({ snapshotEvery: 3 })).rejects.toThrow('snapshotEvery wants recover too');
    await expect(refused({ recover: true, snapshotEvery: -1 })).rejects.toThrow('snapshotEvery is -1, wants seconds');
  });
});
