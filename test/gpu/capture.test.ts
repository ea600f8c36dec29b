/** Captured steps: the bits of eager steps, nothing allocated, and what cannot be captured. */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import {
  Adagrad,
  Adam,
  AdamW,
  clipGradNorm,
  lrScheduler,
  NAdam,
  type Optimizer,
  RAdam,
  RMSprop,
  SGD,
} from 'kindling/optim';
import { describe, expect, test } from 'vitest';
import { device } from '../../src/gpu/device.js';
import { type Calls, countCalls } from '../support/calls.js';

type Step = (x: k.Tensor, y: k.Tensor) => k.Tensor;

class Net extends nn.Module {
  conv = new nn.Conv2d(2, 8, 3);
  norm = new nn.BatchNorm2d(8);
  drop2 = new nn.Dropout2d(0.3);
  drop = new nn.Dropout(0.4);
  fc = new nn.Linear(8 * 3 * 3, 5);

  forward(x: k.Tensor): k.Tensor {
    let y = F.maxPool2d(F.relu(this.conv.forward(x)), 2);
    y = this.drop2.forward(this.norm.forward(y));
    return F.logSoftmax(this.fc.forward(this.drop.forward(F.relu(y.flatten(1)))), 1);
  }
}

const batch = (n: number): [k.Tensor, k.Tensor] => [k.randn([n, 2, 8, 8]), k.randint(0, 5, [n])];

/** A model and what trains it, the same each time. */
function trainer(
  make: (params: k.Tensor[]) => Optimizer,
  wrap: (body: Step) => Step,
  clip = false,
  schedule = (o: Optimizer): lrScheduler.Scheduler => new lrScheduler.ExponentialLR(o, { gamma: 0.7 }),
) {
  k.manualSeed(7);
  const model = new Net();
  const optimizer = make(model.parameters());
  const scheduler = schedule(optimizer);
  const train = wrap((x, y) => {
    optimizer.zeroGrad();
    const loss = F.nllLoss(model.forward(x), y);
    loss.backward();
    if (clip) clipGradNorm(model.parameters(), 0.5);
    optimizer.step();
    return loss;
  });
  return { model, optimizer, scheduler, train };
}

const eager =
  (body: Step): Step =>
  (x, y) =>
    k.step(() => body(x, y));

async function bitsOf(made: ReturnType<typeof trainer>, steps: number): Promise<unknown> {
  const batches = [batch(6), batch(6), batch(4)];
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const [x, y] = batches[i % 3] as [k.Tensor, k.Tensor];
    losses.push(await made.train(x, y).item());
    if (i % 5 === 4) made.scheduler.step();
    if (i === 8) for (const group of made.optimizer.paramGroups) group.weightDecay = 0.05;
  }
  const { model, optimizer } = made;
  const state = Object.entries(model.stateDict()).map(async ([name, value]) => [name, await value.data()]);
  const grads = model.parameters().map(async ({ grad }) => grad?.data());
  const moments = Object.values(optimizer.stateDict().state).map(async (held) =>
    Promise.all(Object.values(held).map((value) => (value instanceof k.Tensor ? value.data() : value))),
  );
  return {
    losses,
    state: await Promise.all(state),
    grads: await Promise.all(grads),
    moments: await Promise.all(moments),
  };
}

describe('replays give the bits of eager steps', () => {
  const optimizers: Record<string, (params: k.Tensor[]) => Optimizer> = {
    Adam: (params) => new Adam(params, { lr: 0.01, weightDecay: 0.01 }),
    'Adam with AMSGrad': (params) => new Adam(params, { lr: 0.01, amsgrad: true }),
    AdamW: (params) => new AdamW(params, { lr: 0.01 }),
    SGD: (params) => new SGD(params, { lr: 0.05, momentum: 0.9, weightDecay: 0.001 }),
    RMSprop: (params) => new RMSprop(params, { lr: 0.001, momentum: 0.9, centered: true }),
    Adagrad: (params) => new Adagrad(params, { lrDecay: 0.1, initialAccumulatorValue: 0.1 }),
    NAdam: (params) => new NAdam(params, { lr: 0.01 }),
    RAdam: (params) => new RAdam(params, { lr: 0.01, decoupledWeightDecay: true }),
    'Adam in two groups': (params) => new Adam([{ params: params.slice(0, 3) }, { params: params.slice(3), lr: 0.1 }]),
  };
  test.each(Object.keys(optimizers))(
    '%s, with dropout, batch norm, a scheduler and a last smaller batch',
    async (name) => {
      const make = optimizers[name] as (params: k.Tensor[]) => Optimizer;
      const want = await bitsOf(trainer(make, eager), 14);
      const captured = trainer(make, k.capture);
      expect(await bitsOf(captured, 14)).toEqual(want);
      expect((captured.train as k.Captured<[k.Tensor, k.Tensor], k.Tensor>).stats()).toMatchObject({
        recordings: 2,
        replays: 11,
        submits: 1,
        writes: 1,
      });
    },
  );
  test('momentum that a scheduler cycles', async () => {
    const make = optimizers.SGD as (params: k.Tensor[]) => Optimizer;
    const cycle = (o: Optimizer) => new lrScheduler.OneCycleLR(o, { maxLr: 0.1, totalSteps: 4 });
    const want = await bitsOf(trainer(make, eager, false, cycle), 14);
    expect(await bitsOf(trainer(make, k.capture, false, cycle), 14)).toEqual(want);
  });
  test('clipped gradients', async () => {
    const make = optimizers.Adam as (params: k.Tensor[]) => Optimizer;
    expect(await bitsOf(trainer(make, k.capture, true), 8)).toEqual(await bitsOf(trainer(make, eager, true), 8));
  });
  test('gradients that add up over calls, without an optimizer', async () => {
    const sums = async (wrap: (body: (x: k.Tensor) => k.Tensor) => (x: k.Tensor) => k.Tensor) => {
      const w = k.tensor([1, 2, 3], { requiresGrad: true });
      const f = wrap((x) => {
        const loss = w.mul(x).sum();
        loss.backward();
        return loss;
      });
      const seen: unknown[] = [];
      for (let i = 1; i <= 6; i++) {
        f(k.tensor([i, i * i, 1]));
        seen.push(await w.grad?.array());
        if (i === 4) w.grad = null;
      }
      return seen;
    };
    expect(await sums((body) => k.capture(body))).toEqual(await sums((body) => (x) => k.step(() => body(x))));
  });
});

