/**
 * Functions that arrange elements, and products by name, against PyTorch's values and gradients (`test/fixtures/arranged_cases.py`); and
 * what its cases do not have: other types, large sizes, captured steps.
 */
import * as k from 'kindling';
import { type Tensor, tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { describe, expect, test } from 'vitest';
import { at, close, type Plain, plain } from '../support/agree.js';
import { loadJson } from '../support/fixtures.js';

type Case = readonly [name: string, rest: unknown[], inputs: Plain[], value: Plain, gradients: number[][]];

const functions = { ...F, ...k, 'F.unfold': F.unfold } as unknown as Record<string, (...given: unknown[]) => Tensor>;
const call = ([name, rest]: Case, inputs: readonly Tensor[]): Tensor =>
  functions[name]?.(...(name === 'einsum' ? [...rest, ...inputs] : [...inputs, ...rest])) as Tensor;
const bounds = { rtol: 1e-5, atol: 4e-6 };
const cases = await loadJson<Case[]>('arranged.json');
const names = [...new Set(cases.map(([name]) => name))];

describe("as PyTorch's", () => {
  test.each(names)('%s', async (name) => {
    for (const given of cases.filter(([of]) => of === name)) {
      const [, rest, inputs, want, gradients] = given;
      const what = `${name} ${JSON.stringify(rest)} of ${inputs.map(({ shape }) => `[${shape}]`)}`;
      const tensors = inputs.map(({ shape, data }) => tensor(Float32Array.from(data), { shape, requiresGrad: true }));
      const y = call(given, tensors);
      await close(what, y, want, bounds);
      const seed = Float32Array.from({ length: y.size }, (_, i) => 1 + 0.5 * (i % 3));
      y.backward(tensor(seed, { shape: y.shape }));
      for (const [i, x] of tensors.entries()) {
        const slope = plain(x.shape, gradients[i] ?? []);
        // Without elements nothing comes back.
        await close(`${what}: gradient ${i}`, x.grad ?? k.zeros(x.shape), slope, bounds);
      }
    }
  });
});

test.each(['i32', 'u32', 'bool'] as const)('elements of %s move as they are', async (dtype) => {
  const x = tensor([0, 1, 1, 0, 0, 1], { dtype, shape: [2, 3] });
  const as = (values: readonly number[]) => values.map((value) => (dtype === 'bool' ? value === 1 : value));
  const moved: [Tensor, number[]][] = [
    [k.roll(x, 1, 1), [1, 0, 1, 1, 0, 0]],
    [k.repeat(x, 1, 2), [0, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 1]],
    [k.repeatInterleave(x, [0, 2], { dim: 0 }), [0, 0, 1, 0, 0, 1]],
    [k.diagonal(x, { offset: 1 }), [1, 1]],
    [k.diag(k.flatten(k.slice(x, 0, 0, 1)), 1), [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0]],
    [k.rot90(x), [1, 1, 1, 0, 0, 0]],
    [k.unfold(x, 1, 2, 1), [0, 1, 1, 1, 0, 0, 0, 1]],
  ];
  for (const [y, want] of moved) {
    expect(y.dtype).toBe(dtype);
    expect(k.flatten(y).size).toBe(want.length);
    expect(await k.flatten(y).array()).toEqual(as(want));
  }
});

test('methods', async () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(await x.roll(1, 0).array()).toEqual([
    [3, 4],
    [1, 2],
  ]);
  expect(await x.repeat([1, 2]).array()).toEqual(await x.tile(2).array());
  expect(await x.diagonal().array()).toEqual(await x.diag().array());
  expect(x.movedim(0, 1).unflatten(0, [1, 2]).unfold(1, 2, 1).rot90().shape).toEqual([1, 1, 2, 2]);
  expect(
    await x
      .mv(tensor([1, 1]))
      .dot(tensor([1, 10]))
      .item(),
  ).toBe(73);
  expect(await x.unsqueeze(0).bmm(x.unsqueeze(0)).array()).toEqual([await x.matmul(x).array()]);
  expect((await x.select(0, 0).outer(x.select(0, 1)).repeatInterleave(2).data()).length).toBe(8);
});

test('more elements than a workgroup has', async () => {
  const [rows, columns] = [301, 257];
  const x = k.arange(0, rows * columns).reshape(rows, columns);
  const rolled = await k.roll(x, [100, -57], [0, 1]).data();
  for (const [i, j] of [
    [0, 0],
    [99, 256],
    [100, 199],
    [300, 200],
  ] as const) {
    const want = ((i - 100 + rows) % rows) * columns + ((j + 57) % columns);
    expect(at(rolled, i * columns + j)).toBe(want);
  }
  // Windows that lie side by side make the image again; overlapping ones as many times as they cover an element.
  const image = x.reshape(1, 1, rows, columns);
  const covered = F.fold(F.unfold(image, 3, { padding: 1 }), [rows, columns], 3, { padding: 1 });
  const times = (i: number, n: number): number => (i === 0 || i === n - 1 ? 2 : 3);
  const got = await covered.data();
  const wrong = [...got.keys()].filter((i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return at(got, i) !== i * times(row, rows) * times(column, columns);
  });
  expect(wrong).toEqual([]);
});

