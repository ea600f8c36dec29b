/** kindling/linalg against PyTorch (fixtures/linalg_cases.py), and what it does where PyTorch throws. */
import * as k from 'kindling';
import * as linalg from 'kindling/linalg';
import { describe, expect, test } from 'vitest';
import { at, build, close, type Plain, plain, toTensor, values } from '../support/agree.js';
import { loadJson } from '../support/fixtures.js';
import { agreesWithPyTorch, type Case, wave } from '../support/linalgCase.js';

const cases = await loadJson<Case[]>('linalg.json');

/** Input j of a case. */
function input(name: string, shape: readonly number[], j: number): Plain {
  const { data } = wave(Math.sin, shape, 0.4 + j, 1.3);
  const n = shape.at(-1) ?? 0;
  const isMatrix = j === 0 && ['det', 'inv', 'solve'].includes(name);
  return plain(shape, isMatrix ? data.map((x, i) => ((i % (n * n)) % (n + 1) === 0 ? Math.fround(x) + 1.5 : x)) : data);
}

test.each(cases)('%s %j of %j', async (...given) => agreesWithPyTorch(given, input));

describe('larger matrices', () => {
  test.each([33, 64, 128])('of %d rows', async (n) => {
    const a = toTensor(
      build([2, n, n], (_, r = 0, c = 0) => Math.sin(r * n + c * 1.7) + (r === (c + 3) % n ? n / 4 : 0)),
    );
    const b = toTensor(values([2, n, 3]));
    const x = linalg.solve(a, b);
    await close('A X', k.matmul(a, x), plain([2, n, 3], [...(await b.data())]), { atol: 1e-4 });
    const unit = build([2, n, n], (_, r, c) => (r === c ? 1 : 0));
    await close('A A⁻¹', k.matmul(a, linalg.inv(a)), unit, { atol: 1e-4 });
    // More right-hand sides than rows: those of the same column are the same bits wherever it stands.
    const many = linalg.solve(a, k.cat([b, k.zeros([2, n, 2 * n]), b], 2));
    for (const start of [0, 2 * n + 3]) expect(await k.narrow(many, 2, start, 3).data()).toEqual(await x.data());
  });

  test('a determinant, of a permutation, and of its scaling', async () => {
    const order = Array.from({ length: 100 }, (_, i) => (i * 37) % 100);
    const p = build([100, 100], (r = 0, c) => (order[r] === c ? 1 : 0));
    const sign = order.reduce((s, v, i) => order.slice(0, i).reduce((t, w) => (w > v ? -t : t), s), 1);
    expect(await linalg.det(toTensor(p)).item()).toBe(sign);
    expect(await linalg.det(k.mul(k.eye(100), 0.5).reshape([1, 100, 100])).array()).toEqual([2 ** -100]);
  });
});

test('singular matrices: a determinant of 0 whose gradient are the cofactors, NaN for what there is not', async () => {
  const a = k.tensor(
    [
      [
        [1, 2],
        [2, 4],
      ],
      [
        [0, 0],
        [0, 1],
      ],
      [
        [0, 0],
        [0, 0],
      ],
      [
        [2, 0],
        [0, 3],
      ],
    ],
    { requiresGrad: true },
  );
  const value = linalg.det(a);
  expect((await value.data()).map(Math.abs)).toEqual(Float32Array.of(0, 0, 0, 6));
  value.sum().backward();
  // PyTorch has zeros at first, and these with create_graph.
  const cofactors = [
    [
      [4, -2],
      [-2, 1],
    ],
    [
      [1, 0],
      [0, 0],
    ],
    [
      [0, 0],
      [0, 0],
    ],
    [
      [3, 0],
      [0, 2],
    ],
  ];
  await close('cofactors', a.grad as unknown as k.Tensor, plain([4, 2, 2], cofactors.flat(2)));
  const inverse = await linalg.inv(a).data();
  expect([...inverse.slice(0, 12)].every(Number.isNaN)).toBe(true);
  expect([...inverse.slice(12)].map((x) => at([x], 0))).toEqual([0.5, 0, 0, Math.fround(1 / 3)]);
  expect([...(await linalg.solve(a, k.ones([2])).data())].map(Number.isNaN)).toEqual([
    ...new Array(6).fill(true),
    false,
    false,
  ]);
  // Of three rows, of rank two and of rank one.
  for (const [rows, want] of [
    [
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [-3, 6, -3, 6, -12, 6, -3, 6, -3],
    ],
    [[1, 2, 3, 2, 4, 6, -1, -2, -3], new Array<number>(9).fill(0)],
  ] as const) {
    const b = k.tensor([...rows], { shape: [3, 3], requiresGrad: true });
    linalg.det(b).backward();
    await close('cofactors of three', b.grad as unknown as k.Tensor, plain([3, 3], want), { atol: 2e-5 });
  }
});

