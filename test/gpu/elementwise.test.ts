/** Elementwise functions against plain JavaScript, over every branch of their shaders. */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { expect, test } from 'vitest';
import { binaryKernel, unaryGradKernel, unaryKernel } from '../../src/kernels/elementwise.js';
import { FLAT_CANDIDATES } from '../../src/kernels/flat.js';
import { stats } from '../../src/stream/stats.js';
import { launch } from '../../src/tensor/launch.js';
import { agree, type Bounds, build, close, get, plain, sizeOf, toTensor, values } from '../support/agree.js';
import { binaryRecords, record, unaryRecords } from '../support/records.js';

/** erf by its series, which converges everywhere in doubles for the arguments used here. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);
const tanhGelu = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

/** Both sides of every branch, and nothing within 1e-4 of a kink. */
const ALL = [-25.5, -7.5, -4.2, -3.3, -2.1, -1.3, -0.61, -0.4, -0.2, -0.07, -0.003];
const signed = [...ALL, ...ALL.map((x) => -x), 0.9, 1.7, 2.9, 5.5, 21.3].map(Math.fround);
const positive = [0.004, 0.03, 0.2, 0.7, 1.4, 2.6, 3.9, 17.5].map(Math.fround);
const loose: Bounds = { rtol: 2e-5, atol: 1e-5 };

type Line = readonly [string, (x: k.Tensor) => k.Tensor, (x: number) => number, (readonly number[])?, Bounds?];
const LINES: readonly Line[] = [
  ['neg', k.neg, (x) => -x],
  ['abs', k.abs, Math.abs],
  ['exp', k.exp, Math.exp, signed.filter((x) => x < 10)],
  ['log', k.log, Math.log, positive],
  ['log1p', k.log1p, Math.log1p, [...positive, -0.5, -0.02, -0.005].map(Math.fround), { rtol: 1e-6, atol: 2e-7 }],
  ['sqrt', k.sqrt, Math.sqrt, positive],
  ['rsqrt', k.rsqrt, (x) => 1 / Math.sqrt(x), positive, { rtol: 2e-5 }],
  ['reciprocal', k.reciprocal, (x) => 1 / x, signed.filter((x) => Math.abs(x) > 0.01)],
  ['square', k.square, (x) => x * x],
  ['sin', k.sin, Math.sin, signed, { rtol: 0, atol: 5e-7 }],
  ['cos', k.cos, Math.cos, signed, { rtol: 0, atol: 5e-7 }],
  ['tanh', k.tanh, Math.tanh, signed, { rtol: 2e-6, atol: 3e-7 }],
  ['sigmoid', k.sigmoid, sigmoid, signed, { rtol: 3e-6, atol: 3e-7 }],
  ['erf', k.erf, erf, signed.filter((x) => Math.abs(x) < 3.5), { rtol: 2e-6, atol: 5e-7 }],
  ['floor', k.floor, Math.floor],
  ['ceil', k.ceil, Math.ceil],
  ['sign', k.sign, Math.sign],
  ['relu', k.relu, (x) => Math.max(x, 0)],
  ['relu6', F.relu6, (x) => clamp(x, 0, 6)],
  ['leakyRelu', F.leakyRelu, (x) => (x > 0 ? x : 0.01 * x)],
  ['leakyRelu 0.2', (x) => F.leakyRelu(x, { negativeSlope: 0.2 }), (x) => (x > 0 ? x : 0.2 * x)],
  ['elu', F.elu, (x) => (x > 0 ? x : Math.expm1(x)), signed, { rtol: 1e-6, atol: 3e-7 }],
  ['elu 0.7', (x) => F.elu(x, { alpha: 0.7 }), (x) => (x > 0 ? x : 0.7 * Math.expm1(x))],
  ['silu', F.silu, (x) => x * sigmoid(x)],
  ['softplus', F.softplus, (x) => Math.log1p(Math.exp(x))],
  [
    'softplus, steep',
    (x) => F.softplus(x, { beta: 3, threshold: 4 }),
    (x) => (3 * x > 4 ? x : Math.log1p(Math.exp(3 * x)) / 3),
  ],
  ['gelu', F.gelu, (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)), signed.filter((x) => Math.abs(x) < 6)],
  ['gelu tanh', (x) => F.gelu(x, { approximate: 'tanh' }), tanhGelu],
  ['hardsigmoid', F.hardsigmoid, (x) => clamp(x / 6 + 0.5, 0, 1)],
  ['hardswish', F.hardswish, (x) => (x * clamp(x + 3, 0, 6)) / 6],
  ['clamp', (x) => k.clamp(x, { min: -1, max: 1.5 }), (x) => clamp(x, -1, 1.5)],
  ['clamp from below', (x) => k.clamp(x, { min: 0.5 }), (x) => Math.max(x, 0.5)],
  ['pow 2', (x) => k.pow(x, 2), (x) => x ** 2],
  ['pow 5', (x) => k.pow(x, 5), (x) => x ** 5, signed.filter((x) => Math.abs(x) < 8)],
  ['pow 0', (x) => k.pow(x, 0), () => 1],
  ['pow -3', (x) => k.pow(x, -3), (x) => x ** -3, signed.filter((x) => Math.abs(x) > 0.3)],
  ['pow 0.5', (x) => k.pow(x, 0.5), Math.sqrt, positive, loose],
  ['pow 1.7', (x) => k.pow(x, 1.7), (x) => x ** 1.7, [...positive, 1], loose],
  ['pow -0.7', (x) => k.pow(x, -0.7), (x) => x ** -0.7, [0.2, 0.7, 1, 2.6, 17.5].map(Math.fround), loose],
  ['pow 17', (x) => k.pow(x, 17), (x) => x ** 17, [-1.2, -0.9, 0.8, 1.1].map(Math.fround), { rtol: 5e-5 }],
  ['pow 18', (x) => k.pow(x, 18), (x) => x ** 18, [-1.2, -0.9, 0.8, 1.1].map(Math.fround), { rtol: 5e-5 }],
];

