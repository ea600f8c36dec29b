/** Singular values, and the norms that are made of them, of what is not of full rank, not finite, or nothing. */
import * as k from 'kindling';
import * as linalg from 'kindling/linalg';
import { describe, expect, test } from 'vitest';
import { build, toTensor } from '../support/agree.js';
import { isOrthonormal, noise, numbers, ORDERS } from '../support/linalgCase.js';

type Order = (typeof ORDERS)[number];
const NAN = Number.NaN;
const leaf = (...rows: number[][]) => k.tensor(rows, { requiresGrad: true });

describe('matrices without full rank', () => {
  const unit = [1, 0, 0, 1];
  test.each<[number[][], Order, number, number[]]>([
    [
      [
        [0, 0],
        [0, 0],
      ],
      2,
      0,
      [0.5, 0, 0, 0.5],
    ],
    [
      [
        [0, 0],
        [0, 0],
      ],
      -2,
      0,
      [0.5, 0, 0, 0.5],
    ],
    [
      [
        [0, 0],
        [0, 0],
      ],
      'nuc',
      0,
      unit,
    ],
    [
      [
        [0, 0, 0],
        [0, 0, 0],
      ],
      'nuc',
      0,
      [1, 0, 0, 0, 1, 0],
    ],
    [
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      2,
      0,
      [0.5, 0, 0, 0.5, 0, 0],
    ],
    [
      [
        [1, 0],
        [0, 0],
      ],
      2,
      1,
      [1, 0, 0, 0],
    ],
    [
      [
        [1, 0],
        [0, 0],
      ],
      -2,
      0,
      [0, 0, 0, 1],
    ],
    [
      [
        [1, 0],
        [0, 0],
      ],
      'nuc',
      1,
      unit,
    ],
    [
      [
        [1, 0],
        [0, 1],
      ],
      2,
      1,
      [0.5, 0, 0, 0.5],
    ],
    [
      [
        [1, 0],
        [0, 1],
      ],
      'nuc',
      2,
      unit,
    ],
  ])("%j, order %s: PyTorch's gradient", async (rows, ord, value, gradient) => {
    const a = leaf(...rows);
    const y = linalg.matrixNorm(a, { ord });
    expect(await y.item()).toBe(value);
    y.backward();
    expect(await numbers(a.grad as unknown as k.Tensor)).toEqual(gradient);
  });

  test('columns and rows of zeros get vectors too, each matrix of a batch its own', async () => {
    const full = (r: number, c: number) => noise(r + 5, c);
    const a = build([7, 9, 6], (b = 0, r = 0, c = 0) => {
      if (b === 0 || (b === 1 && c % 2 === 0) || (b === 2 && r > 2) || (b === 3 && c !== 4)) return 0;
      return b === 4 ? (r + 1) * (c - 2) : b === 5 ? full(r, c % 2) : full(r, c);
    });
    for (const of of [toTensor(a), k.transpose(toTensor(a), 1, 2), k.narrow(toTensor(a), 1, 0, 6)]) {
      await isOrthonormal(of.detach().requiresGrad_());
    }
    const all = await numbers(linalg.svdvals(toTensor(a)));
    for (let b = 0; b < 7; b++) {
      const one = linalg.svdvals(k.narrow(toTensor(a), 0, b, 1));
      expect(await numbers(one)).toEqual(all.slice(6 * b, 6 * b + 6));
    }
  });

  test('many columns of zeros', async () => {
    await isOrthonormal(toTensor(build([128, 100], (r, c = 0) => (c % 3 ? 0 : noise(Number(r), c)))).requiresGrad_());
    await isOrthonormal(k.zeros([128, 128]).requiresGrad_());
  });
});

test('NaN and infinities make NaN of their matrix alone', async () => {
  const rows = [
    [1, 2, 3, 4],
    [NAN, 2, 3, 4],
    [1, Number.POSITIVE_INFINITY, 0, 0],
    [0, 0, Number.NEGATIVE_INFINITY, NAN],
  ];
  const a = k.tensor(rows.flat(), { shape: [4, 2, 2], requiresGrad: true });
  for (const ord of ORDERS) {
    const y = linalg.matrixNorm(a, { ord });
    expect((await numbers(y)).map(Number.isNaN)).toEqual([false, true, true, true]);
    const [g] = k.grad(k.sum(y), [a]) as [k.Tensor];
    expect((await numbers(g)).map(Number.isNaN)).toEqual(rows.flatMap((_, b) => new Array<boolean>(4).fill(b > 0)));
  }
  expect((await numbers(linalg.svdvals(a))).slice(2)).toEqual(new Array(6).fill(NAN));
});

