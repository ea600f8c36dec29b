/** grad, hooks on tensors and modules. */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import { describe, expect, test } from 'vitest';
import { device } from '../../src/gpu/device.js';
import { watchBuffers } from '../support/buffers.js';

const leaf = (data: k.Nested): k.Tensor => k.tensor(data, { requiresGrad: true });
const gradOf = async (x: k.Tensor): Promise<k.Nested | undefined> => x.grad?.array();

describe('grad', () => {
  test('gives gradients by leaves and by others, and leaves `grad` alone', async () => {
    const [x, w] = [leaf([1, 2]), leaf([3, 4])];
    const y = x.mul(w);
    const [byX, byY] = k.grad(y.mul(y).sum(), [x, y]);
    expect([await byX.array(), await byY.array()]).toEqual([
      [2 * 3 * 3, 2 * 8 * 4],
      [6, 16],
    ]);
    expect([x.grad, w.grad, y.grad]).toEqual([null, null, null]);
    expect(byX.requiresGrad).toBe(false);
    const [alone] = k.grad(y.sum(), x);
    expect(await alone.array()).toEqual([3, 4]);
  });

  test('of several outputs, with gradients by them', async () => {
    const x = leaf([1, 2]);
    const [a, b] = [x.mul(3), x.mul(x)];
    const [g] = k.grad([a, b.sum()], [x], { gradOutputs: [k.tensor([1, 10]), null] });
    expect(await g.array()).toEqual([3 + 2, 30 + 4]);
    const [same] = k.grad([b.sum(), b.sum(), b.sum()], [x]);
    expect(await same.array()).toEqual([6, 12]);
    expect(() => k.grad([a, b], [x], { gradOutputs: [k.ones([2])] })).toThrow('grad: 1 gradOutputs for 2 outputs');
    expect(() => k.grad(a, [x])).toThrow('grad: shape [2] is no scalar');
  });

  test('refuses what the outputs do not depend on, or gives null', async () => {
    const [x, other] = [leaf([1, 2]), leaf([3])];
    const y = x.sum();
    expect(() => k.grad(y, [x, other])).toThrow('grad: the outputs do not depend on input 1, [1]; allowUnused');
    const [g, none] = k.grad(y, [x, other], { allowUnused: true });
    expect([await g?.array(), none]).toEqual([[1, 1], null]);
    expect(() => k.grad(y, [k.zeros([4])])).toThrow('grad: input 0, [4], requires no gradient');
  });

  test('passes only through what leads to the inputs', async () => {
    let calls = 0;
    const counted = k.defineFunction({
      name: 'counted',
      forward: (_, t: k.Tensor) => t.mul(1),
      backward: (_, g) => {
        calls++;
        return [g];
      },
    });
    const [x, w] = [leaf([1]), leaf([2])];
    const loss = counted(x).mul(w).sum();
    const [g] = k.grad(loss, [w]);
    expect([await g.array(), calls]).toEqual([[1], 0]);
    k.grad(loss, [x]);
    expect(calls).toBe(1);
  });

  test('in a step its gradients go with the step', async () => {
    const x = leaf([1, 2]);
    let lost: k.Tensor | undefined;
    const kept = k.step(() => {
      const [g] = k.grad(x.mul(x).sum(), [x], { createGraph: true });
      [lost] = k.grad(g.sum(), [x]);
      return g;
    });
    expect(await kept.array()).toEqual([2, 4]);
    await expect(lost?.array()).rejects.toThrow('this tensor was freed');
  });
});

describe('registerHook', () => {
  test('sees the gradient once it is complete, and may replace it', async () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    const seen: (readonly [string, k.Tensor])[] = [];
    k.registerHook(y, (g) => void seen.push(['y', g]));
    const doubled = k.registerHook(y, (g) => g.mul(2));
    k.registerHook(x, (g) => {
      seen.push(['x', g]);
      return g.add(1);
    });
    y.mul(y).add(y).sum().backward();
    expect(await Promise.all(seen.map(async ([name, g]) => [name, await g.array()]))).toEqual([
      ['y', [7, 13]],
      ['x', [42, 78]],
    ]);
    expect(await gradOf(x)).toEqual([43, 79]);
    doubled.remove();
    x.grad = null;
    y.sum().backward();
    expect(await gradOf(x)).toEqual([4, 4]);
    const [byY] = k.grad(y.sum(), [y]);
    expect(await byY.array()).toEqual([1, 1]);
  });

  test('is refused where there is no gradient, and in another shape', () => {
    expect(() => k.registerHook(k.zeros([2]), () => {})).toThrow('requires no gradient');
    const x = leaf([1, 2]);
    k.registerHook(x, (g) => g.sum());
    expect(() => x.sum().backward()).toThrow('registerHook: a hook made [] of the gradient by a tensor of [2]');
  });

  test('is replayed with a captured step', async () => {
    const w = leaf([1, 2]);
    k.registerHook(w, (g) => g.mul(10));
    const train = k.capture((x: k.Tensor) => {
      w.grad = null;
      const loss = w.mul(x).sum();
      loss.backward();
      return loss;
    });
    for (let call = 1; call <= 3; call++) {
      await train(k.tensor([call, 2])).item();
      expect(await w.grad?.array()).toEqual([call * 10, 20]);
    }
  });
});

