/** Elementwise functions against plain JavaScript, over every branch of their shaders. */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { expect, test } from 'vitest';
import { binaryKernel, unaryGradKernel, unaryKernel } from '../../src/kernels/elementwise.js';
import { FLAT_CANDIDATES } from '../../src/kernels/flat.js';
import { stats } from '../../src/stream/stats.js';
import { launch, widest } from '../../src/tensor/launch.js';
import { agree, at, build, close, get, type Plain, plain, sizeOf, toTensor, values } from '../support/agree.js';
import { UNARY } from '../support/elementwise.js';
import { callOf } from '../support/elementwiseCalls.js';
import { EVERYWHERE } from '../support/elementwiseLine.js';
import { PAIRS } from '../support/elementwisePairs.js';
import { binaryRecords, record, unaryRecords } from '../support/records.js';

for (const [
  name,
  { plain: theirs, on = EVERYWHERE, at = on.at, bounds = {}, asks, exact, exactTo = 6e-7 },
] of Object.entries(UNARY)) {
  if (at.length > 0)
    test(name, () =>
      agree(callOf(name), (x) => plain(x.shape, x.data.map(theirs)), [plain([at.length], at)], {
        ...bounds,
        grad: !asks,
      }),
    );
  if (exact)
    test(`${name} is off by less than ${exactTo} of itself`, async () => {
      const want = plain([exact.length], exact.map(theirs));
      await close(name, callOf(name)(k.tensor([...exact])), want, { rtol: exactTo, atol: 0 });
    });
}

test('whole numbers have signs of their own type', async () => {
  expect(await k.neg(k.tensor(Int32Array.of(3, -4))).array()).toEqual([-3, 4]);
  expect(await k.abs(k.tensor(Int32Array.of(3, -4))).array()).toEqual([3, 4]);
  expect(await k.sign(k.tensor([-2, 0, 5])).array()).toEqual([-1, 0, 1]);
  expect(await k.pow(k.tensor([0, 0]), 2.5).array()).toEqual([0, 0]);
});

test.each(Object.entries(PAIRS))('%s of whole numbers', async (name, { plain: theirs }) => {
  const [a, b] = [Int32Array.of(3, -4, 0, 7), Int32Array.of(2, 3, 1, 2)];
  const y = callOf(name)(k.tensor(a), k.tensor(b));
  const wanted = Array.from(a, (x, i) => theirs(x, b[i] ?? 0));
  const made = y.dtype === 'f32' ? wanted : wanted.map(Math.trunc);
  await close(name, y, plain([4], made), { rtol: 6e-7, atol: 0 });
});

test('functions of floats take numbers and integers as they are', async () => {
  const [one, large] = [k.tensor(Int32Array.of(-1)), k.tensor(Uint32Array.of(3_000_000_000))];
  for (const { name } of binaryRecords.filter(({ inFloats }) => inFloats)) {
    const plain = PAIRS[name]?.plain ?? Math.hypot;
    expect(await callOf(name)(-0, one).item(), name).toBeCloseTo(plain(-0, -1), 6);
    expect(await callOf(name)(one, -0).item(), name).toBeCloseTo(plain(-1, -0), 6);
  }
  expect(await k.div(large, one).item()).toBe(-3_000_000_000);
});

test('kinks: the gradient PyTorch chooses', async () => {
  const at = async (fn: (x: k.Tensor) => k.Tensor, value: number): Promise<number> => {
    const x = k.tensor([value], { requiresGrad: true });
    fn(x).sum().backward();
    return (await x.grad?.item()) ?? Number.NaN;
  };
  expect(await at(k.relu, 0)).toBe(0);
  expect(await at(k.abs, 0)).toBe(0);
  expect(await at(F.relu6, 6)).toBe(0);
  expect(await at((x) => F.leakyRelu(x), 0)).toBeCloseTo(0.01);
  expect(await at(F.elu, 0)).toBe(1);
  expect(await at((x) => k.clamp(x, { min: 1 }), 1)).toBe(1);
  expect(await at((x) => k.clamp(x, { max: 1 }), 1)).toBe(1);
});

