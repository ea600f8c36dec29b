/** Integers: what does not fit is refused or told, never wrapped in silence; types are what they are said to be. */
import * as k from 'kindling';
import { capture, tensor, where } from 'kindling';
import { DataLoader, type HostArray, TensorDataset } from 'kindling/data';
import { oneHot } from 'kindling/nn/functional';
import 'kindling/methods';
import { expect, test } from 'vitest';

const i32 = (data: k.Nested): k.Tensor => tensor(data, { dtype: 'i32' });
const [LEAST, MOST] = [-(2 ** 31), 2 ** 31 - 1];

test('sums that do not fit are errors where they are read', async () => {
  const cases: [string, k.Tensor][] = [
    ['sum', k.sum(i32([MOST, 1]))],
    [
      'sum',
      i32([
        [LEAST, -1],
        [1, 2],
      ]).sum({ dim: 1 }),
    ],
    ['sum', k.sum(tensor(Uint32Array.of(2 ** 32 - 1, 1)))],
    ['sum', k.sum(tensor(new Int32Array(70000).fill(MOST)))],
    ['prod', k.prod(i32([65536, 32768]))],
    ['cumsum', k.cumsum(i32([MOST, 1, -1]), 0)],
  ];
  for (const [name, y] of cases) {
    await expect(y.data(), name).rejects.toThrow(new RegExp(`^${name}: the result does not fit ${y.dtype}`));
    expect([...(await y.to('f32').data())].some(Number.isNaN), name).toBe(true);
    await expect(y.reshape([y.size]).detach().data()).rejects.toThrow('does not fit');
  }
});

test('sums that fit are exact', async () => {
  expect(await k.sum(i32([MOST, -MOST, 7])).item()).toBe(7);
  expect(await k.sum(i32([MOST - 1, 1])).item()).toBe(MOST);
  expect(await k.sum(i32([LEAST + 2, -1])).item()).toBe(LEAST + 1);
  expect(await k.sum(tensor(Uint32Array.of(2 ** 31, 2 ** 31 - 2))).item()).toBe(2 ** 32 - 2);
  expect(await k.sum(tensor(Int32Array.from({ length: 3001 }, (_, i) => (i % 2 ? MOST : -MOST)))).item()).toBe(-MOST);
  expect(await k.prod(i32([46340, 46340])).item()).toBe(2147395600);
  expect(await k.prod(i32([0, MOST, MOST, MOST])).item()).toBe(0);
  expect(await k.cumsum(i32([16777216, 1, 1]), 0).array()).toEqual([16777216, 16777217, 16777218]);
  expect(await k.mean(i32([MOST, 1])).item()).toBe(1073741824);
  expect(await k.sum(tensor([true, true, false])).item()).toBe(2);
});

test('a captured sum that stops fitting', async () => {
  const total = capture((x: k.Tensor) => k.sum(x));
  for (const x of [
    [1, 2],
    [3, 4],
    [5, 6],
  ])
    expect(await total(i32(x)).item()).toBe((x[0] ?? 0) + (x[1] ?? 0));
  await expect(total(i32([MOST, 6])).item()).rejects.toThrow('sum: the result does not fit i32');
});

test('numbers that an integer type does not hold', () => {
  expect(() => i32([3e9])).toThrow('tensor: 3000000000 does not fit i32');
  expect(() => i32([Number.NaN])).toThrow('tensor: NaN does not fit i32');
  expect(() => tensor([Number.POSITIVE_INFINITY], { dtype: 'u32' })).toThrow('Infinity does not fit u32');
  expect(() => tensor([-1], { dtype: 'u32' })).toThrow('tensor: -1 does not fit u32');
  expect(() => k.full([2], 2 ** 31, { dtype: 'i32' })).toThrow('full: 2147483648 does not fit i32');
  expect(() => k.arange(-1, 1, 1, { dtype: 'u32' })).toThrow('arange: from -1 to 1 by 1 is not of type u32');
  expect(() => tensor(BigInt64Array.of(2n ** 40n))).toThrow('tensor: 1099511627776 does not fit i32');
  expect(() => tensor(Float32Array.of(3e9), { dtype: 'i32' })).toThrow('does not fit i32');
});

test('numbers that it holds, and fractions, which are cut off', async () => {
  expect(await i32([1.7, -1.7, MOST, LEAST]).array()).toEqual([1, -1, MOST, LEAST]);
  expect(await k.arange(MOST - 1, MOST + 1, 1, { dtype: 'i32' }).array()).toEqual([MOST - 1, MOST]);
  const big = tensor(BigInt64Array.of(1n, -2n));
  expect([big.dtype, await big.array()]).toEqual(['i32', [1, -2]]);
  const nested = tensor([[1n], [2n]]);
  expect([nested.dtype, await nested.array()]).toEqual(['i32', [[1], [2]]]);
  expect(await tensor(BigUint64Array.of(2n ** 40n), { dtype: 'f32' }).array()).toEqual([2 ** 40]);
});

