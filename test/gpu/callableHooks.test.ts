/** Modules that are called: hooks, captured steps, and modules in the place of something else. */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import { describe, expect, test } from 'vitest';

class Scale extends nn.Module {
  factor = 2;
  forward(x: k.Tensor): k.Tensor {
    return x.mul(this.factor);
  }
}

describe('hooks', () => {
  test('run once in a call, and when forward is called', async () => {
    const scale = new Scale();
    const seen: unknown[] = [];
    const handles = [
      nn.registerForwardPreHook(scale, (module, [x]) => {
        seen.push(['pre', module === scale]);
        return x.add(1);
      }),
      nn.registerForwardHook(scale, (_, [x], y) => {
        seen.push(['post', x.size]);
        return y.mul(10);
      }),
      nn.registerFullBackwardHook(scale, (_, [grad]) => {
        seen.push(['back']);
        return grad?.mul(7) ?? null;
      }),
    ];
    for (const call of [scale, (x: k.Tensor) => scale.forward(x), new nn.Sequential(scale)]) {
      const x = k.tensor([1], { requiresGrad: true });
      const y = call(x);
      y.backward();
      expect([await y.item(), await x.grad?.item()]).toEqual([40, 140]);
      expect(seen.splice(0)).toEqual([['pre', true], ['post', 1], ['back']]);
    }
    for (const handle of handles) handle.remove();
    expect(await scale(k.tensor([1])).item()).toBe(2);
    expect(seen).toEqual([]);
  });

  test('see what a model calls inside, as summary does', () => {
    class Net extends nn.Module {
      a = new nn.Linear(2, 3);
      b = new nn.Linear(3, 1);
      forward(x: k.Tensor): k.Tensor {
        return this.b(this.a.forward(x));
      }
    }
    expect(nn.summary(new Net(), [4, 2]).rows.map(({ name, outputShape }) => [name, outputShape])).toEqual([
      ['', [4, 1]],
      ['a', [4, 3]],
      ['b', [4, 1]],
    ]);
  });
});

describe('in captured steps', () => {
  test('fields of modules that are called are looked after', async () => {
    const [first, second] = [new Scale(), new Scale()];
    const f = k.capture((x: k.Tensor) => second(first(x)));
    const seen: number[] = [];
    for (let i = 0; i < 9; i++) {
      if (i === 4) second.factor = 10;
      if (i === 7) first.forward = (x) => x.add(1);
      seen.push(await f(k.tensor([1])).item());
    }
    expect(seen).toEqual([4, 4, 4, 4, 20, 20, 20, 20, 20]);
    expect(f.stats().recordings).toBe(3);
  });

  test('a module is told apart by identity, and may be the function itself', async () => {
    const [two, three] = [new Scale(), Object.assign(new Scale(), { factor: 3 })];
    const f = k.capture((model: Scale, x: k.Tensor, held: { list: Scale[] }) =>
      held.list.reduce((y, m) => m(y), model(x)),
    );
    const seen: number[] = [];
    for (let i = 0; i < 9; i++) {
      const model = i % 2 ? two : three;
      seen.push(await f(model, k.tensor([1]), { list: [two] }).item());
    }
    expect(seen).toEqual([6, 4, 6, 4, 6, 4, 6, 4, 6]);
    expect(f.stats()).toMatchObject({ recordings: 2, replays: 6 });
    const g = k.capture(two);
    for (let i = 1; i < 5; i++) expect(await g(k.tensor([i])).item()).toBe(2 * i);
    expect(g.stats().replays).toBe(2);
    expect(k.step(() => two)).toBe(two);
  });
});

test('a module in the place of something else is named', () => {
  const wrong = (value: unknown): never => value as never;
  const model = new nn.Linear(1, 1);
  expect(() => k.relu(wrong(model))).toThrow('relu: x is a Linear, wants a tensor; call it');
  expect(() => new nn.Linear(wrong(model), 1)).toThrow('inFeatures is a Linear, wants a whole number');
  expect(() => new nn.Linear(1, 1, wrong(model))).toThrow('Linear: wants an object of options, got a Linear');
  expect(() => model.loadStateDict(wrong(model))).toThrow(
    'wants tensors by name, as stateDict() gives them, got a Linear',
  );
  expect(() =>
    nn.summary(
      wrong(() => {}),
      [1],
    ),
  ).toThrow('summary: wants a module, got a function');
});
