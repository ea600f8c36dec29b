/** Captured steps: tensors in arguments and results of every kind are found. */

import * as k from 'kindling';
import * as nn from 'kindling/nn';
import { SGD } from 'kindling/optim';
import { describe, expect, test } from 'vitest';

class Batch {
  constructor(
    public x: k.Tensor,
    public readonly name = 'batch',
  ) {}

  doubled(): k.Tensor {
    return this.x.mul(2);
  }
}

class Masked extends Batch {
  more: { mask?: k.Tensor; list: unknown[] } = { list: [] };
}

/** Refers to itself. */
class Ring {
  readonly self = this;
  readonly parts: unknown[] = [this];
  constructor(readonly x: k.Tensor) {}
}

/** What a captured function makes of an argument with 1, 2, … 5 in it. */
async function calls<T>(make: (i: k.Tensor) => T, body: (given: T) => k.Tensor): Promise<number[]> {
  const f = k.capture(body);
  const seen: number[] = [];
  for (let i = 1; i <= 5; i++) seen.push(await f(make(k.tensor([i]))).item());
  expect(f.stats()).toMatchObject({ recordings: 1, replays: 3 });
  return seen;
}

describe('new tensors are seen', () => {
  const twice = [2, 4, 6, 8, 10];
  test('in an instance of a class, through its methods', async () => {
    expect(
      await calls(
        (x) => new Batch(x),
        (batch) => batch.doubled(),
      ),
    ).toEqual(twice);
  });
  test('deep in one of a derived class', async () => {
    const make = (x: k.Tensor) => Object.assign(new Masked(x), { more: { mask: x, list: [new Map([['x', x]])] } });
    expect(await calls(make, ({ x, more }) => x.add(more.mask ?? 0))).toEqual(twice);
    expect(
      await calls(make, ({ more }) => (more.list[0] as Map<string, k.Tensor>).get('x')?.mul(2) ?? k.zeros([1])),
    ).toEqual(twice);
  });
  test('in Maps, Sets, fields of arrays, objects without prototype and under symbols', async () => {
    const key = Symbol('x');
    expect(
      await calls(
        (x) => new Map([[1, x]]),
        (map) => (map.get(1) as k.Tensor).mul(2),
      ),
    ).toEqual(twice);
    expect(
      await calls(
        (x) => new Set([x]),
        (set) => ([...set][0] as k.Tensor).mul(2),
      ),
    ).toEqual(twice);
    expect(
      await calls(
        (x) => Object.assign([0], { x }),
        (list) => list.x.mul(2),
      ),
    ).toEqual(twice);
    expect(
      await calls(
        (x) => Object.assign(Object.create(null), { x }) as { x: k.Tensor },
        ({ x }) => x.mul(2),
      ),
    ).toEqual(twice);
    expect(
      await calls(
        (x) => ({ [key]: x }),
        (held) => held[key].mul(2),
      ),
    ).toEqual(twice);
  });
  test('in what refers to itself', async () => {
    const body = (ring: Ring) => ring.self.self.x.add((ring.parts[0] as Ring).x);
    expect(await calls((x) => new Ring(x), body)).toEqual(twice);
  });
  test('in the order in which they lie', async () => {
    const f = k.capture(({ a, b }: { a: k.Tensor; b: k.Tensor }) => a.sub(b));
    const [a, b] = [k.tensor([5]), k.tensor([1])];
    for (const given of [
      { a, b },
      { a, b },
      { a, b },
      { b, a },
      { b, a },
    ])
      expect(await f(given).item()).toBe(4);
  });
  test('where two arguments share an object, or no longer do', async () => {
    const f = k.capture((one: { x: k.Tensor }, other: { x: k.Tensor }) => one.x.add(other.x));
    const at = (i: number) => ({ x: k.tensor([i]) });
    const both = at(1);
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) seen.push(await f(both, both).item());
    for (let i = 0; i < 3; i++) seen.push(await f(at(1), at(10)).item());
    expect(seen).toEqual([2, 2, 2, 11, 11, 11]);
  });
});

