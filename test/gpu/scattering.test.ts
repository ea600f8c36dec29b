/** Elements written where indices say, and running products, against plain JavaScript. */
import * as k from 'kindling';
import { describe, expect, test } from 'vitest';
import { agree, alongRows, at, build, get, indices, type Plain, plain, values } from '../support/agree.js';

/** y[.., index[.., j, ..], ..] becomes `join(y, src[.., j, ..])`, in order. */
const written = (dim: number, join: (y: number, s: number) => number) => (x: Plain, index: Plain, src: Plain) => {
  const data = [...x.data];
  build(index.shape, (...c) => {
    const into = c.with(dim, get(index, ...c));
    const to = into.reduce((offset, i, d) => offset * at(x.shape, d) + i, 0);
    data[to] = join(at(data, to), get(src, ...c));
    return 0;
  });
  return plain(x.shape, data);
};

const picks = (shape: number[], below: number): Plain =>
  indices(
    shape,
    values(shape, 0, below).data.map((v) => Math.min(below - 1, Math.floor(v))),
  );

describe('written where indices say', () => {
  test('scatter and scatterAdd, along every dimension, with repeated indices and shorter ones', async () => {
    for (const [dim, shape] of [
      [0, [7, 3, 2]],
      [1, [2, 9, 2]],
      [2, [2, 2, 90]],
    ] as const) {
      const x = values([3, 4, 5]);
      const index = picks([...shape], at(x.shape, dim));
      const src = values(shape.map((n) => n + 1));
      await agree(
        (t, i, s) => k.scatterAdd(t, dim, i, s),
        written(dim, (y, s) => y + s),
        [x, index, src],
      );
      await agree(
        (t, i, s) => k.scatter(t, dim, i, s),
        written(dim, (_, s) => s),
        [x, index, src],
      );
    }
  });

  test('indexAdd, along every dimension', async () => {
    for (const dim of [0, 1, 2]) {
      const index = picks([6], at([3, 4, 5], dim));
      const wide = (x: Plain, i: Plain, s: Plain): Plain =>
        written(dim, (y, v) => y - 2 * v)(
          x,
          build(s.shape, (...c) => at(i.data, at(c, dim))),
          s,
        );
      await agree((x, i, s) => k.indexAdd(x, dim, i, s, { alpha: -2 }), wide, [
        values([3, 4, 5]),
        index,
        values([3, 4, 5].with(dim, 6)),
      ]);
    }
  });

  test('the last of several wins, and gets the gradient; numbers; what lies outside', async () => {
    const x = k.tensor([1, 2, 3], { requiresGrad: true });
    const src = k.tensor([10, 20, 30, 40], { requiresGrad: true });
    const y = k.scatter(x, 0, k.tensor(Int32Array.of(2, 0, 2, 5)), src);
    expect(await y.array()).toEqual([20, 2, 30]);
    y.backward(k.tensor([1, 10, 100]));
    expect(await (x.grad as k.Tensor).array()).toEqual([0, 10, 0]);
    expect(await (src.grad as k.Tensor).array()).toEqual([0, 1, 100, 0]);
    expect(await x.scatter(0, k.tensor(Int32Array.of(1, -1)), 7).array()).toEqual([1, 7, 3]);
    expect(await k.scatter(k.tensor([true, true]), 0, k.tensor(Int32Array.of(1)), 0).array()).toEqual([true, false]);
    const whole = k.tensor(Int32Array.of(1, 2));
    expect(
      await k.scatterAdd(whole, 0, k.tensor(Int32Array.of(1, 1, 7)), k.tensor(Int32Array.of(3, 4, 5))).array(),
    ).toEqual([1, 9]);
    await expect(
      k.scatterAdd(whole, 0, k.tensor(Int32Array.of(1)), k.tensor(Int32Array.of(2 ** 31 - 1))).array(),
    ).rejects.toThrow('scatterAdd: the result does not fit i32');
  });

  test('many, and the same bits each time', async () => {
    const size = 5000;
    const index = picks([size], 300);
    const src = values([size]);
    const run = () =>
      k.scatterAdd(k.zeros([300]), 0, k.tensor(Int32Array.from(index.data)), k.tensor(Float32Array.from(src.data)));
    const first = await run().data();
    expect(await run().data()).toEqual(first);
    const want = written(0, (y, s) => y + s)(plain([300], Array(300).fill(0)), index, src);
    for (const [i, v] of want.data.entries()) expect(first[i]).toBeCloseTo(v, 4);
    const counts = Array.from({ length: 301 }, (_, i) => index.data.filter((v) => v === i).length);
    expect(await k.bincount(k.tensor(Int32Array.from(index.data)), 301).array()).toEqual(counts);
  });

  test('bincount with weights, of what it does not count', async () => {
    const x = k.tensor(Int32Array.of(1, 3, 1, 9, -1));
    const weights = k.tensor([0.5, 1, 2, 4, 8], { requiresGrad: true });
    expect(await k.bincount(x, 4).array()).toEqual([0, 2, 0, 1]);
    expect(await k.bincount(x, 4, { weights }).array()).toEqual([0, 2.5, 0, 1]);
    expect(() => k.bincount(k.zeros([3]), 4)).toThrow('bincount: indices are i32, got f32');
  });

  test('what does not fit is refused', () => {
    const [x, index] = [k.zeros([2, 3]), k.zeros([2, 4], { dtype: 'i32' })];
    expect(() => k.scatter(x, 0, index, k.zeros([2, 4]))).toThrow('scatter: indices [2, 4] do not lie inside');
    expect(() => k.scatterAdd(x, 1, index, x)).toThrow('scatterAdd: indices [2, 4] do not lie inside src [2, 3]');
    expect(() => k.scatter(x, 1, index, k.zeros([2, 4], { dtype: 'i32' }))).toThrow('scatter: src is i32, and x f32');
    expect(() => k.scatter(index, 1, index, 0.5)).toThrow('scatter: 0.5 is not of type i32');
    expect(() => k.scatterAdd(k.gt(x, 0), 1, index, k.gt(k.zeros([2, 4]), 0))).toThrow('nothing is added to bool');
    expect(() => k.indexAdd(x, 0, k.select(index, 0, 0), x)).toThrow('indexAdd: wants indices of shape [n]');
  });
});