test('more elements than one row of workgroups can hold', async () => {
  const size = 65535 * 64 + 100;
  const data = await k.add(k.arange(size), 1).data();
  expect(data.length).toBe(size);
  expect(data.findIndex((value, i) => value !== i + 1)).toBe(-1);
}, 60_000);

const SHAPES = [
  [[6], [6]],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [[], [3, 2]],
  [
    [2, 3, 2, 2],
    [3, 1, 1],
  ],
  [
    [1, 5],
    [3, 1],
  ],
  // Four at once: in one shape, with one element for all, along a row, the same for four, and apart.
  [[8], [8]],
  [[2, 4], []],
  [[4], [2, 4]],
  [
    [2, 8],
    [2, 1],
  ],
  [
    [2, 1, 4],
    [2, 3, 1],
  ],
  [
    [2, 2, 1, 3],
    [2, 1, 2, 1],
  ],
] as const;

function outer(f: (a: number, b: number) => number, a: readonly number[], b: readonly number[]) {
  const rank = Math.max(a.length, b.length);
  const length = (s: readonly number[], d: number): number => s[d - rank + s.length] ?? 1;
  const shape = Array.from({ length: rank }, (_, d) => Math.max(length(a, d), length(b, d)));
  return (x: ReturnType<typeof plain>, y: ReturnType<typeof plain>) =>
    build(shape, (...c) => f(get(x, ...c), get(y, ...c)));
}

for (const [
  name,
  { plain: theirs, a: [lowA, highA] = [-2, 2], b: [lowB, highB] = [-2, 2], asks, ...line },
] of Object.entries(PAIRS)) {
  // Whole numbers, some of which are equal, where something is asked.
  const inputs = ({ shape, data }: Plain): Plain => plain(shape, asks ? data.map(Math.round) : data);
  test.each(SHAPES)(`${name} of %j and %j`, async (a, b) => {
    const given = [inputs(values(a, lowA, highA)), inputs(values(b, lowB, highB))];
    await agree(callOf(name), outer(theirs, a, b), given, { ...line.bounds, grad: !asks });
  });
  const { exact: [as, bs] = [], exactTo = 6e-7 } = line;
  if (as && bs)
    test(`${name} is off by less than ${exactTo} of itself`, async () => {
      const want = plain(
        [as.length],
        as.map((a, i) => theirs(a, at(bs, i))),
      );
      await close(name, callOf(name)(k.tensor([...as]), k.tensor([...bs])), want, { rtol: exactTo, atol: 0 });
    });
}

test.each([1, 7, 1023, 1024, 4099, 8192])('%d elements, cut in every way', async (size) => {
  const a = Float32Array.from({ length: size }, (_, i) => (i % 7) - 3);
  const b = Float32Array.from({ length: size }, (_, i) => (i % 5) / 4);
  const [x, y] = [k.keep(k.tensor(a)), k.keep(k.tensor(b))];
  const row = { shape: [size], stridesA: [1], stridesB: [1], type: 'f32', part: 'value' } as const;
  for (const flat of FLAT_CANDIDATES.filter(({ workgroup }) => workgroup <= widest())) {
    const made = [
      launch(unaryKernel(record(unaryRecords, 'relu'), { size, flat }), [x], [size]),
      launch(unaryGradKernel(record(unaryRecords, 'relu'), { size, flat }), [k.relu(x), y], [size]),
      launch(binaryKernel(record(binaryRecords, 'sub'), { ...row, flat }), [x, y], [size]),
      launch(binaryKernel(record(binaryRecords, 'lt'), { ...row, stridesB: [0], flat }), [x, y], [size], 'bool'),
    ];
    const want = [
      a.map((value) => Math.max(value, 0)),
      a.map((value, i) => (value > 0 ? (b[i] ?? 0) : 0)),
      a.map((value, i) => value - (b[i] ?? 0)),
      Uint32Array.from(a, (value) => Number(value < 0)),
    ];
    for (const [i, tensor] of made.entries()) expect(await tensor.data(), JSON.stringify(flat)).toEqual(want[i]);
  }
});

