/** Elements in order, against plain JavaScript. PyTorch's own cases are in the parity suite. */
import * as k from 'kindling';
import { describe, expect, test } from 'vitest';
import { ordered } from '../../src/ops/ordered.js';
import { agree, alongRows, at, build, distinct, get, type Plain } from '../support/agree.js';
import { random } from '../support/random.js';

const NAN = Number.NaN;
const INF = Number.POSITIVE_INFINITY;

/** The order of elements: NaN last, equal ones as they came, -0 beside 0. */
function orderOf(x: ArrayLike<number>, descending: boolean): number[] {
  const compare = (a: number, b: number): number =>
    Number.isNaN(a) || Number.isNaN(b) ? Number(Number.isNaN(a)) - Number(Number.isNaN(b)) : Math.sign(a - b) || 0;
  const sign = descending ? -1 : 1;
  return Array.from(x, (_, i) => i).sort((i, j) => sign * compare(at(x, i), at(x, j)) || i - j);
}

/** Many equal numbers, zeros of both signs, infinities, a few NaN. */
const awkward = (size: number): Float32Array =>
  Float32Array.from({ length: size }, () => {
    const special = [NAN, -0, 0, INF, -INF][Math.floor(random() * 60)];
    return special ?? Math.round((random() - 0.5) * size);
  });

describe.each([
  ['counted', true, [1, 2, 3, 63, 64, 65, 129, 1000, 1025, 5000]],
  // SwiftShader takes seconds to compile this.
  ['in workgroup memory', false, [65, 1024, 2500]],
] as const)('rows in order, %s', (_, counted, lengths) => {
  test.each(lengths)('of %d', async (length) => {
    const x = awkward(length);
    for (const descending of [false, true]) {
      const order = orderOf(x, descending);
      for (const keep of new Set([length, Math.min(length, 7), Math.min(length, 100)])) {
        const [found, places] = ordered(k.tensor(x), 0, descending, keep, counted);
        expect([...(await places.data())], `${descending} ${keep}`).toEqual(order.slice(0, keep));
        expect([...(await found.data())]).toEqual(order.slice(0, keep).map((i) => at(x, i)));
      }
    }
  });

  test('many of them, along every dimension', async () => {
    const shape = [3, 70, 5];
    const x = distinct(shape);
    const device = k.tensor(Float32Array.from(x.data), { shape });
    for (const dim of [0, 1, 2]) {
      const length = at(shape, dim);
      const [found, places] = ordered(device, dim, true, length, counted);
      const row = (f: (data: number[]) => number[]): number[] => [...alongRows(x, dim, f).data];
      expect([...(await found.data())]).toEqual(row((data) => data.toSorted((a, b) => b - a)));
      expect([...(await places.data())]).toEqual(row((data) => orderOf(data, true)));
    }
  });

  test('of integers', async () => {
    const numbers = [5, -3, 2 ** 31 - 1, 0, -3, -(2 ** 31) + 1, 7];
    const signed = k.tensor(Int32Array.from(Array.from({ length: 70 }, (_, i) => at(numbers, i % 7))));
    const [found] = ordered(signed, 0, false, 70, counted);
    expect([...(await found.data())]).toEqual([...(await signed.data())].sort((a, b) => a - b));
    const unsigned = k.tensor(Uint32Array.of(3, 2 ** 32 - 2, 0, 2 ** 31, 3));
    const [most, places] = ordered(unsigned, 0, true, 5, counted);
    expect([...(await most.data())]).toEqual([2 ** 32 - 2, 2 ** 31, 3, 3, 0]);
    expect([...(await places.data())]).toEqual([1, 3, 0, 4, 2]);
  });
});

