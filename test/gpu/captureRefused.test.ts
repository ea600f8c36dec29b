/** Captured steps: what a replay cannot follow is refused with what to write instead, and costly use is warned of. */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import { Adam, lrScheduler, SGD } from 'kindling/optim';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** What each of some calls ends in. */
function outcomes(body: (x: k.Tensor) => unknown, calls = 4): string[] {
  const f = k.capture(body);
  return Array.from({ length: calls }, () => {
    try {
      f(k.ones([2]));
      return 'nothing';
    } catch (error) {
      return (error as Error).message;
    }
  });
}

describe('tensors that go on from call to call', () => {
  const refused = (body: (x: k.Tensor) => unknown, text: RegExp) => {
    const [first, ...others] = outcomes(body);
    expect(first).toBe('nothing');
    for (const message of others) expect(message).toMatch(text);
  };
  test('a variable that is assigned', () => {
    let total = k.zeros([2]);
    refused((x) => {
      total = total.add(x);
    }, /capture: .* freed.*total\.copy_/);
  });
  test('one that is returned as well', () => {
    let total = k.zeros([2]);
    refused((x) => {
      total = total.add(x);
      return { total };
    }, /capture: .* earlier call of it returned.*total\.copy_/);
  });
  test('one that is kept', () => {
    let total = k.zeros([2]);
    refused((x) => {
      total = k.keep(total.add(x));
    }, /capture: .* outlives it.*total\.copy_/);
  });
  test('a result that comes back through the outside', () => {
    let last = k.zeros([2]);
    const f = k.capture((x: k.Tensor) => last.add(x));
    last = f(k.ones([2]));
    expect(() => f(k.ones([2]))).toThrow('or pass it as an argument');
  });
  test('a buffer that is assigned', () => {
    class Running extends nn.Module {
      mean = this.registerBuffer('mean', k.zeros([2]));
      forward(x: k.Tensor): k.Tensor {
        this.mean = this.mean.mul(0.5).add(x);
        return this.mean.mul(1);
      }
    }
    const running = new Running();
    refused((x) => running.forward(x), /Running\.mean is assigned.*this\.mean\.copy_/);
  });
  test('what to write instead works', async () => {
    const total = k.zeros([2]);
    const f = k.capture((x: k.Tensor) => {
      total.copy_(total.add(x));
      return total.sum();
    });
    for (let i = 1; i <= 4; i++) expect(await f(k.ones([2])).item()).toBe(2 * i);
  });
  test('a small result of another step is used, wherever it lies', async () => {
    const scale = k.step(() => k.tensor([2, 3]).mul(1));
    await scale.data();
    const f = k.capture((x: k.Tensor) => x.mul(scale));
    for (let i = 0; i < 4; i++) expect(await f(k.full([2], i)).array()).toEqual([2 * i, 3 * i]);
  });
});

test('a buffer that is assigned in a step stays', async () => {
  class Running extends nn.Module {
    mean = this.registerBuffer('mean', k.zeros([1]));
    forward(x: k.Tensor): k.Tensor {
      this.mean = this.mean.mul(0.5).add(x);
      return this.mean;
    }
  }
  const running = new Running();
  for (let i = 0; i < 3; i++) k.step(() => running.forward(k.ones([1])).sum());
  expect(await running.mean.item()).toBe(1.75);
  expect(await running.stateDict().mean?.item()).toBe(1.75);
});

