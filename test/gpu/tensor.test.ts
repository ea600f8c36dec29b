/** Making tensors, reading them back, their types, and what is refused. */
import * as k from 'kindling';
import { expect, test } from 'vitest';
import { philox } from '../../src/tensor/philox.js';

const moments = (values: ArrayLike<number>): { mean: number; variance: number } => {
  const all = Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return { mean, variance: all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length };
};

test('tensor: numbers, nested arrays and booleans', async () => {
  const x = k.tensor([
    [
      [1, 2],
      [3, 4],
      [5, 6.5],
    ],
  ]);
  expect([x.shape, x.dtype, x.size, x.ndim]).toEqual([[1, 3, 2], 'f32', 6, 3]);
  expect(await x.data()).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6.5));
  expect(k.tensor(4).shape).toEqual([]);
  expect(await k.tensor(4).item()).toBe(4);
  const truth = k.tensor([[true], [false]]);
  expect([truth.shape, truth.dtype]).toEqual([[2, 1], 'bool']);
  expect(await truth.array()).toEqual([[true], [false]]);
  expect(await truth.data()).toEqual(Uint32Array.of(1, 0));
  expect(await k.tensor([true, 2, 0]).array()).toEqual([1, 2, 0]);
  expect(k.tensor([]).shape).toEqual([0]);
  expect(k.tensor([[], []]).shape).toEqual([2, 0]);
  expect(await k.tensor([[], []]).array()).toEqual([[], []]);
});

test('tensor: typed arrays give type and, with a shape, form', async () => {
  expect(k.tensor(Float32Array.of(1, 2)).dtype).toBe('f32');
  expect(k.tensor(Float64Array.of(1, 2)).dtype).toBe('f32');
  expect(k.tensor(Uint8Array.of(1, 2)).dtype).toBe('f32');
  const i = k.tensor(Int32Array.of(-1, 2, -(2 ** 31), 2 ** 31 - 1), { shape: [2, 2] });
  expect([i.dtype, i.shape]).toEqual(['i32', [2, 2]]);
  expect(await i.data()).toEqual(Int32Array.of(-1, 2, -(2 ** 31), 2 ** 31 - 1));
  const u = k.tensor(Uint32Array.of(0, 2 ** 32 - 1));
  expect(u.dtype).toBe('u32');
  expect(await u.array()).toEqual([0, 2 ** 32 - 1]);
  expect(await k.tensor(Uint8Array.of(0, 7), { dtype: 'bool' }).array()).toEqual([false, true]);
  expect(await k.tensor([1.9, -1.9], { dtype: 'i32' }).array()).toEqual([1, -1]);
  const part = new Float32Array([9, 1, 2, 9]).subarray(1, 3);
  expect(await k.tensor(part).array()).toEqual([1, 2]);
});

test('a tensor holds its own copy of what it was made from', async () => {
  const given = Float32Array.of(1, 2);
  const x = k.tensor(given);
  given[0] = 9;
  const read = await x.data();
  expect(read).toEqual(Float32Array.of(1, 2));
  read[1] = 9;
  expect(await x.array()).toEqual([1, 2]);
});

test('zeros, ones, full and their like', async () => {
  expect(await k.zeros([2, 2]).array()).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(await k.ones([3], { dtype: 'i32' }).data()).toEqual(Int32Array.of(1, 1, 1));
  expect(await k.full([], 2.5).item()).toBe(2.5);
  expect(await k.full([2], 7, { dtype: 'bool' }).array()).toEqual([true, true]);
  const like = k.tensor(Int32Array.of(5, 6), { shape: [2, 1] });
  for (const [made, value] of [
    [k.zerosLike(like), 0],
    [k.onesLike(like), 1],
  ] as const) {
    expect([made.shape, made.dtype]).toEqual([[2, 1], 'i32']);
    expect(await made.array()).toEqual([[value], [value]]);
  }
  expect(k.zeros([0, 3]).size).toBe(0);
  expect(k.ones([2], { requiresGrad: true }).requiresGrad).toBe(true);
  expect(k.ones([2]).requiresGrad).toBe(false);
});

test('arange, linspace, eye', async () => {
  expect(await k.arange(4).array()).toEqual([0, 1, 2, 3]);
  expect(await k.arange(2, 5).array()).toEqual([2, 3, 4]);
  expect(await k.arange(0, 1, 0.25).array()).toEqual([0, 0.25, 0.5, 0.75]);
  expect(await k.arange(0, 1.1, 0.5).array()).toEqual([0, 0.5, 1]);
  expect(await k.arange(5, 0, -2, { dtype: 'i32' }).data()).toEqual(Int32Array.of(5, 3, 1));
  expect(k.arange(0).shape).toEqual([0]);
  expect(await k.linspace(-1, 1, 5).array()).toEqual([-1, -0.5, 0, 0.5, 1]);
  expect(await k.linspace(3, 7, 1).array()).toEqual([3]);
  expect(await k.linspace(0.1, 0.7, 7).data()).toEqual(Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7));
  expect(await k.eye(2).array()).toEqual([
    [1, 0],
    [0, 1],
  ]);
  expect(await k.eye(2, 3).array()).toEqual([
    [1, 0, 0],
    [0, 1, 0],
  ]);
  expect(await k.eye(3, 1, { dtype: 'i32' }).array()).toEqual([[1], [0], [0]]);
});