test('sort, argsort and topk by their options', async () => {
  const x = k.tensor([
    [3, 1, NAN],
    [2, 5, 2],
  ]);
  expect(await k.sort(x)[0].array()).toEqual([
    [1, 3, NAN],
    [2, 2, 5],
  ]);
  expect(await k.argsort(x, { dim: 0, descending: true, stable: true }).array()).toEqual([
    [0, 1, 0],
    [1, 0, 1],
  ]);
  expect(await x.topk(2)[1].array()).toEqual([
    [2, 0],
    [1, 0],
  ]);
  expect(await x.topk(1, { dim: -2, largest: false, sorted: false })[0].array()).toEqual([[2, 1, 2]]);
  expect(await k.sort(k.tensor([true, false, true]))[0].array()).toEqual([false, true, true]);
  expect(await k.sort(k.tensor(4))[0].item()).toBe(4);
  expect(await k.topk(k.tensor(4), 1)[1].array()).toBe(0);
  expect(() => k.topk(x, 4)).toThrow('topk: k is 4, and dimension 1 of [2, 3] has 3 elements');
  expect(() => k.topk(x, -1)).toThrow('topk: k is -1');
  expect(() => k.sort(x, { dim: 2 })).toThrow('sort: dim 2 is outside');
});

test('gradients go where the elements came from, twice', async () => {
  const x = distinct([4, 80]);
  const rows = (f: (row: number[]) => number[]) => (t: Plain) => alongRows(t, 1, f);
  await agree(
    (t) => k.sort(t)[0],
    rows((row) => row.toSorted((a, b) => a - b)),
    [x],
  );
  const most = (t: Plain): Plain =>
    build([3, 80], (i = 0, j = 0) =>
      at(
        [0, 1, 2, 3].map((r) => get(t, r, j)).sort((a, b) => b - a),
        i,
      ),
    );
  await agree((t) => k.topk(t, 3, { dim: 0 })[0], most, [x]);
  const least = (n: number) => (t: Plain) =>
    build([4], (i = 0) =>
      at(
        t.data.slice(80 * i, 80 * i + 80).sort((a, b) => a - b),
        n - 1,
      ),
    );
  await agree((t) => k.kthvalue(t, 5)[0], least(5), [x]);
  await agree((t) => k.median(t, { dim: 1 })[0], least(40), [x]);
  await agree((t) => k.max(t, { dim: 1 })[0], least(80), [x]);
  await agree((t) => k.min(t, { dim: 1 })[0], least(1), [x]);

  // Of Σ y³ for sorted y: 3x², then Σ g² gives 36x³.
  const leaf = k.tensor([3, -1, 2], { requiresGrad: true });
  for (const f of [
    (t: k.Tensor) => k.sort(t)[0],
    (t: k.Tensor) => k.topk(t, 3)[0],
    (t: k.Tensor) => k.stack([k.max(t), k.min(t), k.median(t)]),
    (t: k.Tensor) => k.stack([k.max(t, { dim: 0 })[0], k.kthvalue(t, 1)[0], k.median(t, { dim: 0 })[0]]),
  ]) {
    const [g] = k.grad(k.sum(k.pow(f(leaf), 3)), [leaf], { createGraph: true });
    const [twice] = k.grad(k.sum(k.square(g)), [leaf]);
    expect((await twice.data()).map(Math.round)).toEqual(Float32Array.of(972, -36, 288));
  }
});