describe('hooks that stay', () => {
  const registrations: Record<string, (model: nn.Linear) => k.HookHandle> = {
    'before forward': (model) => nn.registerForwardPreHook(model, () => {}),
    'after forward': (model) => nn.registerForwardHook(model, () => {}),
    'in backward': (model) => nn.registerFullBackwardHook(model, () => {}),
    'on a weight': (model) => k.registerHook(model.weight, () => {}),
  };
  test.each(Object.keys(registrations))('%s', (name) => {
    const model = new nn.Linear(2, 2);
    const [first, ...others] = outcomes(() => void registrations[name]?.(model));
    expect(first).toBe('nothing');
    for (const message of others) expect(message).toMatch(/a hook is registered inside.*remove\(\)/);
    expect(outcomes(() => registrations[name]?.(model).remove())).toEqual(Array(4).fill('nothing'));
  });
  test('and not those on what the function makes', async () => {
    const model = new nn.Linear(1, 2);
    const f = k.capture((x: k.Tensor) => {
      const y = model.forward(x);
      let seen = x;
      k.registerHook(y, (grad) => {
        seen = grad.mul(2);
      });
      y.sum().backward();
      return seen;
    });
    for (let i = 0; i < 4; i++) expect(await f(k.ones([1, 1])).array()).toEqual([[2, 2]]);
  });
});

test('an optimizer is made outside, and its groups', () => {
  const p = () => new nn.Parameter(k.ones([1]));
  const sgd = new SGD([p()], { lr: 1 });
  const later = [p(), p(), p(), p()];
  for (const act of [() => new SGD([p()], { lr: 1 }), () => sgd.addParamGroup({ params: [later.pop() as k.Tensor] })]) {
    const [, ...others] = outcomes(act, 3);
    for (const message of others) expect(message).toMatch(/an optimizer is given parameters inside.*outside/);
  }
});

test('a scheduler makes its step outside', () => {
  const adam = new Adam([k.ones([1], { requiresGrad: true })]);
  const schedulers = [
    new lrScheduler.ExponentialLR(adam, { gamma: 0.5 }),
    new lrScheduler.ReduceLROnPlateau(adam),
  ] as const;
  for (const scheduler of schedulers) {
    const [, ...others] = outcomes(() => scheduler.step(1));
    for (const message of others) expect(message).toMatch(/a scheduler makes its step.*outside/);
  }
});

describe('backward outside of a captured forward', () => {
  const uses: Record<string, (y: k.Tensor, model: nn.Linear) => void> = {
    'from the result': (y) => y.sum().backward(),
    'with another weight': (y) =>
      y
        .mul(k.ones([2], { requiresGrad: true }))
        .sum()
        .backward(),
    'by grad()': (y, model) => void k.grad(y.sum(), [y, model.weight]),
  };
  test.each(Object.keys(uses))('%s', (name) => {
    const model = new nn.Linear(2, 2);
    const f = k.capture((x: k.Tensor) => ({ y: model.forward(x) }));
    for (let i = 0; i < 4; i++) {
      const { y } = f(k.ones([1, 2]));
      expect(y.requiresGrad).toBe(true);
      expect(() => uses[name]?.(y, model)).toThrow(/captured function/);
      expect(model.weight.grad).toBeNull();
    }
  });
  test('results without a gradient, and detached ones, are as any tensor', () => {
    const model = new nn.Linear(2, 2);
    const f = k.capture((x: k.Tensor) => [k.noGrad(() => model.forward(x)), model.forward(x).detach()]);
    for (let i = 0; i < 3; i++) for (const y of f(k.ones([1, 2]))) expect(y.requiresGrad).toBe(false);
  });
});

describe('what cannot wait', () => {
  const failing = async (): Promise<k.Tensor> => {
    await Promise.resolve();
    throw new Error('late');
  };
  test.each(['capture', 'step', 'noGrad', 'enableGrad'] as const)('%s refuses an async function', (name) => {
    const run = {
      capture: (body: () => unknown) => k.capture(body)(),
      step: k.step,
      noGrad: k.noGrad,
      enableGrad: k.enableGrad,
    };
    expect(() => run[name](failing)).toThrow(`${name}: the function must not be async`);
  });
  test.each(['data', 'item', 'array'] as const)('%s() inside throws at once', (name) => {
    const [, ...others] = outcomes((x) => {
      void x.sum()[name]();
    });
    for (const message of others) expect(message).toMatch(/a tensor is read inside.*Return the tensor/);
  });
  test('print() inside throws at once', () => {
    const [, ...others] = outcomes((x) => void k.print(x), 2);
    for (const message of others) expect(message).toMatch(/a tensor is read inside/);
  });
});