for (const [name, ours, theirs, at = signed, bounds = {}] of LINES) {
  test(name, () => agree(ours, (x) => plain(x.shape, x.data.map(theirs)), [plain([at.length], at)], bounds));
}

test('round goes to even, and whole numbers have signs of their own type', async () => {
  await close('round', k.round(k.tensor([-1.5, -0.5, 0.5, 1.5, 2.5, 2.6])), plain([6], [-2, -0, 0, 2, 2, 3]));
  expect(await k.neg(k.tensor(Int32Array.of(3, -4))).array()).toEqual([-3, 4]);
  expect(await k.abs(k.tensor(Int32Array.of(3, -4))).array()).toEqual([3, 4]);
  expect(await k.sign(k.tensor([-2, 0, 5])).array()).toEqual([-1, 0, 1]);
  expect(await k.pow(k.tensor([0, 0]), 2.5).array()).toEqual([0, 0]);
});

test('small arguments keep their digits', async () => {
  const small = [-0.0095, -3e-3, -1e-6].map(Math.fround);
  const wider = [-0.0995, ...small].map(Math.fround);
  const lines = [
    ['log1p', k.log1p, Math.log1p, small],
    ['elu', F.elu, Math.expm1],
    ['sin', k.sin, Math.sin],
    ['tanh', k.tanh, Math.tanh],
    ['erf', k.erf, erf],
  ] as const;
  for (const [name, ours, theirs, x = wider] of lines) {
    await close(name, ours(k.tensor([...x])), plain([x.length], x.map(theirs)), { rtol: 5e-7, atol: 0 });
  }
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

type Pair = readonly [string, (a: k.Tensor, b: k.Tensor) => k.Tensor, (a: number, b: number) => number, number?];
const PAIRS: readonly Pair[] = [
  ['add', k.add, (a, b) => a + b],
  ['sub', k.sub, (a, b) => a - b],
  ['mul', k.mul, (a, b) => a * b],
  ['div', k.div, (a, b) => a / b, 0.5],
  ['maximum', k.maximum, Math.max],
  ['minimum', k.minimum, Math.min],
  ['pow', k.pow, (a, b) => a ** b, 0.5],
];
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

for (const [name, ours, theirs, low = -2] of PAIRS) {
  test.each(SHAPES)(`${name} of %j and %j`, async (a, b) => {
    await agree(ours, outer(theirs, a, b), [values(a, low, 2), values(b, low, 2)]);
  });
}

test.each([1, 7, 1023, 1024, 4099, 8192])('%d elements, cut in every way', async (size) => {
  const a = Float32Array.from({ length: size }, (_, i) => (i % 7) - 3);
  const b = Float32Array.from({ length: size }, (_, i) => (i % 5) / 4);
  const [x, y] = [k.keep(k.tensor(a)), k.keep(k.tensor(b))];
  const row = { shape: [size], stridesA: [1], stridesB: [1], type: 'f32', part: 'value' } as const;
  for (const flat of FLAT_CANDIDATES) {
    const made = [
      launch(unaryKernel(record(unaryRecords, 'relu'), { size, flat }), [x], [size]),
      launch(unaryGradKernel(record(unaryRecords, 'relu'), { size, flat }), [x, k.relu(x), y], [size]),
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