test('after the first calls nothing is made: one submit, one write, copies of the arguments', async () => {
  const { train } = trainer((params) => new Adam(params), k.capture);
  const batches = [batch(6), batch(6)] as const;
  for (let i = 0; i < 4; i++) await train(...(batches[i % 2] as [k.Tensor, k.Tensor])).item();
  const counter = countCalls(device());
  for (let i = 0; i < 10; i++) await train(...(batches[i % 2] as [k.Tensor, k.Tensor])).item();
  const calls: Calls = counter.stop();
  expect(calls).toMatchObject({
    createBuffer: 0,
    createBindGroup: 0,
    createBindGroupLayout: 0,
    createPipelineLayout: 0,
    createComputePipeline: 0,
    createComputePipelineAsync: 0,
    createShaderModule: 0,
    submit: 10,
    writeBuffer: 10,
  });
});

test('results of several replays in flight are their own', async () => {
  const w = k.tensor([0], { requiresGrad: true });
  const sgd = new SGD([w], { lr: 1 });
  const f = k.capture((x: k.Tensor) => {
    sgd.zeroGrad();
    const loss = w.mul(x).sum();
    loss.backward();
    sgd.step();
    return { loss, big: k.zeros([2000]).add(x.sum()) };
  });
  const made = Array.from({ length: 7 }, (_, i) => f(k.tensor([i])));
  const big = await Promise.all(made.map(async (one) => (await one.big.data())[1999]));
  expect(big).toEqual([0, 1, 2, 3, 4, 5, 6]);
  const losses = await Promise.all(made.map(({ loss }) => loss.item()));
  expect(losses.map(Math.abs)).toEqual([0, 0, 2, 9, 24, 50, 90]);
  expect(await made[3]?.loss.add(1).item()).toBe(-8);
});

test('numbers and modes of modules are part of what is recorded', async () => {
  const drop = new nn.Dropout(0.5);
  let ran = 0;
  const f = k.capture((x: k.Tensor, factor: number) => {
    ran++;
    return drop.forward(x).mul(factor);
  });
  const x = k.ones([4]);
  for (let i = 0; i < 3; i++) f(x, 2);
  drop.eval();
  for (let i = 0; i < 2; i++) expect(await f(x, 2).array()).toEqual([2, 2, 2, 2]);
  expect(await f(x, 3).array()).toEqual([3, 3, 3, 3]);
  drop.train();
  expect(ran).toBe(4);
  const draws = await Promise.all(Array.from({ length: 8 }, async () => String(await f(x, 2).array())));
  expect(ran).toBe(4);
  expect(new Set(draws).size).toBeGreaterThan(1);
});

test('parameters that move, and a reset, are noticed', async () => {
  const w = k.tensor([1, 1], { requiresGrad: true });
  const f = k.capture((x: k.Tensor) => w.mul(x));
  const x = k.tensor([2, 3]);
  for (let i = 0; i < 3; i++) f(x);
  new SGD([w], { lr: 1 });
  w.copy_(new Float32Array([5, 7]));
  expect(await f(x).array()).toEqual([10, 21]);
  expect(f.stats().recordings).toBe(2);
  f.reset();
  expect(() => f.stats()).toThrow('nothing is recorded');
  expect(await f(x).array()).toEqual([10, 21]);
});
