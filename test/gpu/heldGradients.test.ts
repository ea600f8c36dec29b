/** Gradients that somebody holds while the next are made. */
import * as k from 'kindling';
import * as optim from 'kindling/optim';
import { describe, expect, test } from 'vitest';
import { zeroGrad } from '../../src/autograd/zeroGrad.js';

const leaf = (data: k.Nested): k.Tensor => k.tensor(data, { requiresGrad: true });
const values = (tensor: k.Tensor | null | undefined) => (tensor as k.Tensor).array();

describe('the gradient that lies in an optimizer’s arena when the next one is made', () => {
  /** dv and dw of Σ g·v + 3 Σ g·w, where g is w's gradient, [5, 7]. */
  const setUp = (withOptimizer: boolean) => {
    const [w, v, x] = [leaf([1, 2]), leaf([1, 1]), k.tensor([5, 7])];
    const sgd = new optim.SGD(withOptimizer ? [w] : [leaf([0])], { lr: 0 });
    const forget = (): void => {
      if (withOptimizer) sgd.zeroGrad();
      else zeroGrad([w]);
    };
    const body = () => {
      v.grad = null;
      forget();
      w.mul(x).sum().backward();
      const g = w.grad as k.Tensor;
      forget();
      g.mul(v).sum().add(g.mul(w).sum().mul(3)).backward();
      return [v.grad, w.grad, g, k.clone(g)] as k.Tensor[];
    };
    return { body, w, v, sgd, x };
  };
  const wanted = [
    [5, 7],
    [15, 21],
    [5, 7],
    [5, 7],
  ];

  for (const withOptimizer of [false, true]) {
    const how = withOptimizer ? 'with' : 'without';
    test(`keeps its value for whoever reads it later, ${how} an optimizer: eager, in a step, captured`, async () => {
      const { body } = setUp(withOptimizer);
      const all = async (made: k.Tensor[]) => Promise.all(made.map((one) => one.array()));
      expect(await all(body())).toEqual(wanted);
      expect(await all(k.step(() => body().map((one) => k.clone(one))))).toEqual(wanted);
      const captured = k.capture(() => body().map((one) => k.clone(one)));
      for (let call = 0; call < 4; call++) expect(await all(captured())).toEqual(wanted);
    });
  }

  test('in a step that finds it there, and in its replays', async () => {
    const { w, v, sgd, x } = setUp(true);
    const body = () => {
      const g = w.grad as k.Tensor;
      v.grad = null;
      sgd.zeroGrad();
      g.mul(v).sum().add(w.mul(x).mul(3).sum()).add(g.mul(w).sum()).backward();
      return k.clone(v.grad as unknown as k.Tensor);
    };
    const all = async (run: () => k.Tensor) => {
      const seen: k.Nested[] = [];
      for (let call = 0; call < 4; call++) seen.push(await run().array());
      return seen;
    };
    const series = [
      [5, 7],
      [20, 28],
      [35, 49],
      [50, 70],
    ];
    w.mul(x).sum().backward();
    expect(await all(body)).toEqual(series);
    for (const run of [() => k.step(body), k.capture(body)]) {
      sgd.zeroGrad();
      w.mul(x).sum().backward();
      expect(await all(run)).toEqual(series);
    }
  });

  test('held outside of steps by whoever took it, by hooks, grad() and two optimizers', async () => {
    const [w, x] = [leaf([1, 2]), k.tensor([5, 7])];
    const [first, second] = [new optim.SGD([w], { lr: 1 }), new optim.SGD([w], { lr: 1 })];
    const hooked: k.Tensor[] = [];
    const hook = k.registerHook(w, (grad) => void hooked.push(grad));
    const [asked] = k.grad(w.mul(x).sum(), [w]);
    w.mul(x).sum().backward();
    const old = w.grad;
    first.step();
    second.step();
    expect(await values(w)).toEqual([-9, -12]);
    second.zeroGrad();
    hook.remove();
    w.mul(x).mul(2).sum().backward();
    const newer = w.grad;
    first.step();
    first.zeroGrad();
    w.sum().backward();
    optim.clipGradNorm([w], 1e-3);
    expect(await Promise.all([old, newer, asked, ...hooked].map(values))).toEqual([
      [5, 7],
      [10, 14],
      [5, 7],
      [5, 7],
      [5, 7],
    ]);
    expect(await values(w)).toEqual([-19, -26]);
  });

  test('a backward that hands on what it saved does not give it away', async () => {
    const saved = k.tensor([2, 3]);
    const handOn = k.defineFunction({
      name: 'handOn',
      forward: (_, x: k.Tensor) => k.clone(x),
      backward: () => [saved],
    });
    const w = leaf([1, 1]);
    new optim.SGD([w], { lr: 1 });
    const h = k.step(() => {
      const inside = saved.mul(2);
      const pass = k.defineFunction({
        name: 'pass',
        forward: (_, x: k.Tensor) => k.clone(x),
        backward: () => [inside],
      });
      for (let i = 0; i < 2; i++) handOn(w).sum().backward();
      w.grad = null;
      for (let i = 0; i < 2; i++) pass(w).sum().backward();
      return k.clone(inside);
    });
    expect(await Promise.all([saved, h, w.grad].map(values))).toEqual([
      [2, 3],
      [4, 6],
      [8, 12],
    ]);
  });
});