test('what ran before a refusal ran once: weights, steps and gradients agree', async () => {
  const w = k.tensor([1], { requiresGrad: true });
  const sgd = new SGD([w], { lr: 1, momentum: 0.5 });
  const body = (x: k.Tensor) => {
    sgd.zeroGrad();
    w.mul(x.sum()).sum().backward();
    sgd.step();
    void w.data();
  };
  outcomes(body, 3);
  expect(await w.item()).toBe(1 - 2 - 3 - 3.5);
  expect(await w.grad?.item()).toBe(2);
  const seen: number[] = [];
  const good = k.capture((x: k.Tensor) => {
    sgd.zeroGrad();
    w.mul(x.sum()).sum().backward();
    sgd.step();
  });
  for (let i = 0; i < 3; i++) {
    good(k.zeros([2]));
    seen.push(await w.item());
  }
  expect(seen).toEqual([-9.25, -10.125, -10.5625]);
});

describe('warnings, once', () => {
  const { warn } = console;
  let warnings: string[] = [];
  beforeEach(() => {
    warnings = [];
    console.warn = (text: string) => void warnings.push(text);
  });
  afterEach(() => {
    console.warn = warn;
  });

  test('a number that is another each time', async () => {
    const f = k.capture((x: k.Tensor, factor: number) => x.mul(factor));
    for (let i = 0; i < 12; i++) expect(await f(k.ones([1]), i).item()).toBe(i);
    expect(warnings).toEqual([expect.stringMatching(/argument 2 is another number each time.*pass a tensor/)]);
  });
  test('a field that the function counts up', async () => {
    class Counting extends nn.Module {
      count = 0;
      forward(x: k.Tensor): k.Tensor {
        this.count++;
        return x.mul(this.count);
      }
    }
    const model = new Counting();
    const f = k.capture((x: k.Tensor) => model.forward(x));
    for (let i = 1; i <= 12; i++) expect(await f(k.ones([1])).item()).toBe(i);
    expect(warnings).toEqual([expect.stringMatching(/Counting\.count is another each time.*tensor/)]);
  });
  test('a rate that the function changes', async () => {
    const w = k.tensor([0], { requiresGrad: true });
    const sgd = new SGD([w], { lr: 1 });
    const f = k.capture(() => {
      sgd.zeroGrad();
      for (const group of sgd.paramGroups) group.lr *= 0.5;
      w.sum().backward();
      sgd.step();
    });
    for (let i = 0; i < 5; i++) f();
    expect(await w.item()).toBe(-0.96875);
    expect(warnings).toEqual([expect.stringMatching(/lr is another each time/)]);
  });
  test('none where shapes, modes or two numbers take turns', () => {
    const drop = new nn.Dropout(0.5);
    const f = k.capture((x: k.Tensor, factor: number) => drop.forward(x).mul(factor));
    for (let i = 0; i < 12; i++) {
      drop.train(i % 3 === 0);
      f(k.ones([1 + (i % 2)]), 1);
    }
    for (let i = 0; i < 6; i++) f(k.ones([1]), i % 2);
    expect(warnings).toEqual([]);
  });
  test('none where gradients accumulate over three calls', async () => {
    const w = k.tensor([0], { requiresGrad: true });
    const sgd = new SGD([w], { lr: 1 });
    const f = k.capture((last: boolean) => {
      w.sum().backward();
      if (!last) return;
      sgd.step();
      sgd.zeroGrad();
    });
    for (let i = 0; i < 9; i++) f(i % 3 === 2);
    expect(await w.item()).toBe(-9);
    expect(warnings).toEqual([]);
  });
});
