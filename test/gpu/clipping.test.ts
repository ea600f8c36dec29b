/** Clipping of gradients, against PyTorch (`test/fixtures/make.py`), and the L1 penalty. */
import { capture, keep, ones, sync, type Tensor, tensor } from 'kindling';
import { clipGradNorm, clipGradValue, l1Penalty, SGD } from 'kindling/optim';
import { describe, expect, it } from 'vitest';
import { streamStats } from '../../src/stream/stream.js';
import { loadJson } from '../support/fixtures.js';
import { expectClose, setGrads, type Values } from '../support/optimizers.js';

interface Clip {
  infinite: boolean;
  maxNorm: number;
  norm: number;
  grads: (Values | null)[];
  after: (Values | null)[];
}

const fixtures = await loadJson<{ clips: Clip[] }>('optimizers.json');

describe('gradients', () => {
  it('are clipped by their common norm, as PyTorch does', async () => {
    expect(fixtures.clips.length).toBe(3);
    for (const { infinite, maxNorm, norm, grads, after } of fixtures.clips) {
      const params = [ones([2, 2]), ones([3]), ones([1])];
      setGrads(params, grads);
      const found = clipGradNorm(params, maxNorm, { normType: infinite ? Number.POSITIVE_INFINITY : 2 });
      expect(await found.item()).toBeCloseTo(norm, 5);
      for (const [i, { grad }] of params.entries()) {
        const want = after[i];
        if (want) await expectClose(grad as Tensor, want);
        else expect(grad).toBeNull();
      }
    }
    expect(await clipGradNorm([ones([2])], 1).item()).toBe(0);
  });

  it.each([false, true])(
    'are clipped in two launches where they lie in one array, infinite norm: %j',
    async (infinite) => {
      // Several partial results, several workgroups, whole and with a remainder, four at once and one by one.
      for (const size of [5, 20_003, 40_000]) {
        const values = Array.from({ length: size }, (_, i) => ((i * 37) % 101) - 50 + (i === size - 1 ? 60 : 0));
        const param = ones([size]);
        param.grad = keep(tensor(values));
        const normType = infinite ? Number.POSITIVE_INFINITY : 2;
        const norm = infinite ? Math.max(...values.map(Math.abs)) : Math.hypot(...values);
        await sync();
        const before = streamStats().dispatches;
        const found = clipGradNorm([param], norm / 2, { normType });
        expect(Math.abs((await found.item()) / norm - 1)).toBeLessThan(1e-6);
        expect(streamStats().dispatches - before).toBe(2);
        const got = await param.grad.data();
        expect(values.findIndex((value, i) => Math.abs((got[i] ?? Number.NaN) - value / 2) > 1e-5)).toBe(-1);
        // Within the limit nothing changes.
        await clipGradNorm([param], norm, { normType }).item();
        expect(await param.grad.data()).toEqual(got);
      }
    },
  );

  it('hardly larger than the 1e-6 that their norm is raised by are clipped as PyTorch does', async () => {
    const param = ones([2]);
    param.grad = keep(tensor([3e-6, 4e-6]));
    expect(await clipGradNorm([param], 1e-6).item()).toBeCloseTo(5e-6, 11);
    const [first = 0, second = 0] = await param.grad.data();
    expect(first).toBeCloseTo(5e-7, 11);
    expect(second).toBeCloseTo(4e-6 / 6, 11);
  });

  it('of the L1 penalty are signs', async () => {
    const p = tensor([1, -2, 0], { requiresGrad: true });
    const q = tensor([[3]], { requiresGrad: true });
    const penalty = l1Penalty([p, q]);
    expect(await penalty.item()).toBe(6);
    penalty.mul(0.5).backward();
    expect(await p.grad?.array()).toEqual([0.5, -0.5, 0]);
    expect(await q.grad?.array()).toEqual([[0.5]]);
  });
});

describe('clipGradValue', () => {
  const grads = [
    [-3, 0.5, Number.NaN, Number.POSITIVE_INFINITY],
    [2, -0.25],
  ];
  const clipped = [
    [-1, 0.5, Number.NaN, 1],
    [1, -0.25],
  ];
  const made = () => [tensor([1, 2, 3, 4], { requiresGrad: true }), tensor([5, 6], { requiresGrad: true })];

  it('bounds every entry, of an arena or not, and what has no gradient has none afterwards', async () => {
    for (const inArena of [false, true]) {
      const parameters = [...made(), tensor([7], { requiresGrad: true })];
      if (inArena) new SGD(parameters, { lr: 1 }).zeroGrad();
      setGrads(parameters, [...grads, null]);
      clipGradValue(parameters, 1);
      expect(await parameters[0]?.grad?.array()).toEqual(clipped[0]);
      expect(await parameters[1]?.grad?.array()).toEqual(clipped[1]);
      expect(parameters[2]?.grad).toBeNull();
    }
  });

  it('is a part of captured steps', async () => {
    const [p] = made();
    if (!p) throw new Error('a parameter');
    const sgd = new SGD([p], { lr: 1 });
    const train = capture((by: Tensor) => {
      sgd.zeroGrad();
      const loss = p.mul(by).sum();
      loss.backward();
      clipGradValue([p], 0.5);
      sgd.step();
      return loss;
    });
    for (let i = 0; i < 3; i++) await train(tensor([10, -10, 0.25, 0])).item();
    expect(await p.array()).toEqual([1 - 1.5, 2 + 1.5, 3 - 0.75, 4]);
  });

  it('refuses what bounds nothing', () => {
    expect(() => clipGradValue(made(), -1)).toThrow('clipGradValue: -1 is not a number from 0');
    expect(() => clipGradValue(made(), Number.NaN)).toThrow('clipGradValue: NaN is not a number from 0');
  });
});
