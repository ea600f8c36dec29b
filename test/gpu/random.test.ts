/** Tensors that the device makes by itself: random numbers, the same as the host's, and constants. */
import * as k from 'kindling';
import { capture, manualSeed, randomState, step } from 'kindling';
import { init, Linear, Parameter } from 'kindling/nn';
import { dropout, dropout2d } from 'kindling/nn/functional';
import { expect, test } from 'vitest';
import { Generator } from '../../src/tensor/generator.js';

const numbers = async (x: k.Tensor): Promise<number[]> => [...(await x.data())];

/** The largest difference, in units of the last place of `scale`. */
const ulps = (got: readonly number[], want: readonly number[], scale = 1): number =>
  Math.max(...got.map((value, i) => Math.abs(value - (want[i] ?? Number.NaN)))) / (scale * 2 ** -24);

test.each([6, 8, 1001])("the device's numbers are the host's: %i of them", async (length) => {
  manualSeed(77);
  const host = (stream: number) => new Generator(77, { stream });
  const [first, second, third] = [host(0), host(1), host(2)];
  const uniform = Array.from({ length }, () => Math.fround(first.uniform()));
  expect(await numbers(k.rand([length]))).toEqual(uniform);
  const normal = Array.from({ length }, () => second.normal());
  expect(ulps(await numbers(k.randn([length])), normal)).toBeLessThan(32);
  const shifted = Array.from({ length }, () => -3 + 2 * third.uniform());
  expect(ulps(await numbers(k.uniform([length], -3, -1)), shifted, 4)).toBeLessThan(2);
});

test('uniform numbers never reach the end of their range', async () => {
  const drawn = await numbers(k.uniform([100_000], 1, 1 + 2 ** -22));
  expect([...new Set(drawn)].sort()).toEqual([1, 1 + 2 ** -23]);
  expect(Math.max(...(await numbers(k.uniform([1000], -1, 0))))).toBeLessThan(0);
});

const LAWS: Readonly<Record<string, () => k.Tensor>> = {
  rand: () => k.rand([3, 5]),
  randn: () => k.randn([16]),
  randLike: () => k.randLike(k.zeros([7])),
  randnLike: () => k.randnLike(k.zeros([7])),
  uniform: () => k.uniform([9], 2, 3),
  randint: () => k.randint(0, 1000, [8]).to('f32'),
  randintLike: () => k.randintLike(k.zeros([5]), -9, 900),
  bernoulli: () => k.bernoulli(k.full([64], 0.5)),
  'bernoulli of one p': () => k.bernoulli(k.zeros([64]), { p: 0.25 }),
  normal: () => k.normal(2, 3, [6]),
  'normal of tensors': () => k.normal(k.zeros([2, 1]), k.ones([3])),
  'init.normal': () => init.normal(new k.Tensor([8])),
  'init.kaimingUniform': () => init.kaimingUniform(new k.Tensor([8, 4])),
  dropout: () => dropout(k.ones([64])),
  'dropout beside others': () => dropout2d(dropout(k.rand([2, 8, 3, 3]))).add(k.randn([3])),
};

test.each(Object.entries(LAWS))(
  '%s draws the same plainly, in a step, in a captured step and in its replays, and anew each time',
  async (_, draw) => {
    const four = async (call: () => k.Tensor): Promise<number[][]> => {
      manualSeed(5);
      const drawn: number[][] = [];
      for (let i = 0; i < 4; i++) drawn.push(await numbers(call()));
      return drawn;
    };
    const two = (): k.Tensor => draw().add(draw().mul(2));
    const plain = await four(two);
    const after = randomState();
    expect(await four(() => step(two))).toEqual(plain);
    const train = capture(two);
    expect(await four(train)).toEqual(plain);
    expect(randomState()).toEqual(after);
    expect(train.stats().replays).toBe(2);
    expect(new Set(plain.map(String)).size).toBe(4);
  },
);

test('a program draws the same, whichever of its parts are steps and whatever else runs between', async () => {
  const model = new Linear(4, 6);
  const drawn = async (run: (body: () => k.Tensor) => () => k.Tensor): Promise<unknown[]> => {
    manualSeed(9);
    const train = run(() => {
      model.weight.grad = null;
      const y = dropout(model.forward(k.rand([2, 4])), { p: 0.3 });
      const again = k.checkpoint((x: k.Tensor) => dropout(x.mul(k.randn([6]))), y);
      again.sum().backward();
      return k.cat([again.detach(), dropout(k.ones([1, 6])), (model.weight.grad as unknown as k.Tensor).T.mul(1)]);
    });
    const values: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      values.push(await numbers(train()), await k.randperm(5).array());
      step(() => model.forward(k.zeros([1, 4]))); // draws nothing, and so changes nothing
      values.push(await numbers(dropout(k.ones([9]))), k.randomState());
    }
    return values;
  };
  const plain = await drawn((body) => body);
  expect(await drawn((body) => () => step(body))).toEqual(plain);
  expect(await drawn(capture)).toEqual(plain);
});