describe('extremes and the middle', () => {
  test('equal ones share the gradient, or the first gets it', async () => {
    const gradient = async (f: (x: k.Tensor) => k.Tensor, data: number[]): Promise<number[]> => {
      const x = k.tensor(data, { requiresGrad: true });
      k.sum(f(x)).backward();
      return [...(await (x.grad as k.Tensor).data())];
    };
    // PyTorch 1.13.
    expect(await gradient((x) => k.max(x), [1, 4, 4, 2])).toEqual([0, 0.5, 0.5, 0]);
    expect(await gradient((x) => k.min(x), [1, NAN, NAN, 2])).toEqual([0, 0.5, 0.5, 0]);
    expect(await gradient((x) => k.median(x), [1, 4, 1, 1, 9])).toEqual([1 / 3, 0, 1 / 3, 1 / 3, 0].map(Math.fround));
    expect(await gradient((x) => x.max({ dim: 0 })[0], [1, 4, 4, 2])).toEqual([0, 1, 0, 0]);
    expect(await gradient((x) => x.min({ dim: 0 })[0], [1, 4, NAN, NAN])).toEqual([0, 0, 1, 0]);
    expect(await gradient((x) => x.median({ dim: 0 })[0], [1, NAN, 5, NAN])).toEqual([0, 1, 0, 0]);
  });

  test('the middle is the lower of two, and NaN where there is one', async () => {
    const x = k.tensor([
      [4, 1, 3, 2],
      [7, NAN, 5, NAN],
    ]);
    const [found, places] = k.median(x, { dim: -1, keepdim: true });
    expect(await found.array()).toEqual([[2], [NAN]]);
    expect(await places.array()).toEqual([[3], [1]]);
    expect(await k.median(x).item()).toBeNaN();
    expect(await k.median(k.select(x, 0, 0)).item()).toBe(2);
    expect(await k.median(k.arange(0, 3001).flip(0)).item()).toBe(1500);
    expect(await k.median(k.tensor(Int32Array.of(9, -4, 2, 3))).item()).toBe(2);
    expect(await k.kthvalue(x, 4, { keepdim: true })[1].array()).toEqual([[0], [3]]);
    expect(() => k.kthvalue(x, 0)).toThrow('kthvalue: k is 0, wants a whole number from 1 on');
    expect(() => k.kthvalue(x, 5)).toThrow('kthvalue: k is 5');
  });

  test('integers and bools keep their type', async () => {
    const whole = k.tensor(Int32Array.of(3, -7, 9, 9));
    expect([k.max(whole).dtype, await k.max(whole).item(), await k.min(whole).item()]).toEqual(['i32', 9, -7]);
    expect((await Promise.all(k.max(whole, { dim: 0 }).map((t) => t.item()))).map(Number)).toEqual([9, 2]);
    expect(await k.max(k.tensor([false, true])).array()).toBe(true);
    expect(() => k.max(k.zeros([0]))).toThrow('max: no elements in shape [0]');
    expect(() => k.max(whole, 0 as never)).toThrow('max: wants an object of options, got 0; write { dim: 0 }');
  });
});

test('any and all, over dimensions', async () => {
  const x = k.tensor([
    [0, 2, NAN],
    [0, 0, 1],
  ]);
  expect(await k.any(x, { dim: 0 }).array()).toEqual([false, true, true]);
  expect(await x.all({ dim: 0, keepdim: true }).array()).toEqual([[false, false, true]]);
  expect([await k.any(x).array(), await k.all(x).array(), k.all(x).dtype]).toEqual([true, false, 'bool']);
  expect(await k.all(k.ones([3, 700]), { dim: [0, 1] }).array()).toBe(true);
  expect(await k.any(k.zeros([3, 700], { dtype: 'i32' })).array()).toBe(false);
});

test('isclose and allclose', async () => {
  const [a, b] = [k.tensor([1, 1, INF, NAN, INF]), k.tensor([1 + 5e-6, 1.1, INF, NAN, -INF])];
  expect(await k.isclose(a, b).array()).toEqual([true, false, true, false, false]);
  expect(await a.isclose(b, { rtol: 0, atol: 0.2, equalNan: true }).array()).toEqual([true, true, true, true, false]);
  expect(await k.allclose(a, b)).toBe(false);
  expect(await k.allclose(k.full([40, 1], 2), k.full([30], 2.00001))).toBe(true);
  expect(
    await k.allclose(k.tensor(Int32Array.of(2 ** 30 + 1)), k.tensor(Int32Array.of(2 ** 30 + 1)), { rtol: 0 }),
  ).toBe(true);
  expect(await k.allclose(k.zeros([0]), k.zeros([0]))).toBe(true);
  await expect(k.allclose(a, 1 as never)).rejects.toThrow('allclose: b is 1, wants a tensor');
});
