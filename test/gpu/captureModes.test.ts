/** Captured steps see what changes between calls: modes, switches, and the gradients that are there. */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import { SGD } from 'kindling/optim';
import { expect, test } from 'vitest';

type Step = (x: k.Tensor) => k.Tensor;

const eager =
  (body: Step): Step =>
  (x) =>
    k.step(() => body(x));

const gradOf = ({ grad }: k.Tensor): k.Tensor | null => grad;

test('noGrad around a call', async () => {
  const w = k.tensor([2, 3], { requiresGrad: true });
  const f = k.capture((x: k.Tensor) => {
    const y = w.mul(x).sum();
    if (y.requiresGrad) y.backward();
    return y;
  });
  const seen: unknown[] = [];
  for (const quiet of [false, false, false, true, true, true, false]) {
    w.grad = null;
    const y = quiet ? k.noGrad(() => f(k.ones([2]))) : f(k.ones([2]));
    seen.push([await y.item(), y.requiresGrad, await gradOf(w)?.array()]);
  }
  const [loud, silent] = [
    [5, true, [1, 1]],
    [5, false, undefined],
  ];
  expect(seen).toEqual([loud, loud, loud, silent, silent, silent, loud]);
});

test('modes and switches that the function sets are set by replays too', async () => {
  const run = async (wrap: (body: Step) => Step) => {
    const net = new nn.BatchNorm1d(2);
    const w = k.tensor([2, 3], { requiresGrad: true });
    const seen: unknown[] = [];
    const f = wrap((x) => {
      net.eval();
      w.requiresGrad = false;
      return net.forward(x.mul(w));
    });
    for (let i = 0; i < 5; i++) {
      net.train();
      w.requiresGrad_();
      const y = await f(k.ones([2, 2])).array();
      seen.push([y, net.training, w.requiresGrad]);
    }
    return seen;
  };
  expect(await run(k.capture)).toEqual(await run(eager));
});

test('a model that two captured functions train, one of which changes it', async () => {
  const run = async (wrap: (body: Step) => Step) => {
    const model = new nn.Sequential(new nn.Dropout(0), new nn.Tanh());
    const change = wrap((x) => {
      Object.assign(model, { 1: model[1] instanceof nn.Tanh ? new nn.ReLU() : new nn.Tanh() });
      return x.mul(1);
    });
    const use = wrap((x) => model.forward(x));
    const seen: unknown[] = [];
    for (let i = 0; i < 6; i++) seen.push(await use(change(k.tensor([0.5, -1]))).array());
    return seen;
  };
  expect(await run(k.capture)).toEqual(await run(eager));
});

test('a reset runs the function plainly once again', () => {
  let made = undefined as k.Tensor | undefined;
  const f = k.capture((x: k.Tensor) => {
    made ??= k.keep(k.tensor([1, 2]));
    return x.mul(made);
  });
  for (let i = 0; i < 3; i++) f(k.ones([2]));
  made = undefined;
  f.reset();
  for (let i = 0; i < 3; i++) f(k.ones([2]));
  expect(f.stats()).toMatchObject({ recordings: 2, replays: 2 });
});

test('gradients that are assigned stay', async () => {
  for (const wrap of [eager, k.capture] as ((body: Step) => Step)[]) {
    const w = new nn.Parameter(k.tensor([1, 2]));
    const sgd = new SGD([w], { lr: 1 });
    const f = wrap((x) => {
      w.grad = x.mul(2);
      return x.sum();
    });
    for (let i = 1; i <= 4; i++) {
      f(k.tensor([i, -i]));
      expect(await gradOf(w)?.array()).toEqual([2 * i, -2 * i]);
    }
    sgd.step();
    expect(await w.array()).toEqual([-7, 10]);
  }
});

test('gradients that come from outside are looked at anew', async () => {
  const run = async (wrap: (body: Step) => Step) => {
    const w = new nn.Parameter(k.tensor([1, 2]));
    const sgd = new SGD([w], { lr: 1 });
    const update = wrap((x) => {
      sgd.step();
      return x.mul(1);
    });
    for (let i = 0; i < 6; i++) {
      w.grad = null;
      if (i !== 4)
        w.mul(k.tensor([i, 1]))
          .sum()
          .backward();
      update(k.ones([1]));
    }
    return w.array();
  };
  expect(await run(k.capture)).toEqual(await run(eager));
});