test('casts', async () => {
  const given = [0.5, -0.5, 1e10, -1e10, 2147483520, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const x = tensor([...given, 0, -0, 1e-40]);
  expect((await x.to('i32').data()).slice(0, 8)).toEqual(Int32Array.of(0, 0, MOST, LEAST, 2147483520, 0, MOST, LEAST));
  expect((await x.to('u32').data()).slice(0, 8)).toEqual(
    Uint32Array.of(0, 0, 2 ** 32 - 1, 0, 2147483520, 0, 2 ** 32 - 1, 0),
  );
  expect(await x.to('bool').array()).toEqual([...given.map(() => true), false, false, true]);
  expect(await i32([-1]).to('u32').item()).toBe(2 ** 32 - 1);
  expect(await tensor([0.5, 0, Number.NaN]).to('bool').array()).toEqual([true, false, true]);
  expect(() => x.to('float32' as never)).toThrow("to: dtype is 'float32', wants 'f32' or 'i32'");
});

test('choosing wants a bool', () => {
  const x = tensor([1, 2]);
  expect(() => where(x, x, 0)).toThrow(
    "where: wants a bool tensor to choose by, got f32; write ne(x, 0) or x.to('bool')",
  );
  expect(() => x.maskedFill(i32([1, 0]), 0)).toThrow('maskedFill: wants a bool tensor');
});

test('indices outside', async () => {
  const outside = i32([0, 3, -1]);
  expect(await k.indexSelect(i32([5, 6, 7]), 0, outside).array()).toEqual([5, LEAST, LEAST]);
  expect(await k.indexSelect(tensor([5, 6, 7]), 0, outside).array()).toEqual([5, Number.NaN, Number.NaN]);
  expect(await k.gather(tensor(Uint32Array.of(5, 6, 7)), 0, outside).array()).toEqual([5, 2 ** 32 - 1, 2 ** 32 - 1]);
  const bools = tensor([true, false, true]);
  await expect(k.indexSelect(bools, 0, outside).array()).rejects.toThrow('indexSelect: an index lies outside');
  expect(await k.indexSelect(bools, 0, i32([1, 0])).array()).toEqual([false, true]);
  expect(await oneHot(i32([1, 2, -1]), 2).array()).toEqual([
    [0, 1],
    [0, 0],
    [0, 0],
  ]);
});

test('operands that a type does not hold', async () => {
  expect(await i32([MOST, 1]).lt(3e9).array()).toEqual([true, true]);
  expect(await i32([1]).add(3e9).item()).toBe(3000000000);
  expect(
    await tensor(Uint32Array.of(2 ** 32 - 1))
      .eq(-1)
      .item(),
  ).toBe(0);
  expect(i32([1]).add(1).dtype).toBe('i32');
});

test('what does not fit stays so in whole numbers of it', async () => {
  const sum = (): k.Tensor => i32([MOST, 1]).sum();
  const made: Record<string, k.Tensor> = {
    relu: k.relu(sum()),
    clamp: sum().clamp({ min: 0 }),
    square: k.square(sum()),
    sign: k.sign(sum()),
    add: sum().add(1),
    'mul from the right': i32([0]).mul(sum()),
    maximum: k.maximum(i32([5]), sum()),
  };
  for (const [name, y] of Object.entries(made)) {
    expect(y.dtype, name).toBe('i32');
    await expect(y.data(), name).rejects.toThrow('sum: the result does not fit i32');
  }
  expect(await k.relu(i32([2, 3]).sum()).item()).toBe(5);
});

test('bytes that are labels, and bytes that are pictures', async () => {
  const labels = { data: Uint8Array.of(3, 1), shape: [2] };
  const load = async (...arrays: HostArray[]) => {
    for await (const batch of new DataLoader(new TensorDataset(...arrays), { batchSize: 2 })) {
      return Promise.all(batch.map(async (t) => [t.dtype, await t.array()]));
    }
    return [];
  };
  const pictures = { data: Uint8Array.of(0, 255, 51, 102), shape: [2, 1, 2] };
  expect(await load(pictures, labels)).toEqual([
    ['f32', [[[0, 1]], [[expect.closeTo(0.2), expect.closeTo(0.4)]]]],
    ['i32', [3, 1]],
  ]);
  // Labels of pixels, and words.
  expect(await load({ data: Float32Array.of(1, 2), shape: [2] }, pictures)).toEqual([
    ['f32', [1, 2]],
    ['i32', [[[0, 255]], [[51, 102]]]],
  ]);
  expect(await load({ data: Uint8Array.of(7, 8, 9, 10), shape: [2, 2] })).toEqual([
    [
      'i32',
      [
        [7, 8],
        [9, 10],
      ],
    ],
  ]);
  const big = { data: BigInt64Array.of(1n, 2n), shape: [2] };
  expect(() => new TensorDataset(big as never)).toThrow('got BigInt64Array; Int32Array.from(data, Number)');
});