test('another parameter is no other shader', async () => {
  const x = k.tensor([1, 2, 3]);
  expect(await k.clamp(x, { min: 1.5 }).array()).toEqual([1.5, 2, 3]);
  const before = stats().pipelines;
  expect(await k.clamp(x, { min: 2.5 }).array()).toEqual([2.5, 2.5, 3]);
  expect(await k.clamp(k.tensor([[1], [4], [3], [9], [5]]), { min: 4 }).array()).toEqual([[4], [4], [4], [9], [5]]);
  expect(stats().pipelines).toBe(before);
});

test('infinities as parameters are told apart, and NaN passes through a clamp', async () => {
  const [inf, x] = [Number.POSITIVE_INFINITY, k.tensor([Number.NaN, 1])];
  expect(await k.clamp(x, { min: -inf, max: inf }).array()).toEqual([Number.NaN, 1]);
  expect(await k.clamp(x, { min: inf }).array()).toEqual([Number.NaN, inf]);
  expect(await k.clamp(x, { max: -inf }).array()).toEqual([Number.NaN, -inf]);
  expect(await k.pad(x, [1, 0], { value: inf }).array()).toEqual([inf, Number.NaN, 1]);
  expect(await k.pad(x, [1, 0], { value: -inf }).array()).toEqual([-inf, Number.NaN, 1]);
  expect(() => k.clamp(x, { min: Number.NaN })).toThrow('clampMin: the parameter is NaN');
});

test('comparisons', async () => {
  const a = k.tensor([1, 2, 3]);
  const b = k.tensor([[2], [3]]);
  const rows = (f: (x: number, y: number) => boolean) => [2, 3].map((y) => [1, 2, 3].map((x) => f(x, y)));
  expect(await k.eq(a, b).array()).toEqual(rows((x, y) => x === y));
  expect(await k.ne(a, b).array()).toEqual(rows((x, y) => x !== y));
  expect(await k.lt(a, b).array()).toEqual(rows((x, y) => x < y));
  expect(await k.le(a, b).array()).toEqual(rows((x, y) => x <= y));
  expect(await k.gt(a, b).array()).toEqual(rows((x, y) => x > y));
  expect(await k.ge(a, b).array()).toEqual(rows((x, y) => x >= y));
});

test('types: whole numbers stay whole, a fraction makes f32, a comparison bool', async () => {
  const whole = k.tensor(Int32Array.of(1, -2, 3));
  expect(await whole.add(2).array()).toEqual([3, 0, 5]);
  expect(whole.mul(whole).dtype).toBe('i32');
  expect(await whole.mul(0.5).array()).toEqual([0.5, -1, 1.5]);
  expect(await whole.div(2).array()).toEqual([0.5, -1, 1.5]);
  expect(k.lt(whole, 2).dtype).toBe('bool');
  expect(await k.add(k.lt(whole, 2), k.lt(whole, 0)).array()).toEqual([1, 2, 0]);
});

test('powers of zero: the gradient by the exponent is 0', async () => {
  const exponents = k.tensor([0, 0.5, 2], { requiresGrad: true });
  k.pow(k.zeros([3]), exponents)
    .sum()
    .backward();
  expect(await exponents.grad?.array()).toEqual([0, 0, 0]);
});

test('ties of maximum and minimum share the gradient', async () => {
  for (const fn of [k.maximum, k.minimum]) {
    const a = k.tensor([1, 1], { requiresGrad: true });
    const b = k.tensor([1, 1], { requiresGrad: true });
    fn(a, b).sum().backward();
    expect([await a.grad?.array(), await b.grad?.array()]).toEqual([
      [0.5, 0.5],
      [0.5, 0.5],
    ]);
  }
});

test('no elements are no work, and shapes that do not broadcast are named', async () => {
  expect(await k.add(k.zeros([0, 3]), k.ones([3])).array()).toEqual([]);
  expect(sizeOf((await k.relu(k.zeros([2, 0]))).shape)).toBe(0);
  expect(() => k.add(k.zeros([2, 3]), k.zeros([4]))).toThrow('add: shapes [2, 3] and [4] do not broadcast');
  expect(() => k.clamp(toTensor(values([1])), {})).toThrow('clamp: give min, max or both');
});
