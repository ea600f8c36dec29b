/** Captured steps: what happens between calls counts, and what cannot be captured is refused. */
import * as k from 'kindling';
import { oneHot } from 'kindling/nn/functional';
import { Adam, SGD } from 'kindling/optim';
import { describe, expect, test } from 'vitest';

describe('what happens between calls', () => {
  const parts = () => {
    const w = k.tensor([1, 2, 3], { requiresGrad: true });
    const adam = new Adam([w], { lr: 0.1 });
    const body = (x: k.Tensor): k.Tensor => {
      adam.zeroGrad();
      const loss = w.mul(x).sum();
      loss.backward();
      adam.step();
      return loss;
    };
    return { w, adam, body };
  };
  const x = () => k.tensor([1, -2, 0.5]);

  test('a state dict that is loaded counts', async () => {
    const run = async (wrap: (body: (x: k.Tensor) => k.Tensor) => (x: k.Tensor) => k.Tensor) => {
      const { w, adam, body } = parts();
      const train = wrap(body);
      for (let i = 0; i < 2; i++) train(x());
      const saved = adam.stateDict();
      const copy = { ...saved, state: { 0: { ...saved.state[0], step: 7 } } } as typeof saved;
      for (let i = 0; i < 3; i++) train(x());
      adam.loadStateDict(copy);
      for (let i = 0; i < 3; i++) train(x());
      return [await w.array(), adam.stateDict().state[0]?.step];
    };
    expect(await run(k.capture)).toEqual(await run((body) => (y) => k.step(() => body(y))));
  });

  test('zeroGrad at the end is as good as at the beginning', async () => {
    const { w, adam } = parts();
    const train = k.capture((y: k.Tensor) => {
      const loss = w.mul(y).sum();
      loss.backward();
      adam.step();
      adam.zeroGrad();
      return loss;
    });
    const other = parts();
    const losses: number[] = [];
    const wanted: number[] = [];
    for (let i = 0; i < 5; i++) {
      losses.push(await train(x()).item());
      wanted.push(await k.step(() => other.body(x())).item());
    }
    expect(losses).toEqual(wanted);
    expect(w.grad).toBeNull();
    expect(train.stats()).toMatchObject({ recordings: 1, replays: 3 });
  });

  test('gradients of replays are their own where no optimizer holds them', async () => {
    const w = k.tensor([2], { requiresGrad: true });
    const f = k.capture((y: k.Tensor) => {
      w.grad = null;
      const loss = w.mul(y).sum();
      loss.backward();
      return loss;
    });
    const kept: (k.Tensor | null)[] = [];
    for (let i = 1; i <= 5; i++) {
      w.grad = null;
      f(k.tensor([i]));
      kept.push(w.grad);
    }
    expect(await Promise.all(kept.map((grad) => grad?.item()))).toEqual([1, 2, 3, 4, 5]);
    f.reset();
    expect(await kept[4]?.item()).toBe(5);
  });

  test('a reset leaves alone what the function did not make', async () => {
    const { w, body } = parts();
    const f = k.capture((y: k.Tensor) => ({ loss: body(y), w }));
    for (let i = 0; i < 3; i++) f(x());
    f.reset();
    expect(await w.data()).toHaveLength(3);
  });

  test('options that choose another kernel record anew', async () => {
    const run = async (wrap: (body: (x: k.Tensor) => k.Tensor) => (x: k.Tensor) => k.Tensor) => {
      const w = k.tensor([1, 2, 3], { requiresGrad: true });
      const sgd = new SGD([w], { lr: 0.1 });
      const train = wrap((y) => {
        sgd.zeroGrad();
        const loss = w.mul(w).mul(y).sum();
        loss.backward();
        sgd.step();
        return loss;
      });
      for (let i = 0; i < 3; i++) train(x());
      for (const group of sgd.paramGroups) group.momentum = 0.9;
      for (let i = 0; i < 4; i++) train(x());
      return w.array();
    };
    expect(await run(k.capture)).toEqual(await run((body) => (y) => k.step(() => body(y))));
  });

  test('arguments that are new each time do not fill the memory', async () => {
    const f = k.capture((y: k.Tensor, _name: string) => y.mul(2).add(y));
    const y = k.ones([1000]);
    for (let i = 0; i < 12; i++) await f(y, String(i)).data();
    const { buffers } = k.stats();
    for (let i = 12; i < 40; i++) await f(y, String(i)).data();
    expect(k.stats().buffers - buffers).toBeLessThanOrEqual(4);
  });
});

test('constants of any kind may be made inside', async () => {
  const f = k.capture((x: k.Tensor) =>
    x
      .add(k.arange(3))
      .mul(k.linspace(1, 2, 3))
      .matmul(k.eye(3))
      .add(oneHot(k.zeros([1], { dtype: 'i32' }), 3)),
  );
  for (let i = 0; i < 4; i++) expect(await f(k.full([1, 3], i)).array()).toEqual([[i + 1, 1.5 * (i + 1), 2 * (i + 2)]]);
});

describe('refused, with what to do instead', () => {
  /** The error of the second call, which records. */
  const refusal = (body: (x: k.Tensor) => k.Tensor): unknown => {
    const f = k.capture(body);
    f(k.ones([2]));
    try {
      f(k.ones([2]));
    } catch (error) {
      return String(error);
    }
    return 'nothing';
  };
  test('reading inside', () => {
    expect(
      refusal((x) => {
        x.data().catch(() => {});
        return x.add(1);
      }),
    ).toMatch(/capture: a tensor is read inside.*Return the tensor/);
  });
  test('uploading inside', () => {
    expect(refusal((x) => x.add(k.tensor([1, 2])))).toMatch(
      /made from data of the host inside.*pass it as an argument/,
    );
  });
  test('growing', () => {
    expect(refusal((x) => k.keep(x.add(1)).mul(2))).toMatch(/outlives it.*Make it outside, or return it/);
  });
  test('constants written in place', () => {
    expect(
      refusal((x) => {
        const h = k.linspace(0, 1, 2);
        h.copy_(x);
        return h.mul(2);
      }),
    ).toMatch(/a constant made inside.*Make it outside/);
  });
  test('disposing of an argument', () => {
    expect(
      refusal((x) => {
        const y = x.mul(2);
        x.dispose();
        return y;
      }),
    ).toMatch(/disposes of a tensor that it uses. Dispose of it outside/);
  });
  test('waiting', () => {
    const wait = (async (x: k.Tensor) => x) as unknown as (x: k.Tensor) => k.Tensor;
    const f = k.capture(wait);
    expect(() => f(k.ones([1]))).toThrow('must not be async');
  });
  test('parameters as arguments', () => {
    const f = k.capture((x: k.Tensor) => x.mul(2));
    f(k.ones([1]));
    expect(() => f(k.ones([1]).requiresGrad_())).toThrow('parameters belong outside');
  });
  test('and the next call works again', async () => {
    let bad = true;
    const f = k.capture((x: k.Tensor) => (bad ? x.add(k.tensor([1, 2])) : x.add(1)));
    f(k.ones([2]));
    expect(() => f(k.ones([2]))).toThrow('capture');
    bad = false;
    expect(await f(k.ones([2])).array()).toEqual([2, 2]);
    expect(await f(k.tensor([4, 5])).array()).toEqual([5, 6]);
  });
});
