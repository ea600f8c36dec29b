/** Functions that move elements, and running sums, against plain JavaScript. */
import * as k from 'kindling';
import { expect, test } from 'vitest';
import {
  agree,
  alongRows,
  at,
  build,
  close,
  get,
  type Plain,
  plain,
  sizeOf,
  toTensor,
  values,
} from '../support/agree.js';

/** Rows of a multiple of four: what moves four elements at once, and what cannot. */
test('moving elements of rows of eight', async () => {
  const x = values([3, 4, 8]);
  const [a = 0, b = 0, c = 0] = x.shape;
  const moved = async (
    name: string,
    ours: (x: k.Tensor) => k.Tensor,
    shape: number[],
    from: (...c: number[]) => number,
  ) => close(name, ours(toTensor(x)), build(shape, from), { rtol: 0, atol: 0 });
  const get3 = (i: number, j: number, l: number): number => get(x, i, j, l);
  await moved(
    'flip 0',
    (t) => k.flip(t, 0),
    [3, 4, 8],
    (i = 0, j = 0, l = 0) => get3(a - 1 - i, j, l),
  );
  await moved(
    'flip 1',
    (t) => k.flip(t, 1),
    [3, 4, 8],
    (i = 0, j = 0, l = 0) => get3(i, b - 1 - j, l),
  );
  await moved(
    'flip 2',
    (t) => k.flip(t, 2),
    [3, 4, 8],
    (i = 0, j = 0, l = 0) => get3(i, j, c - 1 - l),
  );
  await moved(
    'flip all',
    (t) => k.flip(t, [0, 1, 2]),
    [3, 4, 8],
    (i = 0, j = 0, l = 0) => get3(a - 1 - i, b - 1 - j, c - 1 - l),
  );
  await moved(
    'permute 1 0 2',
    (t) => k.permute(t, [1, 0, 2]),
    [4, 3, 8],
    (j = 0, i = 0, l = 0) => get3(i, j, l),
  );
  await moved(
    'permute 2 0 1',
    (t) => k.permute(t, [2, 0, 1]),
    [8, 3, 4],
    (l = 0, i = 0, j = 0) => get3(i, j, l),
  );
  await moved(
    'aligned slice',
    (t) => k.slice(t, 2, 4),
    [3, 4, 4],
    (i = 0, j = 0, l = 0) => get3(i, j, l + 4),
  );
  await moved(
    'slice',
    (t) => k.slice(t, 2, 3, 7),
    [3, 4, 4],
    (i = 0, j = 0, l = 0) => get3(i, j, l + 3),
  );
  await moved(
    'steps',
    (t) => k.slice(t, 2, 0, 8, 2),
    [3, 4, 4],
    (i = 0, j = 0, l = 0) => get3(i, j, 2 * l),
  );
  const column = (t: k.Tensor): k.Tensor => k.expand(k.slice(t, 2, 5, 6), [3, 4, 8]);
  await moved('expand', column, [3, 4, 8], (i = 0, j = 0) => get3(i, j, 5));
  const joined = (t: k.Tensor): k.Tensor => k.cat([t, k.slice(t, 2, 1, 5), k.slice(t, 2, 0, 3)], 2);
  await moved('cat', joined, [3, 4, 15], (i = 0, j = 0, l = 0) => get3(i, j, l < 8 ? l : l < 12 ? l - 7 : l - 12));
  const picked = (t: k.Tensor): k.Tensor => k.where(k.gt(t, 0), k.slice(t, 1, 0, 1), k.slice(t, 2, 0, 1));
  await moved('where', picked, [3, 4, 8], (i = 0, j = 0, l = 0) => (get3(i, j, l) > 0 ? get3(i, 0, l) : get3(i, j, 0)));
  await moved(
    'cast',
    (t) => t.gt(0).to('f32'),
    [3, 4, 8],
    (i = 0, j = 0, l = 0) => Number(get3(i, j, l) > 0),
  );
});

const x = values([2, 3, 4]);