test('numbers, in typed arrays and fields of instances too, make a recording each', async () => {
  const f = k.capture((x: k.Tensor, factors: Float32Array, batch: Batch) =>
    x.mul(factors[0] ?? 0).mul(batch.name.length),
  );
  const factors = new Float32Array([2]);
  const seen: number[] = [];
  for (const [factor, name] of [
    [2, 'a'],
    [2, 'a'],
    [2, 'a'],
    [3, 'a'],
    [3, 'a'],
    [3, 'bb'],
  ] as const) {
    factors[0] = factor;
    seen.push(await f(k.ones([1]), factors, new Batch(k.ones([1]), name)).item());
  }
  expect(seen).toEqual([2, 2, 2, 3, 3, 6]);
});

test.each<[string, (value: number) => unknown, (given: never) => number]>([
  ['a Date', (value) => new Date(value), (date: Date) => date.getTime()],
  [
    'an ArrayBuffer',
    (value) => new Uint8Array([value]).buffer,
    (buffer: ArrayBuffer) => new Uint8Array(buffer)[0] ?? 0,
  ],
  ['a DataView', (value) => new DataView(new Uint8Array([value]).buffer), (view: DataView) => view.getUint8(0)],
])('%s is what it holds', async (_, make, read) => {
  const f = k.capture((x: k.Tensor, held: unknown) => x.mul(read(held as never)));
  const seen: number[] = [];
  for (const value of [1, 1, 1, 2, 2, 2]) seen.push(await f(k.ones([1]), make(value)).item());
  expect(seen).toEqual([1, 1, 1, 2, 2, 2]);
  expect(f.stats().replays).toBe(3);
});

test('a Date that is changed in place is another, as an argument and in a field', async () => {
  const date = new Date(1);
  const model = Object.assign(new nn.Tanh(), { date: new Date(1) });
  const f = k.capture((x: k.Tensor, when: Date) => x.mul(when.getTime()).mul(model.date.getTime()));
  const seen: number[] = [];
  for (const [at, field] of [
    [1, 1],
    [1, 1],
    [1, 1],
    [2, 1],
    [2, 1],
    [2, 3],
    [2, 3],
  ] as const) {
    date.setTime(at);
    model.date.setTime(field);
    seen.push(await f(k.ones([1]), date).item());
  }
  expect(seen).toEqual([1, 1, 1, 2, 2, 6, 6]);
});

test('modules, optimizers and functions are told apart by identity', async () => {
  const models = [new nn.Linear(2, 1), new nn.Linear(2, 1)];
  const sgds = models.map((model) => new SGD(model.parameters(), { lr: 0.1 }));
  const train = k.capture((model: nn.Module, sgd: SGD, loss: (y: k.Tensor) => k.Tensor, x: k.Tensor) => {
    sgd.zeroGrad();
    loss(model.forward(x)).backward();
    sgd.step();
  });
  const loss = (y: k.Tensor) => y.mul(y).sum();
  const before = await Promise.all(models.map(({ weight }) => weight.array()));
  for (let i = 0; i < 8; i++) train(models[i % 2] as nn.Linear, sgds[i % 2] as SGD, loss, k.ones([1, 2]));
  const after = await Promise.all(models.map(({ weight }) => weight.array()));
  for (const i of [0, 1]) expect(after[i]).not.toEqual(before[i]);
  expect(train.stats()).toMatchObject({ recordings: 2, replays: 5 });
});

test('results may be instances of classes, Maps and Sets; what was there before is returned itself', async () => {
  const w = k.tensor([7]);
  const f = k.capture((x: k.Tensor) => ({
    batch: new Batch(x.mul(2)),
    map: new Map([['y', x.mul(3)]]),
    set: new Set([x.mul(4)]),
    w,
  }));
  const made = Array.from({ length: 4 }, (_, i) => f(k.tensor([i])));
  const seen = made.map(async ({ batch, map, set, w: same }) => {
    expect(same).toBe(w);
    return [await batch.x.item(), await batch.doubled().item(), await map.get('y')?.item(), await [...set][0]?.item()];
  });
  expect(await Promise.all(seen)).toEqual([0, 1, 2, 3].map((i) => [2 * i, 4 * i, 3 * i, 4 * i]));
});

test('fields that the user has put on an argument', async () => {
  const f = k.capture((x: k.Tensor & { scale?: number }) => x.mul(x.scale ?? 1));
  const seen: number[] = [];
  for (const scale of [3, 3, 3, 3, 4, 4, 4]) seen.push(await f(Object.assign(k.ones([1]), { scale })).item());
  expect(seen).toEqual([3, 3, 3, 3, 4, 4, 4]);
});