describe('repeatInterleave', () => {
  test('by counts on the device, in a captured step too', async () => {
    const x = tensor([1, 2, 3], { requiresGrad: true });
    const seed = tensor([1, 2, 3, 4, 5]);
    const run = k.capture((counts: Tensor) => {
      const y = k.repeatInterleave(x, counts, { outputSize: 5 });
      return [y, k.grad(y, [x], { gradOutputs: seed })[0]] as const;
    });
    for (const [counts, want, slope] of [
      [
        [2, 0, 3],
        [1, 1, 3, 3, 3],
        [3, 0, 12],
      ],
      [
        [0, 4, 1],
        [2, 2, 2, 2, 3],
        [0, 10, 5],
      ],
      [
        [1, 1, 1],
        [1, 2, 3, Number.NaN, Number.NaN],
        [1, 2, 3],
      ],
    ]) {
      const [y, g] = run(tensor(counts as number[], { dtype: 'i32' }));
      expect(await y.array()).toEqual(want);
      expect(await g.array()).toEqual(slope);
    }
    const twice = k.repeatInterleave(x, tensor([2], { dtype: 'u32' }), { dim: 0, outputSize: 6 });
    expect(await twice.array()).toEqual([1, 1, 2, 2, 3, 3]);
    run.reset();
  });

  test('by counts of an array in a captured step', async () => {
    const run = k.capture((x: Tensor) => k.repeatInterleave(x, [1, 2]));
    for (const first of [5, 6, 7]) expect(await run(tensor([first, 9])).array()).toEqual([first, 9, 9]);
    run.reset();
  });
});

test('meshgrid', async () => {
  const [a, b] = [tensor([1, 2]), tensor([3, 4, 5])];
  const [x, y] = k.meshgrid([a, b]) as [Tensor, Tensor];
  expect(await x.array()).toEqual([
    [1, 1, 1],
    [2, 2, 2],
  ]);
  expect(await y.array()).toEqual([
    [3, 4, 5],
    [3, 4, 5],
  ]);
  const [u, v] = k.meshgrid([a, b], { indexing: 'xy' }) as [Tensor, Tensor];
  expect(await u.array()).toEqual([
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
  expect(await v.array()).toEqual([
    [3, 3],
    [4, 4],
    [5, 5],
  ]);
  expect(k.meshgrid([a, tensor(7), b], { indexing: 'xy' }).map(({ shape }) => shape)).toEqual(Array(3).fill([1, 2, 3]));
  expect(k.meshgrid([a]).map(({ shape }) => shape)).toEqual([[2]]);
});

describe('einsum', () => {
  test('of whole numbers', async () => {
    const a = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: 'i32' },
    );
    const y = k.einsum('ij,jk->ki', [a, a]);
    expect(y.dtype).toBe('i32');
    expect(await y.array()).toEqual([
      [7, 15],
      [10, 22],
    ]);
  });

  test('launches one product where no factor has to be copied', () => {
    const [q, key] = [k.ones([2, 3, 5, 4]), k.ones([2, 3, 6, 4])];
    for (const equation of ['bhqd,bhkd->bhqk', 'bhqd,bhkd->bhkq', 'bhdq,bhdk->bhqk']) {
      const operands = equation.startsWith('bhd') ? [k.ones([2, 3, 4, 5]), k.ones([2, 3, 4, 6])] : [q, key];
      const run = k.capture(() => k.einsum(equation, operands));
      for (let calls = 0; calls < 2; calls++) run();
      expect(run.stats().dispatches, equation).toBe(1);
      run.reset();
    }
  });
});

test('bmm, baddbmm: a beta of 0 leaves NaN out', async () => {
  const [a, b] = [k.ones([2, 3, 4]), k.ones([2, 4, 5])];
  expect(await k.baddbmm(tensor(Number.NaN), a, b, { beta: 0 }).amax().item()).toBe(4);
  expect(await k.baddbmm(tensor(Number.NaN), a, b).amax().item()).toBeNaN();
  expect(
    await k
      .baddbmm(k.ones([5]), a, b, { beta: 3, alpha: 2 })
      .amin()
      .item(),
  ).toBe(11);
});

test('tensors without elements', async () => {
  const none = (...shape: number[]): Tensor => k.zeros(shape);
  expect(k.roll(none(0, 3), 2).shape).toEqual([0, 3]);
  expect(k.repeat(none(2, 0), 2, 2).shape).toEqual([4, 0]);
  expect(k.diagonal(none(0, 3)).shape).toEqual([0]);
  expect(await k.diag(none(0), 2).array()).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(k.rot90(none(0, 3)).shape).toEqual([3, 0]);
  expect(F.pixelShuffle(none(0, 4, 2, 2), 2).shape).toEqual([0, 1, 4, 4]);
  expect(F.unfold(none(0, 2, 3, 3), 2).shape).toEqual([0, 8, 4]);
  expect(F.fold(none(0, 8, 4), 3, 2).shape).toEqual([0, 2, 3, 3]);
  expect(k.unfold(none(0, 4), 1, 2, 1).shape).toEqual([0, 3, 2]);
  expect(k.bmm(none(0, 2, 3), none(0, 3, 4)).shape).toEqual([0, 2, 4]);
  expect(await k.dot(none(0), none(0)).item()).toBe(0);
  expect(await k.mv(none(2, 0), none(0)).array()).toEqual([0, 0]);
});
