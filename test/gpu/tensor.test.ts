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
