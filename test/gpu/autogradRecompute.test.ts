/** checkpoint and detectAnomaly. */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { describe, expect, test } from 'vitest';
import { device } from '../../src/gpu/device.js';
import { watchBuffers } from '../support/buffers.js';

const leaf = (data: k.Nested): k.Tensor => k.tensor(data, { requiresGrad: true });

class RecomputedBlock extends nn.Module {
  fc1 = new nn.Linear(16, 64);
  fc2 = new nn.Linear(64, 16);
  drop = new nn.Dropout(0.4);
  forward(x: k.Tensor): k.Tensor {
    return this.fc2.forward(this.drop.forward(k.gelu(this.fc1.forward(x)))).add(x);
  }
}

describe('checkpoint', () => {
  const blocks = (count: number): nn.ModuleList<RecomputedBlock> => {
    k.manualSeed(3);
    return new nn.ModuleList(Array.from({ length: count }, () => new RecomputedBlock()));
  };
  type Part = (block: RecomputedBlock, x: k.Tensor) => k.Tensor;
  const plainly: Part = (block, x) => block.forward(x);
  const again: Part = (block, x) => k.checkpoint((t) => block.forward(t), x);
  const bits = async (tensors: readonly (k.Tensor | null)[]) =>
    Promise.all(tensors.map(async (t) => Array.from((await t?.data()) ?? [])));

  /** Gradients of all parameters and of the input after two runs. */
  async function gradients(part: Part, how: (body: () => k.Tensor) => k.Tensor) {
    const list = blocks(3);
    const x = k.randn([4, 16]).requiresGrad_();
    const run = () => {
      // Something before, so that what enters the first block is no leaf.
      let y = x.mul(1.5);
      for (const block of list) y = part(block, y);
      const loss = F.dropout(y, { p: 0.3 }).mul(y).sum();
      loss.backward();
      return loss;
    };
    const losses = [how(run), how(run)];
    return bits([...losses, x.grad, ...list.parameters().map(({ grad }) => grad)]);
  }

  test('gives the same bits, dropout and all, outside of steps and in them', async () => {
    for (const how of [(body: () => k.Tensor) => body(), (body: () => k.Tensor) => k.step(body)]) {
      const want = await gradients(plainly, how);
      expect(want.every((values) => values.length > 0)).toBe(true);
      expect(await gradients(again, how)).toEqual(want);
    }
  });

  test('in a captured step too', async () => {
    const captured = async (part: Part) => {
      const list = blocks(2);
      const train = k.capture((x: k.Tensor) => {
        list.zeroGrad();
        let y = x;
        for (const block of list) y = part(block, y);
        const loss = y.mul(y).sum();
        loss.backward();
        return loss;
      });
      const x = k.randn([4, 16]);
      const losses = [train(x), train(x), train(x), train(x)];
      expect(train.stats().replays).toBe(2);
      return bits([...losses, ...list.parameters().map(({ grad }) => grad)]);
    };
    const want = await captured(plainly);
    expect(new Set(want.slice(0, 4).map(String)).size).toBe(4);
    expect(await captured(again)).toEqual(want);
  });

  test('holds less', async () => {
    const wide = 1 << 18;
    const peak = async (part: (x: k.Tensor) => k.Tensor): Promise<number> => {
      const train = k.capture((x: k.Tensor) => {
        w.grad = null;
        let y = x.mul(w);
        for (let i = 0; i < 4; i++) y = part(y);
        y.sum().backward();
        return y.sum();
      });
      const w = k.full([wide], 0.5, { requiresGrad: true });
      const x = k.full([wide], 0.3);
      await train(x).item();
      await train(x).item();
      const { bytes } = train.stats();
      train.reset();
      return bytes;
    };
    const body = (x: k.Tensor): k.Tensor => k.sin(k.sin(k.sin(k.sin(k.sin(x)))));
    const [held, less] = [await peak(body), await peak((x) => k.checkpoint(body, x))];
    // 20 activations against 4 and one block's 5.
    expect(less).toBeLessThan(0.65 * held);
  });

  test('passes gradients to what the function closes over, through hooks once, nested too', async () => {
    const [x, w] = [leaf([1, 2]), leaf([3, 4])];
    const scaled = w.mul(2);
    let calls = 0;
    k.registerHook(w, (g) => {
      calls++;
      return g.mul(10);
    });
    const inner = (t: k.Tensor): k.Tensor => k.checkpoint((u: k.Tensor) => u.mul(w), t);
    k.checkpoint((t: k.Tensor) => inner(t).mul(scaled), x)
      .sum()
      .backward();
    // 2 x w²
    expect(await x.grad?.array()).toEqual([18, 32]);
    expect(await w.grad?.array()).toEqual([120, 320]);
    expect(calls).toBe(1);
    expect(k.checkpoint((t: k.Tensor) => t.mul(2), k.ones([2])).requiresGrad).toBe(false);
    expect(k.noGrad(() => k.checkpoint((t: k.Tensor) => t.mul(2), x)).isLeaf).toBe(true);
    const [g] = k.grad(k.checkpoint((t: k.Tensor) => t, x).sum(), [x]);
    expect(await g.array()).toEqual([1, 1]);
  });

  test('is differentiated twice', async () => {
    const x = leaf([0.5, -1]);
    const y = k.checkpoint((t: k.Tensor) => k.exp(k.square(t)), x);
    const [g] = k.grad(y.sum(), [x], { createGraph: true });
    const [second] = k.grad(g.sum(), [x]);
    const want = [0.5, -1].map((at) => (2 + 4 * at * at) * Math.exp(at * at));
    (await second.data()).forEach((value, i) => void expect(value).toBeCloseTo(want[i] ?? 0, 4));
  });

  test('says what it cannot', () => {
    const x = leaf([1]);
    const y = k.checkpoint((t: k.Tensor) => k.exp(t), x);
    expect(() => k.step(() => y.sum().backward())).toThrow('checkpoint: backward runs in another step than forward');
    expect(() => k.checkpoint((() => [x]) as never, x)).toThrow('checkpoint: the function must return one tensor');
    expect(x.isLeaf && y.requiresGrad).toBe(true);
  });
});