describe('running products', () => {
  const theirs = (dim: number) => (x: Plain) =>
    alongRows(x, dim, (row) => row.map((_, i) => row.slice(0, i + 1).reduce((a, b) => a * b, 1)));

  test('along every dimension, with zeros', async () => {
    for (const dim of [0, 1, 2]) await agree((x) => k.cumprod(x, dim), theirs(dim), [values([3, 4, 3])]);
    const zeros = build([4, 5], (i = 0, j = 0) =>
      (i === 1 && j === 2) || (i === 2 && j % 2 === 1) ? 0 : i + j / 4 - 1,
    );
    await agree((x) => k.cumprod(x, -1), theirs(1), [zeros]);
    expect(await k.cumprod(k.tensor(Int32Array.of(3, -2, 5)), 0).array()).toEqual([3, -6, -30]);
    expect(await k.cumprod(k.tensor([true, true, false]), 0).array()).toEqual([1, 1, 0]);
    const [data] = [await k.cumprod(k.full([70, 3000], 1.001), 1).data()];
    expect(at(data, 2999)).toBeCloseTo(1.001 ** 3000, 2);
    // Nothing overflows behind a 0.
    expect(
      await k
        .cumprod(k.cat([k.zeros([1]), k.full([500], 10)]), 0)
        .sum()
        .item(),
    ).toBe(0);
  });

  test('second and third derivatives where elements are 0', async () => {
    const x = k.tensor(
      [
        [2, 0, -1.5, 3],
        [0, 0.5, 0, 2],
      ],
      { requiresGrad: true },
    );
    await k.gradcheck((t) => k.cumprod(t, 1), [x]);
    const slope = (of: (t: k.Tensor) => k.Tensor) => (t: k.Tensor) =>
      k.enableGrad(() => {
        const inside = t.requiresGrad ? t : t.detach().requiresGrad_();
        const [g] = k.grad(k.sum(k.square(of(inside).add(1))), [inside], { createGraph: true });
        return g;
      });
    const once = slope((t) => k.cumprod(t, 1));
    await k.gradcheck(once, [x], { atol: 1e-2, rtol: 1e-2 });
    await k.gradcheck(slope(once), [x], { atol: 1, rtol: 2e-2 });
  });
});
