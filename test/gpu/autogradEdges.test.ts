/** Where gradients are easily wrong: shortcuts, kinks, zeros, gradients that somebody holds. Numbers are PyTorch's. */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { describe, expect, test } from 'vitest';
import { device } from '../../src/gpu/device.js';
import { watchBuffers } from '../support/buffers.js';

const leaf = (data: k.Nested): k.Tensor => k.tensor(data, { requiresGrad: true });
const NAN = Number.NaN;

describe('a gradient that usually takes a shortcut', () => {
  test('past log-probabilities: grad and hooks see it', async () => {
    const x = leaf([[1, 2, 3]]);
    const target = k.tensor([2], { dtype: 'i32' });
    const logp = k.logSoftmax(x, 1);
    const [g] = k.grad(F.nllLoss(logp, target), [logp]);
    expect(await g.add(0).array()).toEqual([[0, 0, -1]]);
    k.registerHook(logp, (grad) => grad.mul(0));
    F.nllLoss(logp, target).backward();
    expect(await x.grad?.add(0).array()).toEqual([[0, 0, 0]]);
  });

  test('past a ReLU between convolution and pooling, in a step', async () => {
    const x = k.tensor(
      Float32Array.from({ length: 16 }, (_, i) => (i % 5) - 3),
      { shape: [1, 1, 4, 4] },
    );
    const weight = leaf([[[[1]]]]);
    const run = () => {
      const h = k.relu(F.conv2d(x, weight));
      const seen: k.Tensor[] = [];
      k.registerHook(h, (grad) => void seen.push(grad));
      const y = F.maxPool2d(h, 2).sum();
      const [g] = k.grad(y, [h]);
      weight.grad = null;
      y.backward();
      return [g, ...seen] as [k.Tensor, k.Tensor, k.Tensor];
    };
    const arrays = (made: k.Tensor[]) => Promise.all(made.map((one) => one.array()));
    const [plain, stepped] = [await arrays(run()), await arrays(k.step(run))];
    expect(stepped).toEqual(plain);
    expect(plain[1]).toEqual(plain[0]);
    // A window of zeros gives its gradient to the first of them.
    expect(plain[0]).toEqual([
      [
        [
          [0, 0, 1, 0],
          [1, 0, 0, 0],
          [0, 1, 0, 0],
          [0, 0, 1, 0],
        ],
      ],
    ]);
  });
});

test('the second derivative of functions that are linear in pieces is 0', async () => {
  for (const f of [k.relu, k.abs, k.relu6, (t: k.Tensor) => k.leakyRelu(t, { negativeSlope: 0.1 }), k.hardsigmoid]) {
    const x = leaf([-1, 2]);
    const [g] = k.grad(f(x).sum(), [x], { createGraph: true });
    const [second] = k.grad(g.sum(), [x]);
    expect(await second.array()).toEqual([0, 0]);
    const [penalty] = k.grad(k.square(g).sum(), [x]);
    expect(await penalty.array()).toEqual([0, 0]);
  }
});

test('norms below p = 1: the gradient at 0 is 0, not NaN', async () => {
  const x = leaf([
    [1, 4, 0],
    [0, 0, 0],
  ]);
  k.norm(x, { p: 0.5, dim: 1 }).sum().backward();
  // (1 + 2)² = 9: 3 / √x each.
  expect(await x.grad?.array()).toEqual([
    [expect.closeTo(3, 5), expect.closeTo(1.5, 5), 0],
    [0, 0, 0],
  ]);
});

test('roots at 0: gradients of std and normalize are finite', async () => {
  const x = leaf([1, 1, 1]);
  k.std(x).backward();
  expect(await x.grad?.array()).toEqual([0, 0, 0]);
  expect(await k.std(k.tensor([1, NAN])).item()).toBeNaN();
  for (const p of [2, 3]) {
    const rows = leaf([
      [0, 0],
      [3, 4],
    ]);
    F.normalize(rows, { p }).select(0, 0).sum().backward();
    expect(await rows.grad?.array()).toEqual([
      [Math.fround(1e12), Math.fround(1e12)],
      [0, 0],
    ]);
  }
});

