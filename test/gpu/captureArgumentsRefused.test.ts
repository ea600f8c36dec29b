/** Captured steps refuse arguments that cannot be followed, and such as the function changes. */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import { SGD } from 'kindling/optim';
import { expect, test } from 'vitest';

class Batch {
  constructor(public x: k.Tensor) {}
}

class Hidden {
  readonly #x: k.Tensor;
  constructor(x: k.Tensor) {
    this.#x = x;
  }
  get x(): k.Tensor {
    return this.#x;
  }
}

/** What the calls of a captured function end in. */
const errors = <T>(make: () => T, body: (given: T) => unknown): string[] => {
  const f = k.capture(body);
  return Array.from({ length: 3 }, () => {
    try {
      f(make());
      return 'nothing';
    } catch (error) {
      return String(error);
    }
  });
};
test('private fields', () => {
  for (const text of errors(
    () => new Hidden(k.ones([1])),
    ({ x }) => x.mul(2),
  ))
    expect(text).toMatch(/private fields.*public/);
});
test('an argument that is changed', () => {
  const body = (batch: Batch) => {
    batch.x = batch.x.reshape(1, 1);
  };
  for (const text of errors(() => new Batch(k.ones([1])), body)) expect(text).toMatch(/changes argument 1.x/);
});
test('an argument that is written in place', () => {
  const [, ...later] = errors(
    () => k.ones([1]),
    (x) => x.copy_(x.mul(2)).mul(1),
  );
  for (const text of later) expect(text).toMatch(/argument is written in place/);
});
test('one that the function writes through a variable', async () => {
  const total = k.zeros([1]);
  const f = k.capture((x: k.Tensor) => {
    total.copy_(total.add(1));
    return x.mul(2);
  });
  expect(await f(total).item()).toBe(2);
  for (let i = 0; i < 3; i++) expect(() => f(total)).toThrow(/writes into a tensor that is an argument too.*clone/);
  for (let i = 0; i < 4; i++) expect(await f(total.clone()).item()).toBe(8 + 2 * i);
  expect(() => f(total.detach())).toThrow(/argument too/);
  expect(await total.item()).toBe(8);
});
test('a range that an optimizer writes, and not its neighbour', async () => {
  const [w, v] = [new nn.Parameter(k.ones([64])), new nn.Parameter(k.ones([64]))];
  new SGD([w, v], { lr: 1 });
  const sgd = new SGD([w], { lr: 1 });
  const f = k.capture((x: k.Tensor) => {
    sgd.zeroGrad();
    w.mul(x).sum().backward();
    sgd.step();
  });
  for (let i = 0; i < 4; i++) f(v.detach());
  expect(() => f(w.detach())).toThrow(/argument too/);
  expect((await w.data())[63]).toBe(-3);
});
test.each<[string, () => unknown]>([
  ['an iterator', () => [k.ones([1])].values()],
  [
    'a generator',
    () =>
      (function* () {
        yield k.ones([1]);
      })(),
  ],
  ['one deep in an argument', () => [{ it: new Map([[1, k.ones([1])]]).values() }]],
])('%s', (_, make) => {
  for (const text of errors(make, () => k.ones([1]))) expect(text).toMatch(/an iterator .*\[\.\.\.it\]/);
});
test('a date that the function changes', () => {
  const body = (date: Date) => void date.setTime(7);
  for (const text of errors(() => new Date(0), body)) expect(text).toMatch(/changes argument 1/);
});
test('an argument that requires a gradient, whenever it comes', () => {
  const w = k.ones([1], { requiresGrad: true });
  const f = k.capture((x: k.Tensor) => x.mul(2));
  for (let i = 0; i < 3; i++) f(k.ones([1]));
  expect(() => f(w)).toThrow('parameters belong outside');
  expect(() => f(w.mul(2))).toThrow('detach()');
  expect(() => f(w.mul(2).detach())).not.toThrow();
});