type Move = readonly [string, (x: k.Tensor) => k.Tensor, (x: Plain) => Plain];
const MOVES: readonly Move[] = [
  ['reshape', (x) => x.reshape(4, -1), (x) => plain([4, 6], x.data)],
  ['flatten', (x) => k.flatten(x, 1), (x) => plain([2, 12], x.data)],
  ['unsqueeze', (x) => x.unsqueeze(-1), (x) => plain([2, 3, 4, 1], x.data)],
  ['permute', (x) => x.permute(2, 0, 1), (x) => build([4, 2, 3], (a = 0, b = 0, c = 0) => get(x, b, c, a))],
  ['transpose', (x) => x.transpose(0, 1), (x) => build([3, 2, 4], (a = 0, b = 0, c = 0) => get(x, b, a, c))],
  ['narrow', (x) => x.narrow(1, 1, 2), (x) => build([2, 2, 4], (a = 0, b = 0, c = 0) => get(x, a, b + 1, c))],
  // Blocks that begin where the longer tensor begins, and are as dense: four elements at once, and one by one.
  ['narrow from the start', (x) => x.narrow(0, 0, 1), (x) => build([1, 3, 4], (_, b = 0, c = 0) => get(x, 0, b, c))],
  [
    'narrow an odd number from the start',
    (x) => x.reshape(8, 3).narrow(0, 0, 5),
    (x) => plain([5, 3], x.data.slice(0, 15)),
  ],
  [
    'pad at the end',
    (x) => k.pad(x, [0, 0, 0, 0, 0, 1]),
    (x) => plain([3, 3, 4], [...x.data, ...Array<number>(12).fill(0)]),
  ],
  [
    'slice by steps',
    (x) => x.slice(2, 1, 4, 2),
    (x) => build([2, 3, 2], (a = 0, b = 0, c = 0) => get(x, a, b, 1 + 2 * c)),
  ],
  ['slice from the end', (x) => x.slice(1, -2), (x) => build([2, 2, 4], (a = 0, b = 0, c = 0) => get(x, a, b + 1, c))],
  ['select', (x) => x.select(1, -1), (x) => build([2, 4], (a = 0, c = 0) => get(x, a, 2, c))],
  ['flip', (x) => k.flip(x, [0, 2]), (x) => build([2, 3, 4], (a = 0, b = 0, c = 0) => get(x, 1 - a, b, 3 - c))],
  ['flip the middle', (x) => k.flip(x, 1), (x) => build([2, 3, 4], (a = 0, b = 0, c = 0) => get(x, a, 2 - b, c))],
  [
    'cat',
    (x) => k.cat([x, x.mul(2)], 1),
    (x) => build([2, 6, 4], (a = 0, b = 0, c = 0) => get(x, a, b % 3, c) * (b < 3 ? 1 : 2)),
  ],
  ['stack', (x) => k.stack([x, x], 2), (x) => build([2, 3, 2, 4], (a = 0, b = 0, _ = 0, c = 0) => get(x, a, b, c))],
  [
    'pad',
    (x) => k.pad(x, [1, 2, 0, 1], { value: 0.5 }),
    (x) => build([2, 4, 7], (a = 0, b = 0, c = 0) => (b < 3 && c > 0 && c < 5 ? get(x, a, b, c - 1) : 0.5)),
  ],
  [
    'expand',
    (x) => k.expand(x.slice(1, 0, 1), [5, 2, 3, 4]),
    (x) => build([5, 2, 3, 4], (_, a = 0, __ = 0, c = 0) => get(x, a, 0, c)),
  ],
];

for (const [name, ours, theirs] of MOVES) test(name, () => agree(ours, theirs, [x]));

test('where, with broadcasting', async () => {
  const condition = k.tensor([
    [true, false, true],
    [false, false, true],
  ]);
  const theirs = (a: Plain, b: Plain): Plain =>
    build([2, 3], (i = 0, j = 0) => ((i === 0 ? [1, 0, 1] : [0, 0, 1])[j] ? get(a, j) : get(b, i, 0)));
  await agree((a, b) => k.where(condition, a, b), theirs, [values([3]), values([2, 1])]);
  expect(k.where(condition, 1, 0.5).dtype).toBe('f32');
  expect(await k.where(condition, 1, 0).array()).toEqual([
    [1, 0, 1],
    [0, 0, 1],
  ]);
});

test.each([
  [3, 5, 0],
  [4, 4, -1],
  [3, 8, 2],
  [6, 4, -3],
])('tril and triu of %d by %d from diagonal %d', async (rows, columns, diagonal) => {
  const given = [values([2, rows, columns])];
  const keeps = (holds: (away: number) => boolean) => (m: Plain) =>
    build(m.shape, (n = 0, i = 0, j = 0) => (holds(j - i) ? get(m, n, i, j) : 0));
  await agree(
    (m) => k.tril(m, diagonal),
    keeps((away) => away <= diagonal),
    given,
  );
  await agree(
    (m) => k.triu(m, diagonal),
    keeps((away) => away >= diagonal),
    given,
  );
});