test('what a checkpoint computes again draws the same numbers, replayed too', async () => {
  const w = new Parameter(k.ones([8]));
  const body = (): k.Tensor => {
    w.grad = null;
    const y = k.checkpoint((x: k.Tensor) => x.mul(x).mul(k.randn([8])), w);
    y.sum().backward();
    return k.cat([y.detach(), (w.grad as unknown as k.Tensor).mul(1)]);
  };
  const train = capture(body);
  for (let i = 0; i < 4; i++) {
    const values = await numbers(train());
    expect(
      ulps(
        values.slice(8),
        values.slice(0, 8).map((value) => 2 * value),
        8,
      ),
    ).toBeLessThan(4);
  }
});

test('whole numbers come equally often, from all of their range', async () => {
  const drawn = await numbers(k.randint(-2, 3, [20_000]));
  for (let value = -2; value < 3; value++) {
    expect(Math.abs(drawn.filter((one) => one === value).length / 20_000 - 0.2)).toBeLessThan(0.015);
  }
  const wide = await numbers(k.randint(0, 2 ** 32, [1000], { dtype: 'u32' }));
  expect(Math.max(...wide)).toBeGreaterThan(2 ** 31);
  expect(Math.min(...(await numbers(k.randint(-(2 ** 31), 2 ** 31, [1000]))))).toBeLessThan(-(2 ** 30));
  expect(() => k.randint(0, 2 ** 32, [1])).toThrow('randint: [0, 4294967296) is not within i32');
});

test('coins: sure ones, fair ones, and a probability that is no number', async () => {
  expect(await numbers(k.bernoulli(k.tensor([0, 1, Number.NaN])))).toEqual([0, 1, Number.NaN]);
  expect(await numbers(k.bernoulli(k.zeros([3]), { p: 1 }))).toEqual([1, 1, 1]);
  const fair = await numbers(k.bernoulli(k.full([20_000], 0.3)));
  expect(Math.abs(fair.reduce((sum, value) => sum + value) / 20_000 - 0.3)).toBeLessThan(0.015);
  expect(() => k.bernoulli(k.zeros([1]), { p: 1.5 })).toThrow('bernoulli: p 1.5 is not from 0 to 1');
  expect(() => k.normal(0, -1, [2])).toThrow('normal: std -1 is not a number from 0');
});

test('constants are made on the device, to the last bit', async () => {
  for (const dtype of ['f32', 'i32', 'u32', 'bool'] as const) {
    expect(await numbers(k.full([5], 1, { dtype }))).toEqual([1, 1, 1, 1, 1]);
    expect(await numbers(k.eye(2, 3, { dtype }))).toEqual([1, 0, 0, 0, 1, 0]);
  }
  expect(await numbers(k.full([4], -0.1))).toEqual(Array(4).fill(Math.fround(-0.1)));
  expect(await numbers(k.fullLike(k.zeros([2], { dtype: 'i32' }), -7))).toEqual([-7, -7]);
  expect(await numbers(k.arange(5, -1, -2, { dtype: 'i32' }))).toEqual([5, 3, 1]);
  expect(await numbers(k.arange(100_001))).toEqual(Array.from({ length: 100_001 }, (_, i) => i));
});

test.each([
  ['from −1000 to 1000 by 0.1', () => k.arange(-1000, 1000, 0.1), (i: number) => -1000 + i * 0.1],
  ['of 999 by 1/3', () => k.arange(0, 333, 1 / 3), (i: number) => i / 3],
])('a progression loses no digits: %s', async (_, make, value) => {
  const got = await numbers(make());
  for (const [i, one] of got.entries()) {
    const want = value(i);
    expect(Math.abs(one - want)).toBeLessThanOrEqual(2 ** -23 * Math.abs(want) + 2 ** -36);
  }
});

test('a captured step may write into what it has made of zeros', async () => {
  const train = capture((x: k.Tensor) =>
    k
      .zeros([2])
      .copy_(x)
      .add(k.full([2], 1)),
  );
  for (let i = 0; i < 3; i++) expect(await numbers(train(k.tensor([i, 2])))).toEqual([i + 1, 3]);
});
