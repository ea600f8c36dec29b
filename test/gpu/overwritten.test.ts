/** Who overwrites between forward and backward, and what stays legal, as in PyTorch. */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import * as optim from 'kindling/optim';
import { describe, expect, test } from 'vitest';

const leaf = (data: k.Nested): k.Tensor => k.tensor(data, { requiresGrad: true });
const REFUSED = /^\w[\w.]*: backward needs a tensor of shape \[.*as forward read it, but it was overwritten/;

/** Numbers from 0.1 to 0.9 without order. */
const numbers = (...shape: number[]): k.Tensor =>
  k.tensor(
    Float32Array.from(
      { length: shape.reduce((n, d) => n * d, 1) },
      (_, i) => 0.1 + (((i * 37 + shape.length) % 89) / 89) * 0.8,
    ),
    { shape },
  );
const refusedNow = (loss: k.Tensor): void => expect(() => loss.backward()).toThrow(REFUSED);
const values = (tensor: k.Tensor | null | undefined) => (tensor as k.Tensor).array();

describe('whoever writes in place', () => {
  test('an optimizer, copy_ from the host or the GPU, loadStateDict, through whatever shares the memory', () => {
    const model = new nn.Linear(2, 2);
    const adam = new optim.Adam(model.parameters(), { lr: 0.1 });
    const x = leaf([[1, 2]]);
    const saved = Object.fromEntries(Object.entries(model.stateDict()).map(([key, t]) => [key, k.clone(t.detach())]));
    const weight = model.weight as k.Tensor;
    for (const write of [
      () => adam.step(),
      () => weight.copy_(new Float32Array(4)),
      () => weight.copy_(k.zeros([2, 2])),
      () => model.loadStateDict(saved),
      () => weight.detach().copy_(k.zeros([2, 2])),
      () =>
        weight
          .detach()
          .reshape(4)
          .copy_(k.zeros([4])),
      () => nn.init.ones(weight),
    ]) {
      model.forward(x).sum().backward(); // a gradient for Adam
      const loss = k.square(model.forward(x)).sum();
      write();
      refusedNow(loss);
    }
  });

  test('the error names the function, the shape and the remedy', () => {
    const [x, w] = [leaf([1, 2, 3]), leaf([1, 1, 1])];
    const loss = x.mul(w).sum();
    w.copy_(k.zeros([3]));
    expect(() => loss.backward()).toThrow(
      'mul: backward needs a tensor of shape [3] as forward read it, but it was overwritten since: by copy_, an ' +
        "optimizer's step, running statistics, loadStateDict or a captured step. Call backward() before that, run forward " +
        'again after it, or give forward a copy: clone(x)',
    );
    expect([x.grad, w.grad]).toEqual([null, null]);
  });

  test('a captured step, replayed between forward and backward of what is outside of it', () => {
    const [w, other] = [leaf([1, 2]), leaf([3, 4])];
    const sgd = new optim.SGD([w, other], { lr: 0.1 });
    const train = k.capture(() => {
      sgd.zeroGrad();
      const loss = k.square(w).sum();
      loss.backward();
      sgd.step();
      return loss;
    });
    for (let i = 0; i < 4; i++) {
      const [loss, free] = [k.square(w).sum(), k.square(other).sum()];
      train();
      refusedNow(loss);
      free.backward();
      expect(other.grad).not.toBeNull();
      other.grad = null;
    }
  });

  test('inside a captured function', () => {
    const w = leaf([1, 2]);
    const wrong = k.capture(() => {
      const loss = k.square(w).sum();
      w.copy_(w.detach().mul(0.5));
      loss.backward();
      return loss;
    });
    expect(() => wrong()).toThrow(REFUSED);
    const right = k.capture(() => {
      w.copy_(w.detach().mul(0.5));
      const loss = k.square(w).sum();
      loss.backward();
      return loss;
    });
    for (let i = 0; i < 3; i++) right();
  });

  test('a gradient that is on the tape, added to by another backward', () => {
    const [w, v] = [leaf([1, 2]), leaf([3, 4])];
    k.square(w).sum().backward();
    const loss = v.mul(w.grad as k.Tensor).sum();
    w.sum().backward();
    refusedNow(loss);
  });
});

describe('what is legal stays so', () => {
  test('parameters that move into an arena, or from one optimizer to another, are what they were', async () => {
    const [w, x] = [leaf([1, 2]), leaf([3, 4])];
    const loss = w.mul(x).sum();
    const first = new optim.SGD([w], { lr: 1 });
    new optim.Adam([w, x], { lr: 1 });
    loss.backward();
    expect([await values(w.grad), await values(x.grad)]).toEqual([
      [3, 4],
      [1, 2],
    ]);
    const later = w.mul(x).sum();
    first.step();
    new optim.Adam([w, x], { lr: 1 });
    refusedNow(later);
  });

  test('a neighbour in the arena is overwritten', async () => {
    const [w, v] = [leaf([1, 2]), leaf([3, 4])];
    new optim.SGD([w, v], { lr: 1 });
    const loss = k.square(w).sum();
    v.copy_(k.zeros([2]));
    loss.backward();
    expect(await values(w.grad)).toEqual([2, 4]);
  });

  test('a GAN done right; done wrong it is refused', async () => {
    const net = () => new nn.Sequential(new nn.Linear(2, 4), new nn.BatchNorm1d(4), new nn.ReLU(), new nn.Linear(4, 2));
    const [generator, critic] = [net(), net()];
    const [optG, optD] = [generator, critic].map((m) => new optim.Adam(m.parameters(), { lr: 0.01 })) as [
      optim.Adam,
      optim.Adam,
    ];
    const [noise, real] = [numbers(4, 2), numbers(4, 2)];
    const losses = k.step(() => {
      const made = generator.forward(noise);
      optD.zeroGrad();
      const d = critic.forward(real).mean().sub(critic.forward(made.detach()).mean());
      d.backward();
      optD.step();
      optG.zeroGrad();
      const g = critic.forward(made).mean();
      g.backward();
      optG.step();
      return [d, g];
    });
    for (const loss of losses) expect(Number.isFinite(await loss.item())).toBe(true);
    k.step(() => {
      const made = generator.forward(noise);
      const [d, g] = [critic.forward(made.detach()).mean(), critic.forward(made).mean()];
      d.backward();
      optD.step();
      refusedNow(g);
    });
  });

  test('gradients accumulated over passes that update running statistics, clipped weights, averages of weights', async () => {
    const model = new nn.Sequential(new nn.Linear(2, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 1));
    const sgd = new optim.SGD(model.parameters(), { lr: 0.1 });
    const ema = [...model.parameters()].map((p) => k.clone(p.detach()));
    const x = numbers(4, 2);
    const kept: k.Tensor[] = [];
    for (let i = 0; i < 3; i++) {
      const losses = [x, x.mul(2)].map((batch) => k.square(model.forward(batch)).mean());
      for (const loss of losses) loss.backward();
      optim.clipGradNorm(model.parameters(), 1);
      sgd.step();
      sgd.zeroGrad();
      [...model.parameters()].forEach((p, n) => {
        p.copy_(k.clamp(p.detach(), { min: -0.5, max: 0.5 }));
        ema[n]?.copy_(k.add(ema[n] as k.Tensor, p.detach()).mul(0.5));
      });
      kept.push(...losses);
    }
    for (const loss of kept) expect(Number.isFinite(await loss.item())).toBe(true);
    model.eval();
    const loss = model
      .forward(
        leaf([
          [1, 2],
          [3, 4],
        ]),
      )
      .sum();
    model.train();
    model.forward(x);
    refusedNow(loss); // by the statistics of another batch
  });

  test('the gradient that backward is given, and what hooks read', async () => {
    const [x, seed] = [leaf([1, 2]), k.tensor([1, 1])];
    const y = x.mul(3).neg();
    k.registerHook(x, (grad) => grad.mul(seed));
    seed.copy_(Float32Array.of(2, 3));
    y.backward(seed);
    expect(await values(x.grad)).toEqual([-12, -27]);
  });
});

describe('what runs forward again, or saves by itself', () => {
  const scaled = (w: k.Tensor, count: k.Tensor) => (x: k.Tensor) => {
    count.copy_(count.add(x.detach().sum()));
    return k.square(x.mul(w));
  };

  test('checkpoint: parameters and inputs must be what they were, statistics need not', async () => {
    const [x, w, count] = [leaf([1, 2]), leaf([3, 4]), k.tensor([0])];
    for (const hit of [x, w]) {
      const loss = k.checkpoint(scaled(w, count), x).sum();
      hit.copy_(hit.detach().mul(2));
      expect(() => loss.backward()).toThrow(/^checkpoint: .*\[2\]/);
    }
    const [a, b] = [k.checkpoint(scaled(w, count), x), k.checkpoint(scaled(w, count), x.mul(2))];
    a.add(b).sum().backward();
    expect(await values(x.grad)).toEqual([2 * 2 * 6 * 6 * 5, 2 * 4 * 8 * 8 * 5]);
    const [norm, offset] = [new nn.BatchNorm1d(2), k.tensor([1, 1])];
    const rows = leaf([
      [1, 2],
      [3, 5],
    ]);
    const again = [1, 2].map((n) => k.checkpoint((r: k.Tensor) => norm.forward(r).mul(r), rows.mul(n)).sum());
    for (const loss of again) loss.backward();
    const moved = k.checkpoint((r: k.Tensor) => r.mul(offset), rows).sum();
    offset.copy_(k.zeros([2]));
    expect(() => moved.backward()).toThrow(/^checkpoint: .*\[2\]/);
  });

  test('defineFunction: what it saved, where it looks at it', async () => {
    const scale = k.tensor([2, 2]);
    const times = k.defineFunction({
      name: 'times',
      forward: (context, x: k.Tensor, w: k.Tensor) => {
        context.save(x, w);
        return x.mul(w);
      },
      backward: (context, grad) => {
        const dw = grad.mul(scale);
        return [context.needsGrad(0) ? grad.mul(context.saved[1] as k.Tensor) : null, dw];
      },
    });
    const [x, w] = [leaf([1, 2]), leaf([3, 4])];
    const loss = times(x, w).sum();
    x.copy_(k.zeros([2]));
    expect(() => loss.backward()).toThrow(/^times: .*\[2\]/);
    const right = times(k.tensor([1, 2]), w).sum();
    scale.copy_(k.tensor([5, 5]));
    right.backward();
    expect(await values(w.grad)).toEqual([5, 5]);
  });

  test('gradients of gradients', async () => {
    const [x, w] = [leaf([1, 2]), leaf([3, 4])];
    const slope = () => k.grad(k.square(x).mul(w).sum(), [x], { createGraph: true })[0].sum();
    const loss = k.square(x).mul(w).sum();
    x.copy_(Float32Array.of(2, 3));
    expect(() => k.grad(loss, [x], { createGraph: true })).toThrow(REFUSED);
    const second = slope();
    w.copy_(Float32Array.of(5, 6));
    expect(await values(k.grad(second, [x])[0])).toEqual([6, 8]); // needs 2 w, which was computed before
    x.copy_(Float32Array.of(3, 4));
    expect(() => k.grad(second, [w])).toThrow(REFUSED);
    expect(await values(k.grad(slope(), [w])[0])).toEqual([6, 8]);
  });
});