// One invocation a row, a workgroup a row with stretches that end early, and rows in parts, of which the last is short.
test.each([
  [[7], 0],
  [[3, 5, 4], 1],
  [[2, 3, 6], -1],
  [[2, 1301], 1],
  [[300, 2], 0],
  [[2, 9001], 1],
  [[2, 8500, 2], 1],
] as const)('cumsum of %j along %d', async (shape, dim) => {
  const sums = (row: number[]): number[] => {
    let sum = 0;
    return row.map((value) => {
      sum += value;
      return sum;
    });
  };
  const grad = sizeOf(shape) < 100;
  await agree(
    (t) => k.cumsum(t, dim),
    (t) => alongRows(t, dim, sums),
    [values(shape)],
    { atol: 1e-4, grad },
  );
  if (grad) return;
  // The sum of all sums counts the last element once, the one before twice.
  const t = k.ones([...shape], { requiresGrad: true });
  k.cumsum(t, dim).sum().backward();
  const length = at(shape, dim);
  const want = alongRows(plain(shape, new Array(sizeOf(shape)).fill(0)), dim, () =>
    Array.from({ length }, (_, i) => length - i),
  );
  await close('gradient', t.grad as k.Tensor, want);
});

test('cumsum keeps whole numbers, counts truth, and leaves a scalar and nothing as they are', async () => {
  const whole = k.cumsum(k.tensor(Int32Array.of(1, -2, 16777217)), 0);
  expect([whole.dtype, await whole.array()]).toEqual(['i32', [1, -1, 16777216]]);
  expect(await k.cumsum(k.tensor([true, false, true]), 0).array()).toEqual([1, 1, 2]);
  expect(await k.cumsum(k.tensor(3), 0).item()).toBe(3);
  expect(k.cumsum(k.zeros([0, 3]), 1).shape).toEqual([0, 3]);
  expect(() => k.cumsum(k.zeros([2]), 1)).toThrow('cumsum: dim 1 is outside a tensor of 1 dimensions');
});

test('types: what is moved keeps its type, what is cast changes it', async () => {
  const whole = k.arange(0, 6, 1, { dtype: 'i32' }).reshape(2, 3);
  expect(await whole.T.array()).toEqual([
    [0, 3],
    [1, 4],
    [2, 5],
  ]);
  expect(await k.cast(k.tensor([1.9, -1.9, 0]), 'i32').array()).toEqual([1, -1, 0]);
  expect(await k.cast(k.tensor([0.5, 0, -2]), 'bool').array()).toEqual([true, false, true]);
  expect(await k.cast(k.cast(k.tensor([0.5, 0, -2]), 'bool'), 'f32').array()).toEqual([1, 0, 1]);
  expect(await k.cast(k.tensor([true, false]), 'f32').array()).toEqual([1, 0]);
  expect(await k.cast(k.tensor(Uint32Array.of(3)), 'f32').item()).toBe(3);
  expect(sizeOf(k.cat([k.zeros([0, 2]), k.ones([1, 2])]).shape)).toBe(2);
  expect(await k.squeeze(k.ones([1, 2, 1])).array()).toEqual([1, 1]);
});

test('what does not fit is named', () => {
  const t = toTensor(x);
  expect(() => t.reshape(5, 5)).toThrow('reshape: 24 elements of [2, 3, 4] do not fit [5, 5]');
  expect(() => t.permute(0, 1)).toThrow('permute: [0, 1] does not order the dimensions of [2, 3, 4]');
  expect(() => t.expand(2, 3, 5)).toThrow('do not broadcast');
  expect(() => k.cat([k.zeros([2, 2]), k.zeros([2, 3])])).toThrow(
    'cat: [2, 3] f32 does not continue [2, 2] f32 along 0',
  );
  expect(() => t.select(0, 2)).toThrow('select: index 2 is outside dimension 0 of [2, 3, 4]');
  expect(() => k.tril(k.zeros([3]))).toThrow('tril: wants two dimensions or more, got [3]');
  expect(() => k.triu(t, 0.5)).toThrow('triu: diagonal 0.5 is not a whole number');
  expect(() => k.pad(t, [1])).toThrow('pad: [1] is no array of pairs of widths for [2, 3, 4]');
});