test('rand, uniform and randn: range, moments, and no two alike', async () => {
  k.manualSeed(5);
  const uniform = await k.rand([100, 200]).data();
  expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...uniform)).toBeLessThan(1);
  expect(moments(uniform).mean).toBeCloseTo(0.5, 2);
  expect(moments(uniform).variance).toBeCloseTo(1 / 12, 2);
  const shifted = await k.uniform([1000], -3, -1).data();
  expect(shifted.every((value) => value >= -3 && value < -1)).toBe(true);
  const normal = await k.randn([20000]).data();
  expect(Math.abs(moments(normal).mean)).toBeLessThan(0.03);
  expect(Math.abs(moments(normal).variance - 1)).toBeLessThan(0.05);
  expect(normal.filter((value) => Math.abs(value) > 1.96).length / 20000).toBeCloseTo(0.05, 2);
  expect(await k.randn([8]).array()).not.toEqual(await k.randn([8]).array());
});

test('randint: every whole number of its range about equally often', async () => {
  k.manualSeed(6);
  const drawn = k.randint(-2, 3, [50, 100]);
  expect([drawn.dtype, drawn.shape]).toEqual(['i32', [50, 100]]);
  const counts = new Map<number, number>();
  for (const value of await drawn.data()) counts.set(value, (counts.get(value) ?? 0) + 1);
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
});

test('a seed gives the same numbers again: Philox of (seed, tensor, element)', async () => {
  const three = async () => [await k.rand([6]).array(), await k.randn([3]).array(), await k.randint(0, 9, [4]).array()];
  k.manualSeed(42);
  const first = await three();
  k.manualSeed(42);
  expect(await three()).toEqual(first);
  const between = k.randomState();
  const next = await three();
  expect(next).not.toEqual(first);
  k.setRandomState(between);
  expect(await three()).toEqual(next);
  k.manualSeed(43);
  expect(await three()).not.toEqual(first);

  k.manualSeed(2 ** 32 + 7);
  const words = [0, 1].flatMap((block) => [...philox([7, 1], [block, 0, 0, 1])]).slice(0, 6);
  expect(await k.rand([6]).array()).toEqual(words.map((word) => (word >>> 8) / 2 ** 24));
  const [word = 0] = philox([7, 1], [0, 0, 1, 1]);
  expect(await k.rand([1]).item()).toBe((word >>> 8) / 2 ** 24);
});

test('item and array', async () => {
  expect(await k.tensor([[[3.25]]]).item()).toBe(3.25);
  expect(await k.tensor([-3], { dtype: 'i32' }).item()).toBe(-3);
  expect(await k.tensor(2).array()).toBe(2);
  expect(await k.tensor(true).array()).toBe(true);
  expect(await k.arange(4).reshape(2, 1, 2).array()).toEqual([[[0, 1]], [[2, 3]]]);
  await expect(k.zeros([2]).item()).rejects.toThrow('item: wants one element, the shape is [2]');
  await expect(k.zeros([0]).item()).rejects.toThrow('the shape is [0]');
});

test('print writes the elements, toString shape and type', async () => {
  const { log } = console;
  const lines: unknown[] = [];
  console.log = (...parts: unknown[]) => lines.push(...parts);
  try {
    await k.print(k.tensor([[1, -2.5]]));
    await k.print(k.arange(2, 4, 1, { dtype: 'i32' }));
    await k.print(k.tensor([true, false]));
    await k.print(k.zeros([0, 3]));
  } finally {
    console.log = log;
  }
  expect(lines).toEqual([
    'tensor([[ 1.0000, -2.5000]])',
    'tensor([2, 3], dtype=i32)',
    'tensor([ True, False])',
    'tensor([], size=(0, 3))',
  ]);
  expect(String(k.zeros([2, 3]))).toBe('Tensor(shape=[2, 3], dtype=f32)');
  expect(`${k.zeros([], { requiresGrad: true })}`).toBe('Tensor(shape=[], dtype=f32, requiresGrad)');
});

const example = (dtype: k.DType): k.Tensor => k.tensor([1, 0, 2], { dtype });
const TYPES = ['bool', 'u32', 'i32', 'f32'] as const;