test('numbers of any size: a power of two is exact', async () => {
  const a = leaf([1, 2, -3], [3, 5, 0.5]);
  const values = await numbers(linalg.svdvals(a));
  for (const factor of [2 ** 124, 2 ** 60, 2 ** -60, 2 ** -110]) {
    const scaled = k.mul(a.detach(), factor).requiresGrad_();
    expect(await numbers(linalg.svdvals(scaled))).toEqual(values.map((x) => x * factor));
    const [g, own] = [scaled, a].map((x) => k.grad(linalg.norm(x, { ord: 'nuc' }), [x])[0] as k.Tensor);
    expect(await numbers(g as k.Tensor)).toEqual(await numbers(own as k.Tensor));
  }
  expect(
    await numbers(
      linalg.svdvals(
        k.tensor([
          [1e30, 0],
          [0, 1e-4],
        ]),
      ),
    ),
  ).toEqual([1e30, 1e-4].map(Math.fround));
});

test('integers, dimensions, nothing', async () => {
  const whole = k.tensor(
    [
      [3, 0],
      [0, -4],
    ],
    { dtype: 'i32' },
  );
  expect(await Promise.all(ORDERS.map((ord) => linalg.norm(whole, { ord }).item()))).toEqual([4, 3, 7]);
  expect(linalg.matrixNorm(k.zeros([2, 3, 4, 5]), { ord: 2, dim: [0, 2] }).shape).toEqual([3, 5]);
  expect(linalg.matrixNorm(k.zeros([2, 3, 4, 5]), { ord: 'nuc', dim: [3, 1], keepdim: true }).shape).toEqual([
    2, 1, 4, 1,
  ]);
  expect(linalg.svdvals(k.zeros([2, 0, 3])).shape).toEqual([2, 0]);
  expect(linalg.svdvals(k.zeros([0, 2, 3])).shape).toEqual([0, 2]);
  for (const ord of ORDERS) {
    const none = k.zeros([0, 2, 3], { requiresGrad: true });
    const y = linalg.matrixNorm(none, { ord });
    expect(y.shape).toEqual([0]);
    expect(k.grad(k.sum(y), [none])[0]?.shape).toEqual([0, 2, 3]);
  }
  const flat = k.zeros([2, 0, 3], { requiresGrad: true });
  const y = linalg.matrixNorm(flat, { ord: 'nuc' });
  expect(await numbers(y)).toEqual([0, 0]);
  expect(k.grad(k.sum(y), [flat])[0]?.shape).toEqual([2, 0, 3]);
});

test('what does not fit is refused', () => {
  const saying: [() => unknown, string][] = [
    [() => linalg.svdvals(k.zeros([3])), 'svdvals: wants f32 matrices [..., M, N], got f32 [3]'],
    [
      () => linalg.svdvals(k.zeros([3, 3], { dtype: 'i32' })),
      'svdvals: wants f32 matrices [..., M, N], got i32 [3, 3]',
    ],
    [
      () => linalg.svdvals(k.zeros([2, 129, 129])),
      'svdvals: matrices of [129, 129] are too large; it takes 131072 elements at most, and 128 rows or columns',
    ],
    [() => linalg.norm(k.zeros([100, 2000]), { ord: 2 }), 'norm: matrices of [100, 2000] are too large'],
    [() => linalg.norm(k.zeros([0, 2]), { ord: 2 }), 'amax: '],
  ];
  for (const [call, message] of saying) expect(call).toThrow(message);
});

test('captured, each step has the values of its own', async () => {
  const a = leaf([1, 2], [3, 4]);
  const step = k.capture((x: k.Tensor) => {
    const [g] = k.grad(linalg.norm(k.mul(a, x), { ord: 'nuc' }), [a]) as [k.Tensor];
    return g;
  });
  for (const factor of [1, 2, -3]) {
    const got = await numbers(await step(k.tensor(factor)));
    const [want] = k.grad(linalg.norm(k.mul(a, factor), { ord: 'nuc' }), [a]) as [k.Tensor];
    expect(got).toEqual(await numbers(want));
  }
});