test('powers of negative numbers', async () => {
  expect(await k.pow(k.tensor([-2, -2, -2, 4]), 1.5).array()).toEqual([NAN, NAN, NAN, 8]);
  const [x, p] = [leaf([-2, 2, 0]), leaf([2, 2, 2])];
  k.pow(x, p).sum().backward();
  expect(await x.grad?.array()).toEqual([-4, 4, 0]);
  const [negative, positive, zero] = (await p.grad?.data()) ?? [];
  expect([negative, zero]).toEqual([NAN, 0]);
  expect(positive).toBeCloseTo(4 * Math.log(2), 5);
});

test('products with zeros', async () => {
  const gradient = async (data: number[]) => {
    const x = leaf(data);
    k.prod(x).backward();
    return x.grad?.array();
  };
  expect(await gradient([0, 2, 3])).toEqual([6, 0, 0]);
  expect(await gradient([0, 2, 0])).toEqual([0, 0, 0]);
  expect(await gradient([4, 2, 3])).toEqual([6, 12, 8]);
  const rows = leaf([
    [0, 2],
    [3, 4],
  ]);
  k.prod(rows, { dim: 1 }).sum().backward();
  expect(await rows.grad?.array()).toEqual([
    [2, 0],
    [4, 3],
  ]);
});

describe('gradients that somebody holds', () => {
  test('one on the tape is not added to in place', async () => {
    const x = leaf([1, 2]);
    k.backward(k.pow(x, 3).sum(), { createGraph: true });
    const held = x.grad as k.Tensor;
    const penalty = k.square(held).sum();
    penalty.backward();
    penalty.backward();
    expect(await held.array()).toEqual([3, 12]);
    expect(await x.grad?.array()).toEqual([3 + 2 * 36, 12 + 2 * 288]);
  });

  test('what a hook saw stays what it was', async () => {
    const x = leaf([1, 2]);
    const first = k.step(() => {
      const seen: k.Tensor[] = [];
      k.registerHook(x, (grad) => void seen.push(grad));
      x.mul(3).sum().backward();
      x.mul(5).sum().backward();
      return seen[0] as k.Tensor;
    });
    expect(await first.array()).toEqual([3, 3]);
    expect(await x.grad?.array()).toEqual([8, 8]);
  });

  test('backward with createGraph holds one gradient', async () => {
    const watch = watchBuffers(device());
    const w = leaf([...Array(4096).keys()]);
    const live: number[] = [];
    for (let i = 0; i < 24; i++) {
      k.step(() => {
        for (let again = 0; again < 2; again++) k.backward(k.square(w).sum(), { createGraph: true });
      });
      await k.sync();
      w.grad?.dispose();
      w.grad = null;
      live.push(watch.live().bytes);
    }
    expect(live.at(-1)).toBe(live[8]);
    watch.stop();
  });
});

describe('detectAnomaly', () => {
  test('runs alone, and leaves nothing behind', async () => {
    const bad = k.detectAnomaly(() => k.reciprocal(k.tensor([0]))).catch(String);
    await expect(k.detectAnomaly(() => 1)).rejects.toThrow('detectAnomaly: one is running already');
    expect(await bad).toMatch(/reciprocal of \[1\]: its value.*infinities: false/);
    expect(await k.tensor([1]).mul(2).item()).toBe(2);
    expect(await k.detectAnomaly(() => 2)).toBe(2);
  });

  test('is not taken in by a gradient that nobody asked for', async () => {
    const x = leaf([2]);
    const found = await k.detectAnomaly(() => k.grad(x.div(k.tensor([1e-30])).sum(), [x], { createGraph: true })[0]);
    expect(found).toBeInstanceOf(k.Tensor);
  });
});

test('shapes: what is out of bounds is refused', async () => {
  const x = k.tensor([0, 1, 2, 3]);
  expect(await k.narrow(x, 0, -2, 2).array()).toEqual([2, 3]);
  expect(() => k.narrow(x, 0, 2, 5)).toThrow('narrow: 5 entries from 2 are not inside dimension 0 of [4]');
  expect(() => k.flip(x, [0, -1])).toThrow('flip: a dimension appears twice');
  expect(await k.softmax(k.tensor(3)).item()).toBe(1);
  expect(() => new nn.Linear(2, 2).forward(k.zeros([3]))).toThrow('linear');
});