test('NaN, and nothing', async () => {
  const broken = k.tensor([
    [1, Number.NaN],
    [2, 3],
  ]);
  expect(await linalg.det(broken).item()).toBeNaN();
  expect([...(await linalg.inv(broken).data())].some(Number.isNaN)).toBe(true);
  expect(await linalg.det(k.zeros([3, 0, 0])).array()).toEqual([1, 1, 1]);
  expect(linalg.det(k.zeros([0, 2, 2])).shape).toEqual([0]);
  expect(linalg.inv(k.zeros([2, 0, 0])).shape).toEqual([2, 0, 0]);
  expect(linalg.solve(k.eye(3), k.ones([3, 0])).shape).toEqual([3, 0]);
});

test('norms at 0: the slope is 0', async () => {
  for (const [ord, value, slopes] of [
    [0, 3, null],
    [1, 5, [0, -1, 1, 1]],
    [-1, 0, [0, 0, 0, 0]],
    [2, 3, [0, -1 / 3, 2 / 3, 2 / 3]],
    [Number.POSITIVE_INFINITY, 2, [0, 0, 0.5, 0.5]],
    [Number.NEGATIVE_INFINITY, 0, [0, 0, 0, 0]],
  ] as const) {
    const x = k.tensor([0, -1, 2, 2], { requiresGrad: true });
    const y = linalg.norm(x, { ord });
    expect(await y.item(), `${ord}`).toBeCloseTo(value, 6);
    if (slopes === null) expect(y.requiresGrad).toBe(false);
    else {
      y.backward();
      await close(`${ord}`, x.grad as unknown as k.Tensor, plain([4], slopes));
    }
  }
});

test('what does not fit is refused', () => {
  const saying: [() => unknown, string][] = [
    [() => linalg.det(k.zeros([2, 3])), 'det: wants square f32 matrices [..., N, N], got f32 [2, 3]'],
    [() => linalg.inv(k.zeros([3])), 'inv: wants square f32 matrices [..., N, N], got f32 [3]'],
    [() => linalg.inv(k.zeros([3, 3], { dtype: 'i32' })), 'got i32 [3, 3]'],
    [() => linalg.inv(k.zeros([129, 129])), 'inv: [129, 129] has 129 rows, of which it takes 128 at most'],
    [
      () => linalg.solve(k.eye(3), k.zeros([2, 3])),
      'solve: wants f32 [..., 3, K] beside [3, 3], or vectors [..., 3], got f32 [2, 3]',
    ],
    [() => linalg.solve(k.zeros([2, 3, 3]), k.zeros([4, 3, 1])), 'solve: shapes [2] and [4] do not broadcast'],
    [
      () => linalg.norm(k.zeros([2, 2]), { ord: 3 }),
      "norm: order 3 of matrices is none of 'fro', 'nuc', 1, -1, 2, -2, Infinity and -Infinity",
    ],
    [
      () => linalg.matrixNorm(k.zeros([2, 2]), { ord: 'max' as never }),
      "matrixNorm: order 'max' of matrices is none of",
    ],
    [
      () => linalg.norm(k.zeros([2, 2, 2]), { ord: 1 }),
      'norm: an order without dim is of a vector or a matrix, got [2, 2, 2]',
    ],
    [
      () => linalg.norm(k.zeros([2, 2]), { ord: 'fro', dim: 1 }),
      "norm: order 'fro' is of matrices, and dim [1] of vectors",
    ],
    [() => linalg.matrixNorm(k.zeros([2, 2]), { dim: [1] }), 'matrixNorm: dim [1] are not those of rows and columns'],
  ];
  for (const [call, message] of saying) expect(call).toThrow(message);
});
