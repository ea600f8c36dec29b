/** The loop of `kindling/train`: the bits of a loop by hand, what it tells, and how it notices that a model has died. */
import { capture, manualSeed, randn, randomState, step, type Tensor } from 'kindling';
import { DataLoader, type Dataset, type HostArray, Normalize, Subset, TensorDataset } from 'kindling/data';
import { BatchNorm1d, Linear, Sequential, Tanh } from 'kindling/nn';
import { lrScheduler, type Optimizer } from 'kindling/optim';
import { Diverged, type Loader, type TrainEvent, type TrainOptions, trainModel } from 'kindling/train';
import { describe, expect, test } from 'vitest';
import { bitsOf, eager, type Pair, parts, rows, type Step, shelf, shuffledRows } from '../support/parts.js';
import { randomImages } from '../support/training.js';

describe('gives the bits of the loop by hand', () => {
  const pictures = randomImages(10);
  const promised: Dataset<[HostArray, HostArray]> = { length: rows.length, get: async (i) => rows.get(i) };
  const options = { batchSize: 4, shuffle: true, seed: 5, transform: undefined };
  const normalised = { ...options, transform: new Normalize([0.5, 0.5, 0.5], [0.2, 0.2, 0.2]) };
  test.each<[string, number, () => Loader<Pair>, (body: Step) => Step]>([
    ['tensors', 6, shuffledRows, capture],
    ['tensors, a plain step', 6, shuffledRows, eager],
    ['samples that are promised', 6, () => new DataLoader(promised, options), capture],
    ['pictures that lie on the GPU', 3072, () => new DataLoader(pictures, normalised), capture],
    ['a subset', 6, () => new DataLoader(new Subset(rows, [1, 2, 3, 5, 8, 13, 21]), options), capture],
  ])('%s', async (_, features, makeLoader, make) => {
    const halved = (optimizer: Optimizer) => new lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 });
    const hand = parts(features, make);
    const wanted: number[] = [];
    const [byHand, schedule] = [makeLoader(), halved(hand.optimizer)];
    for (let epoch = 0; epoch < 3; epoch++) {
      for await (const [x, y] of byHand) wanted.push(await hand.train(x, y).item());
      schedule.step();
    }
    const drawn = randomState();

    const { model, optimizer, train } = parts(features, make);
    const losses: number[] = [];
    const { finished, steps, history } = await trainModel(train, makeLoader(), {
      epochs: 3,
      model,
      optimizer,
      scheduler: halved(optimizer),
      on: (event) => void (event.type === 'step' && losses.push(event.loss)),
    });
    expect(losses).toEqual(wanted);
    expect(await bitsOf(model)).toEqual(await bitsOf(hand.model));
    expect(randomState()).toEqual(drawn);
    expect([finished, steps]).toEqual([true, wanted.length]);
    const each = wanted.length / 3;
    const means = [0, 1, 2].map((e) => wanted.slice(e * each, (e + 1) * each).reduce((sum, x) => sum + x, 0) / each);
    expect(history.map(({ loss }) => loss)).toEqual(means);
    expect(history.map(({ learningRate }) => learningRate)).toEqual([0.02, 0.01, 0.005]);
  });
});

test('events come in order, each with its place', async () => {
  const { model, optimizer, train } = parts();
  const told: string[] = [];
  const scheduler = new lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 });
  const options = { epochs: 2, model, optimizer, scheduler, checkpoint: shelf() };
  await trainModel(train, new DataLoader(rows, { batchSize: 11 }), {
    ...options,
    evaluate: () => ({ rate: optimizer.paramGroups[0]?.lr ?? 0 }),
    on({ type, ...event }) {
      const { loss, ...rest } = { loss: 0, ...event };
      expect(Number.isFinite(loss)).toBe(true);
      told.push(`${type} ${Object.values(rest).map((value) => JSON.stringify(value))}`);
    },
  });
  expect(told).toEqual([
    'step 1,1,1,0.02',
    'step 2,1,2,0.02',
    'evaluation 2,1,2,{"rate":0.02}',
    'epoch 1,2,0.02,{"rate":0.02}',
    'step 3,2,1,0.01',
    'step 4,2,2,0.01',
    'checkpoint 4,2,2',
    'evaluation 4,2,2,{"rate":0.01}',
    'epoch 2,4,0.01,{"rate":0.01}',
  ]);
});

test('three steps are under way, and what an event returns is awaited', async () => {
  const { model, optimizer, train } = parts();
  const [order, last]: [string[], { step: number }] = [[], { step: 0 }];
  let made = 0;
  await trainModel(
    (x, y) => {
      order.push(`make ${++made}`);
      return train(x, y);
    },
    new DataLoader(rows, { batchSize: 4 }),
    {
      epochs: 1,
      model,
      optimizer,
      async on(event) {
        if (event.type !== 'step') return;
        await new Promise((done) => setTimeout(done, 1));
        expect(event.step).toBe(last.step + 1);
        last.step = event.step;
        order.push(`know ${event.step}`);
      },
    },
  );
  const ahead = [4, 5, 6].flatMap((i) => [`know ${i - 3}`, `make ${i}`]);
  expect(order).toEqual(['make 1', 'make 2', 'make 3', ...ahead, 'know 4', 'know 5', 'know 6']);
});