describe('module hooks', () => {
  const linear = (): nn.Linear => {
    const made = new nn.Linear(2, 1);
    made.loadStateDict({ weight: k.tensor([[2, 3]]), bias: k.tensor([1]) });
    return made;
  };

  test('before and after forward, whoever calls it', async () => {
    const layer = linear();
    const model = new nn.Sequential(layer, new nn.ReLU());
    const seen: string[] = [];
    const pre = nn.registerForwardPreHook(layer, (module, [x]) => {
      seen.push(`pre ${module === layer} ${x.shape}`);
      return x.mul(2);
    });
    const post = nn.registerForwardHook(layer, (_, [x], y) => {
      seen.push(`post ${x.shape} ${y.shape}`);
      return y.add(100);
    });
    nn.registerForwardHook(model, () => void seen.push('model'));
    const x = k.tensor([[1, 1]]);
    expect(await model.forward(x).array()).toEqual([[111]]);
    expect(seen).toEqual(['pre true 1,2', 'post 1,2 1,1', 'model']);
    post.remove();
    expect(await model.forward(x).array()).toEqual([[11]]);
    pre.remove();
    expect(await model.forward(x).array()).toEqual([[6]]);
    expect(Object.keys(layer.stateDict())).toEqual(['weight', 'bias']);
    expect(nn.summary(model, [1, 2]).rows.map(({ type }) => type)).toEqual(['Sequential', 'Linear', 'ReLU']);
  });

  test('full backward hooks see gradients by inputs and outputs, and may replace those by inputs', async () => {
    const layer = linear();
    const calls: unknown[] = [];
    const arrays = (grads: readonly (k.Tensor | null)[]) => Promise.all(grads.map((g) => g?.array() ?? null));
    const hook = nn.registerFullBackwardHook(layer, (_, gradInputs, gradOutputs) => {
      calls.push(arrays(gradInputs), arrays(gradOutputs));
      return gradInputs.map((g) => g?.mul(10) ?? null);
    });
    const x = leaf([[1, 1]]);
    layer.forward(x).mul(5).sum().backward();
    expect(await Promise.all(calls)).toEqual([[[[10, 15]]], [[[5]]]]);
    expect(await gradOf(x)).toEqual([[100, 150]]);
    expect(await layer.weight.grad?.array()).toEqual([[5, 5]]);
    // The first layer of a model: no gradient by the input.
    calls.length = 0;
    layer.forward(x.detach()).mul(2).sum().backward();
    expect(await Promise.all(calls)).toEqual([[null], [[[2]]]]);
    hook.remove();
    x.grad = null;
    layer.forward(x).sum().backward();
    expect(await gradOf(x)).toEqual([[2, 3]]);
  });

  test('of several inputs and outputs, once for all, and with createGraph', async () => {
    class HookedPair extends nn.Module<[k.Tensor, k.Tensor, number], { sum: k.Tensor; product: k.Tensor }> {
      forward(a: k.Tensor, b: k.Tensor, factor: number) {
        return { sum: a.add(b), product: a.mul(b).mul(factor) };
      }
    }
    const pair = new HookedPair();
    let calls = 0;
    nn.registerFullBackwardHook(pair, (_, [a, b, factor], gradOutputs) => {
      calls++;
      expect([factor, gradOutputs.map((g) => g?.shape.length ?? null)]).toEqual([null, [null, 1]]);
      return [b ?? null, a ?? null, null];
    });
    const [a, b] = [leaf([2, 3]), leaf([5, 7])];
    const { product } = pair.forward(a, b, 4);
    const [ga, gb] = k.grad(product.sum(), [a, b], { createGraph: true });
    expect([await ga.array(), await gb.array(), calls]).toEqual([[8, 12], [20, 28], 1]);
    // By a, on whose way the hook swaps again.
    expect(await k.grad(ga.sum(), [b])[0].array()).toEqual([4, 4]);
    expect(() => nn.registerFullBackwardHook(pair, () => [])).not.toThrow();
    expect(() => k.grad(pair.forward(a, b, 1).product.sum(), [a])).toThrow('0 gradients for 3 inputs');
  });
});

test('none of this holds GPU memory', async () => {
  const watch = watchBuffers(device());
  const layer = new nn.Linear(8, 8);
  k.registerHook(layer.weight, (g) => g.mul(2));
  nn.registerFullBackwardHook(layer, (_, [g]) => [g?.mul(2) ?? null]);
  const x = k.randn([4, 8]).requiresGrad_();
  const run = () =>
    k.step(() => {
      layer.zeroGrad();
      const y = k.checkpoint((t) => k.tanh(layer.forward(t)), x);
      y.sum().backward();
      x.grad?.dispose();
      x.grad = null;
      const [g] = k.grad(layer.forward(x).sum(), [x], { createGraph: true });
      const loss = k.square(g).sum();
      loss.backward();
      return loss;
    });
  const live: number[] = [];
  for (let step = 0; step < 30; step++) {
    await run().item();
    live.push(watch.live().bytes);
  }
  expect(live.at(-1)).toBe(live[10]);
  watch.stop();
});