test('two types make the larger of f32, i32, u32, bool', async () => {
  for (const [i, a] of TYPES.entries()) {
    for (const [j, b] of TYPES.entries()) {
      const sum = k.add(example(a), example(b));
      const counted = (dtype: k.DType): number[] => (dtype === 'bool' ? [1, 0, 1] : [1, 0, 2]);
      expect(sum.dtype, `${a} + ${b}`).toBe(i === 0 && j === 0 ? 'i32' : TYPES[Math.max(i, j)]);
      expect(await sum.array(), `${a} + ${b}`).toEqual(counted(a).map((value, n) => value + (counted(b)[n] ?? 0)));
    }
  }
  for (const [dtype, whole, fraction] of [
    ['bool', 'i32', 'f32'],
    ['u32', 'u32', 'f32'],
    ['i32', 'i32', 'f32'],
    ['f32', 'f32', 'f32'],
  ] as const) {
    expect(example(dtype).add(2).dtype).toBe(whole);
    expect(k.mul(2, example(dtype)).dtype).toBe(whole);
    expect(example(dtype).add(0.5).dtype).toBe(fraction);
    expect(example(dtype).div(2).dtype).toBe('f32');
  }
});

test('casts', async () => {
  const x = k.tensor([-2.9, -0.5, 0, 0.5, 1, 2.9]);
  expect(x.to('f32')).toBe(x);
  expect(await x.to('i32').data()).toEqual(Int32Array.of(-2, 0, 0, 0, 1, 2));
  expect(await x.to('bool').array()).toEqual([true, true, false, true, true, true]);
  expect(await x.to('bool').to('f32').array()).toEqual([1, 1, 0, 1, 1, 1]);
  expect(await k.tensor(Int32Array.of(-1, 5)).to('u32').data()).toEqual(Uint32Array.of(2 ** 32 - 1, 5));
  expect(
    await k
      .tensor(Uint32Array.of(2 ** 32 - 1, 5))
      .to('i32')
      .data(),
  ).toEqual(Int32Array.of(-1, 5));
  expect(
    await k
      .tensor(Uint32Array.of(2 ** 32 - 256, 3))
      .to('f32')
      .array(),
  ).toEqual([2 ** 32 - 256, 3]);
  expect(await k.tensor(Int32Array.of(-16777217, 0)).to('bool').array()).toEqual([true, false]);
  expect(
    await k
      .tensor([3, 2 ** 31])
      .to('u32')
      .data(),
  ).toEqual(Uint32Array.of(3, 2 ** 31));
  expect(await k.zeros([0, 2]).to('i32').array()).toEqual([]);
  expect(k.tensor([1], { requiresGrad: true }).to('i32').requiresGrad).toBe(false);
});

test('after dispose, every use is an error that states the rule', async () => {
  const rule = /was freed.*return it from the step, or pass it to keep\(\)/;
  const x = k.tensor([1, 2]);
  const shared = x.reshape(2, 1);
  x.dispose();
  await expect(x.data()).rejects.toThrow(rule);
  await expect(x.item()).rejects.toThrow(k.KindlingError);
  await expect(shared.array()).rejects.toThrow(rule);
  expect(() => x.add(1)).toThrow(k.KindlingError);
  expect(() => x.add(1)).toThrow(/add.*: an input of shape \[2\]: this tensor was freed/);
  expect(() => k.ones([2]).mul(x)).toThrow(rule);
  expect(() => x.copy_(Float32Array.of(1, 2))).toThrow(rule);
  expect(() => k.ones([2]).copy_(x)).toThrow(rule);
  expect(() => x.dispose()).not.toThrow();
  const y = k.tensor([3]);
  y[Symbol.dispose]();
  await expect(y.item()).rejects.toThrow(rule);
});

test('memory that was given back does not change what was computed from it', async () => {
  const x = k.full([4], 3);
  const y = x.mul(2);
  x.dispose();
  const z = k.full([4], 5);
  const w = z.add(1);
  z.dispose();
  const late = k.full([4], 7);
  expect([await y.array(), await w.array(), await late.array()]).toEqual([
    [6, 6, 6, 6],
    [6, 6, 6, 6],
    [7, 7, 7, 7],
  ]);
});

test('copy_ writes in place, in order with what is recorded', async () => {
  const x = k.tensor([1, 2]);
  const view = x.reshape(2, 1);
  const before = x.mul(10);
  expect(x.copy_(Float32Array.of(3, 4))).toBe(x);
  const between = x.mul(10);
  x.copy_(k.tensor([5, 6]));
  const after = x.mul(10);
  expect([await before.array(), await between.array(), await after.array()]).toEqual([
    [10, 20],
    [30, 40],
    [50, 60],
  ]);
  expect(await view.array()).toEqual([[5], [6]]);
  expect(await x.copy_(x).array()).toEqual([5, 6]);
  const source = k.tensor([7, 8]);
  x.copy_(source);
  source.copy_(Float32Array.of(0, 0));
  expect(await x.array()).toEqual([7, 8]);
});