describe('detectAnomaly', () => {
  test('names what made the first NaN in forward', async () => {
    const x = leaf([1, 0, 3]);
    const found = k.detectAnomaly(() => k.step(() => k.reciprocal(x).mul(2).sum()));
    await expect(found).rejects.toThrow('detectAnomaly: reciprocal of [3]: its value, [3], has a NaN or an infinity');
    await expect(found).rejects.toThrow(k.KindlingError);
  });

  test('and in backward', async () => {
    const x = leaf([[0, 4]]);
    const run = () => {
      const loss = k.sqrt(x).sum();
      loss.backward();
      return loss;
    };
    await expect(k.detectAnomaly(run)).rejects.toThrow(
      'detectAnomaly: sqrt of [1, 2]: its backward made a NaN or an infinity in the gradient by input 0, [1, 2]',
    );
    x.copy_(Float32Array.of(1, 4));
    expect(await (await k.detectAnomaly(run)).item()).toBe(3);
  });

  test('tells a NaN that no function made', async () => {
    const [x, w] = [k.ones([2, 3]), leaf([[1], [Number.NaN], [2]])];
    await expect(k.detectAnomaly(() => x.matmul(w))).rejects.toThrow(
      'matmul of [2, 3], [3, 1]: input 1 has a NaN or an infinity, which no function made',
    );
  });

  test('lets infinities pass where they are wanted', async () => {
    const x = leaf([1, 2]);
    const masked = () => k.softmax(k.where(k.tensor([true, false]), x, Number.NEGATIVE_INFINITY));
    await expect(k.detectAnomaly(masked)).rejects.toThrow('which no function made');
    expect(await (await k.detectAnomaly(masked, { infinities: false })).array()).toEqual([1, 0]);
    const infinite = () => k.reciprocal(x.mul(0));
    const bad = k.detectAnomaly(() => infinite().sub(infinite()), { infinities: false });
    await expect(bad).rejects.toThrow('sub of [2], [2]: its value, [2], has a NaN');
  });

  test('stops a loop of captured steps soon, and leaves all as it was', async () => {
    const w = leaf([1]);
    const train = k.capture((x: k.Tensor) => k.reciprocal(w.mul(x)).sum());
    const x = k.tensor([2]);
    for (let call = 0; call < 3; call++) await train(x).item();
    expect(train.stats().replays).toBe(1);
    let steps = 0;
    const loop = k.detectAnomaly(async () => {
      for (; steps < 100; steps++) await train(k.tensor([5 - steps])).item();
    });
    await expect(loop).rejects.toThrow('reciprocal of [1]: its value, [1]');
    expect(steps).toBeGreaterThan(4);
    expect(steps).toBeLessThan(20);
    expect(await train(x).item()).toBe(0.5);
    expect(train.stats().replays).toBe(2);
    expect(() => k.step(() => void k.detectAnomaly(() => 1).catch(() => {}))).not.toThrow();
    await expect(k.step(() => ({ run: [k.detectAnomaly(() => 1)] })).run[0]).rejects.toThrow('outside of steps');
  });

  test('passes errors and results on, and holds no GPU memory', async () => {
    await expect(
      k.detectAnomaly(() => {
        throw new Error('of my own');
      }),
    ).rejects.toThrow('of my own');
    const w = leaf([1, 2]);
    const watch = watchBuffers(device());
    const live: number[] = [];
    for (let run = 0; run < 20; run++) {
      await k.detectAnomaly(async () => {
        const loss = k.step(() => {
          const made = k.exp(w).sum();
          made.backward();
          w.grad?.dispose();
          w.grad = null;
          return made;
        });
        expect(await loss.item()).toBeGreaterThan(0);
      });
      live.push(watch.live().bytes);
    }
    expect(live.at(-1)).toBe(live[8]);
    watch.stop();
  });
});