test('layers that were in evaluation stay so, and the rest is in training again', async () => {
  const { model, optimizer, train } = parts();
  const [, frozen, dropout] = [...model];
  frozen?.eval();
  const seen: boolean[] = [];
  await trainModel(train, shuffledRows(), {
    epochs: 1,
    model,
    optimizer,
    evaluate() {
      seen.push(...model.modules().map(({ training }) => training));
      return {};
    },
  });
  expect(seen).toEqual(model.modules().map(() => false));
  expect([model.training, frozen?.training, dropout?.training]).toEqual([true, false, true]);
});

describe("a loader of one's own that draws", () => {
  /** Noise, and numbers that steps draw: never the same, and the same again after resuming. */
  function noise(): Loader<[Tensor]> {
    let first = 0;
    return {
      length: 5,
      setEpoch(_, batch) {
        first = batch;
      },
      *[Symbol.iterator]() {
        for (let i = first; i < 5; i++) yield [randn([4, 2])];
      },
    };
  }
  async function attempt(options: Partial<TrainOptions>) {
    manualSeed(11);
    const model = new Linear(2, 2);
    const user: { means: number[] } = { means: [] };
    const body = (x: Tensor): Tensor =>
      step(() =>
        x
          .sub(randn([4, 2]))
          .square()
          .mean(),
      );
    const { finished } = await trainModel(body, noise(), {
      ...{ epochs: 2, model, user },
      ...options,
      on(event) {
        if (event.type === 'step') user.means.push(event.loss);
        return options.on?.(event);
      },
    });
    return { finished, ...user };
  }

  test('goes on where it stood, and another run beside it changes nothing', async () => {
    const whole = await attempt({ checkpoint: shelf() });
    expect(new Set(whole.means).size).toBe(10);
    expect(Math.min(...whole.means)).toBeGreaterThan(0);
    const [one, other] = [shelf(), shelf()];
    const stopAt = (step: number) => {
      const controller = new AbortController();
      const on = (event: TrainEvent): void => {
        if (event.type === 'step' && event.step === step) controller.abort();
      };
      return { signal: controller.signal, on };
    };
    await Promise.all([attempt({ checkpoint: one, ...stopAt(2) }), attempt({ checkpoint: other, ...stopAt(5) })]);
    const both = [one, other].map((checkpoint) => attempt({ checkpoint, resume: true }));
    expect(await Promise.all(both)).toEqual([whole, whole]);
  });

  test('what is drawn after a run is not what it drew', async () => {
    manualSeed(11);
    const options = { epochs: 1, model: new Linear(2, 2) };
    const drawn: Tensor[] = [];
    const body = (x: Tensor): Tensor => {
      drawn.push(x);
      return x.sum();
    };
    for (let i = 0; i < 2; i++) await trainModel(body, noise(), options);
    const texts = await Promise.all(drawn.map(async (x) => String(await x.data())));
    expect(new Set(texts).size).toBe(10);
  });
});

test('a signal that is aborted before lets nothing begin', async () => {
  const { model, optimizer, train } = parts();
  const checkpoint = shelf();
  const signal = AbortSignal.abort();
  const options = { epochs: 1, model, optimizer, checkpoint, signal };
  expect(await trainModel(train, shuffledRows(), options)).toMatchObject({ finished: false, steps: 0, history: [] });
  expect(checkpoint.kept).toHaveLength(0);
});

describe('a run that diverges', () => {
  test('by its loss says in which step, and where first', async () => {
    const { model, optimizer, train } = parts();
    for (const group of optimizer.paramGroups) group.lr = 1e38;
    const checkpoint = shelf();
    const error = await trainModel(train, shuffledRows(), { epochs: 5, model, optimizer, checkpoint }).catch((e) => e);
    expect(error).toBeInstanceOf(Diverged);
    expect(error.message).toMatch(/^trainModel: the loss of step \d is (NaN|Infinity), and 0\.weight NaN or infinite/);
    expect(error.message).toBe(`trainModel: ${error.what}`);
    expect(error.at).toMatchObject({ since: 1, tensor: '0.weight', loss: expect.any(Number) });
    expect(checkpoint.kept).toHaveLength(0);
  });

  test('though its loss is finite, and the last good checkpoint stays', async () => {
    const checkpoint = shelf();
    /** A NaN reaches a running statistic in step `spoilt`, and no loss. */
    async function attempt(epochs: number, spoilt: number, resume = true) {
      manualSeed(0);
      const norm = new BatchNorm1d(4);
      const model = new Sequential(new Linear(4, 4), norm, new Tanh());
      let made = resume ? 4 : 0;
      const body = (x: Tensor): Tensor => {
        const loss = model.forward(x).square().mean();
        if (++made === spoilt) norm.runningMean?.copy_(new Float32Array([0, Number.NaN, 0, 0]));
        return loss;
      };
      const inputs = new TensorDataset({ data: new Float32Array(16).map(Math.cos), shape: [4, 4] });
      const loader = new DataLoader(inputs, { batchSize: 2 });
      return trainModel(body, loader, { epochs, model, checkpoint, resume });
    }
    await attempt(2, -1, false);
    const [good] = checkpoint.kept;
    // Found by the look every ten steps, and by the one before the last checkpoint.
    for (const [epochs, spoilt, when, at] of [
      [20, 17, 'one of the steps 11 to 20', { step: 20, since: 11 }],
      [4, 7, 'one of the steps 5 to 8', { step: 8, since: 5 }],
    ] as const) {
      await expect(attempt(epochs, spoilt)).rejects.toMatchObject({
        message: `trainModel: in ${when} 1.running_mean became NaN or infinite (the first in the model's order)`,
        at: { ...at, tensor: '1.running_mean', loss: null },
      });
      expect(checkpoint.kept).toEqual([good]);
    }
  });
});