test('copy_ refuses what does not fit', () => {
  const x = k.zeros([2], { requiresGrad: true });
  expect(() => x.copy_(k.zeros([3]))).toThrow('copy_: 3 elements do not fit shape [2]');
  expect(() => x.copy_(new Float32Array(1))).toThrow('copy_: 1 elements do not fit shape [2]');
  expect(() => x.mul(2).copy_(k.zeros([2]))).toThrow('copy_: only leaves');
  expect(() => x.copy_(k.tensor(Int32Array.of(1, 2)))).toThrow('copy_: the elements are not of type f32');
  expect(() => x.copy_(Int32Array.of(1, 2))).toThrow('copy_: the elements are not of type f32');
});

test.each([
  ['lengths', () => k.tensor([[1, 2], [3]]), 'tensor: nested arrays differ in length at dimension 1'],
  ['depths', () => k.tensor([[1], 2]), 'tensor: wants numbers nested 2 deep, found 2'],
  ['a deeper part', () => k.tensor([1, [2]]), 'tensor: '],
  ['what is no number', () => k.tensor(['1'] as unknown as number[]), "tensor: wants numbers nested 1 deep, found '1'"],
  ['too many elements', () => k.tensor([1, 2, 3], { shape: [2] }), 'tensor: 3 elements do not fit shape [2]'],
  ['a typed array', () => k.tensor(Float32Array.of(1), { shape: [2] }), 'tensor: 1 elements do not fit shape [2]'],
  ['a negative length', () => k.zeros([2, -1]), 'zeros: [2, -1] is not a shape'],
  ['a broken length', () => k.randn([1.5]), 'randn: [1.5] is not a shape'],
  ['2^31 elements', () => k.zeros([65536, 32768]), 'more elements than 2^31 - 1'],
  ['arange the wrong way', () => k.arange(3, 0), 'arange: no way from 3 to 0 by 1'],
  ['arange by 0', () => k.arange(0, 3, 0), 'arange: no way from 0 to 3 by 0'],
  ['linspace of -1', () => k.linspace(0, 1, -1), 'linspace: steps is -1, wants a whole number from 0 on'],
  ['eye of 1.5', () => k.eye(1.5), 'eye: [1.5, 1.5] is not a shape'],
  ['randint of nothing', () => k.randint(3, 3, [2]), 'randint: no whole number in [3, 3)'],
  ['a seed', () => k.manualSeed(-1), 'manualSeed: -1'],
  ['gradients of whole numbers', () => k.zeros([1], { dtype: 'i32', requiresGrad: true }), 'requiresGrad_: only f32'],
  ['a reshape', () => k.zeros([4]).reshape(3, -1), 'reshape: 4 elements of [4] do not fit [3, -1]'],
] as const)('refused: %s', (_, make, message) => {
  expect(make).toThrow(k.KindlingError);
  expect(make).toThrow(message);
});

test('kindling/methods adds the other functions as methods', async () => {
  const x = k.tensor([[1, -2.5, 0.5]]);
  expect(await x.pow(2).array()).toEqual([[1, 6.25, 0.25]]);
  expect(await x.argmax({ dim: 1 }).array()).toEqual([0]);
  expect(await x.clamp({ min: -1 }).select(0, 0).slice(0, 1).array()).toEqual([-1, 0.5]);
  expect(await x.amax().item()).toBe(1);
});

test.each([
  ['cuda', 'Tensor has no cuda(): tensors are on the device already'],
  ['numel', 'Tensor has no numel(): see shape, size (of elements) and ndim'],
  ['neg_', 'Tensor has no neg_(): ops return a new tensor: x = x.add(y)'],
  ['log_softmax', 'Tensor has no log_softmax(): it is in camelCase here'],
  ['requires_grad_', 'Tensor has no requires_grad_(): it is in camelCase here'],
])("a method that is PyTorch's alone says what to write: %s", (name, message) => {
  expect(() => (k.ones([1]) as unknown as Record<string, () => void>)[name]?.()).toThrow(message);
});

test("PyTorch's requires_grad is not taken and forgotten", () => {
  expect(() => Object.assign(k.ones([1]), { requires_grad: true })).toThrow('it is requiresGrad here');
});

test('every method that kindling/methods adds is named where it is missing', async () => {
  const { MORE_METHODS } = await import('../../src/autograd/methods.js');
  const given = MORE_METHODS.split(' ');
  expect(new Set(given).size).toBe(given.length);
  // The suite imports them: none of the advice is left.
  const x = k.ones([1]) as unknown as Record<string, () => unknown>;
  for (const name of given) expect(() => x[name]?.(), name).not.toThrow(`Tensor has no ${name}()`);
});
