/** Models that died, and how it is noticed. */
import { capture, manualSeed, ones, type Tensor, tensor, zeros } from 'kindling';
import { BatchNorm1d, firstNonfinite, Linear, Module, Parameter, Sequential, Tanh } from 'kindling/nn';
import { crossEntropy } from 'kindling/nn/functional';
import { Adam, clipGradNorm, SGD } from 'kindling/optim';
import { expect, test } from 'vitest';
import { trainRun } from '../../examples/cifar/train.js';
import { randomImages } from '../support/training.js';

const [NAN, INF] = [Number.NaN, Number.POSITIVE_INFINITY];

class Masked extends Module {
  empty = new Parameter(zeros([0]));
  layer = new Linear(3, 2);
  mask = this.registerBuffer('mask', tensor([0, -INF]));
  count = this.registerBuffer('count', tensor([1], { dtype: 'i32' }));
  override forward(x: Tensor): Tensor {
    return this.layer.forward(x);
  }
}

test('the first parameter or buffer that is not finite is named; −∞ in a mask is none', async () => {
  const model = new Masked();
  expect(await firstNonfinite(model)).toBeNull();
  for (const value of [NAN, INF, -INF]) {
    model.layer.bias?.copy_(new Float32Array([0, value]));
    expect(await firstNonfinite(model)).toBe('layer.bias');
  }
  model.layer.weight.copy_(new Float32Array([0, 0, 0, 0, NAN, 0]));
  expect(await firstNonfinite(model)).toBe('layer.weight');
  model.layer.weight.copy_(new Float32Array(6));
  model.layer.bias?.copy_(new Float32Array(2));
  for (const [value, name] of [
    [NAN, 'mask'],
    [INF, 'mask'],
    [-INF, null],
  ] as const) {
    model.mask.copy_(new Float32Array([value, -INF]));
    expect(await firstNonfinite(model)).toBe(name);
  }
});

test('an infinite second moment, which freezes its weight, is named', async () => {
  const model = new Linear(2, 1);
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
  model
    .forward(ones([1, 2]).mul(1e25))
    .sum()
    .backward();
  optimizer.step();
  expect(await firstNonfinite(model)).toBeNull();
  expect(await firstNonfinite(model, optimizer)).toBe('optimizer.0.exp_avg_sq');
});

test('of more tensors than one kernel can read, the right one is named', async () => {
  const layers = Array.from({ length: 40 }, () => new Linear(2, 2));
  layers[37]?.weight.copy_(new Float32Array([1, 1, NAN, 1]));
  expect(await firstNonfinite(new Sequential(...layers))).toBe('37.weight');
});

test('one NaN in one batch is found behind BatchNorm and Tanh, between replays that it leaves as they were', async () => {
  /** @returns the losses, and the first step after which something was not finite */
  async function run(looks: boolean, spoilt: number) {
    manualSeed(1);
    const model = new Sequential(new Linear(8, 16), new BatchNorm1d(16), new Tanh(), new Linear(16, 2));
    const optimizer = new Adam(model.parameters(), { lr: 0.01 });
    const y = tensor(Int32Array.from({ length: 16 }, (_, i) => i % 2));
    const train = capture((x: Tensor) => {
      optimizer.zeroGrad();
      const loss = crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    });
    const losses: number[] = [];
    let found: [step: number, name: string] | null = null;
    for (let i = 0; i < 8; i++) {
      const x = Float32Array.from({ length: 128 }, (_, j) => Math.sin(i * 128 + j));
      if (i === spoilt) x[3] = NAN;
      const loss = train(tensor(x, { shape: [16, 8] }));
      const look = looks ? firstNonfinite(model) : null;
      losses.push(await loss.item());
      const name = await look;
      if (name) found ??= [i, name];
    }
    return { losses, found };
  }
  const healthy = await run(true, -1);
  expect(healthy).toEqual({ ...(await run(false, -1)), found: null });
  expect((await run(true, 5)).found).toEqual([5, '0.weight']);
});

test('is refused inside a captured function', async () => {
  const model = new Linear(2, 2);
  const asked: Promise<unknown>[] = [];
  const captured = capture((x: Tensor) => {
    asked.push(firstNonfinite(model));
    return x.add(1);
  });
  const both = (): void => {
    for (let i = 0; i < 2; i++) captured(tensor([1]));
  };
  expect(both).toThrow(/capture: firstNonfinite is called inside a captured function\. Call it after/);
  await Promise.allSettled(asked);
});

test.each([2, INF])(
  'clipGradNorm with errorIfNonfinite changes nothing where the norm %d is not finite',
  async (normType) => {
    const [a, b] = [new Parameter(tensor([1, 2])), new Parameter(tensor([3]))];
    const optimizer = new SGD([a, b], { lr: 1 });
    const clip = () => clipGradNorm([a, b], 1, { normType, errorIfNonfinite: true });
    const passed = (scale: number): void => {
      optimizer.zeroGrad();
      a.mul(tensor([3, 0]))
        .sum()
        .add(b.mul(scale).sum())
        .backward();
    };
    passed(4);
    expect(await (await clip()).item()).toBe(normType === 2 ? 5 : 4);
    expect((await a.grad?.data())?.[0]).toBeCloseTo(normType === 2 ? 0.6 : 0.75, 5);
    for (const scale of [NAN, INF]) {
      passed(scale);
      await expect(clip()).rejects.toThrow(
        /norm of the gradients is (NaN|Infinity): that of parameter 1, \[1\], first/,
      );
      expect(await a.grad?.data()).toEqual(new Float32Array([3, 0]));
    }
    // PyTorch's default: no error.
    expect(Number.isFinite(await clipGradNorm([a, b], 1, { normType }).item())).toBe(false);
  },
);

test('clipGradNorm with errorIfNonfinite is refused where nobody can wait, and fine without gradients', async () => {
  const x = new Parameter(tensor([1]));
  expect(await (await clipGradNorm([x], 1, { errorIfNonfinite: true })).item()).toBe(0);
  const captured = capture(() => {
    x.mul(2).sum().backward();
    void clipGradNorm([x], 1, { errorIfNonfinite: true });
  });
  expect(captured).toThrow(/clipGradNorm: errorIfNonfinite waits for the norm/);
});

test('a run of the study that diverges says when and where, and hands out no checkpoint of it', async () => {
  const data = { train: randomImages(96), test: randomImages(8) };
  const config = { scenario: { name: 'dead', lr: 1e30 }, seed: 0, epochs: 1, batchSize: 8 };
  const checkpoints: Uint8Array[] = [];
  const onCheckpoint = async (bytes: Uint8Array): Promise<void> => void checkpoints.push(bytes);
  const outcome = await trainRun(config, data, { checkpointSeconds: 0, onCheckpoint });
  expect(outcome).toMatchObject({ stopped: false, diverged: expect.stringMatching(/ step \d+ .*conv1\.weight/) });
  expect(checkpoints.length).toBeLessThan(3);
});
