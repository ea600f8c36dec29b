/** Singular values and the norms that are made of them, against PyTorch (fixtures/linalg_cases.py). */
import * as k from 'kindling';
import * as linalg from 'kindling/linalg';
import { describe, expect, test } from 'vitest';
import { build, close, plain, toTensor } from '../support/agree.js';
import { loadJson } from '../support/fixtures.js';
import { agreesWithPyTorch, type Case, wave } from '../support/linalgCase.js';

const cases = await loadJson<Case[]>('singular.json');
const large = await loadJson<[string, number, number, number, number, number][]>('singularLarge.json');

const ORDERS = [2, -2, 'nuc'] as const;
type Order = (typeof ORDERS)[number];
const NAN = Number.NaN;

/** The gradient of a norm, and that of its sum with weights 1, 2, 3, …. */
function derivatives(a: k.Tensor, ord: Order): [k.Tensor, k.Tensor] {
  const [g] = k.grad(linalg.matrixNorm(a, { ord }), [a], { createGraph: true }) as [k.Tensor];
  const weights = k.arange(1, a.size + 1).reshape(a.shape);
  const [second] = k.grad(k.sum(k.mul(g, weights)), [a]) as [k.Tensor];
  return [g.detach(), second];
}

const leaf = (...rows: number[][]) => k.tensor(rows, { requiresGrad: true });
const numbers = async (x: k.Tensor) => [...(await x.data())];

/** Σ uᵢ vᵢᵀ, which is the gradient of the sum of all values, has orthonormal columns, or rows. */
async function isOrthonormal(a: k.Tensor): Promise<void> {
  const [uv] = k.grad(k.sum(linalg.svdvals(a)), [a]) as [k.Tensor];
  const turned = k.transpose(uv, -2, -1);
  const isWide = Number(a.shape.at(-1)) > Number(a.shape.at(-2));
  const gram = isWide ? k.matmul(uv, turned) : k.matmul(turned, uv);
  await close(
    'orthonormal',
    gram,
    build(gram.shape, (...at) => Number(at.at(-1) === at.at(-2))),
    { atol: 1e-5 },
  );
}

test.each(cases)('%s %j of %j', async (...given) => {
  await agreesWithPyTorch(given, (_, shape) => wave((i) => Math.sin(0.3 * i * i + i + 0.4), shape));
});

const noise = (r: number, c: number) => Math.sin((r + 3) * (c + 2) * 12.9898 + r * r * 0.7);
const formulas: Readonly<Record<string, (r: number, c: number) => number>> = {
  hilbert: (r, c) => 1 / (r + c + 1),
  kahan: (r, c) => 0.6 ** r * (c > r ? -0.8 : c === r ? 1 : 0),
  near: (r, c) => Math.exp(-Math.abs(r - c) / 10),
  columns: (r, c) => noise(r, c) * 10 ** (-c / 12),
  rows: (r, c) => noise(r, c) * 10 ** (-r / 12),
  noise,
};

test.each(large)('larger matrices: %s, %d × %d', async (name, m, n, greatest, least, total) => {
  const a = toTensor(build([m, n], (r = 0, c = 0) => formulas[name]?.(r, c) ?? NAN)).requiresGrad_();
  const [two, minusTwo, nuc] = await Promise.all(ORDERS.map((ord) => linalg.norm(a, { ord }).item()));
  expect(Math.abs(Number(two) / greatest - 1)).toBeLessThan(1e-6);
  expect(Math.abs(Number(nuc) / total - 1)).toBeLessThan(1e-6);
  // In f32 every value is known to 6e-8 of the largest.
  expect(Math.abs(Number(minusTwo) - least)).toBeLessThan(3e-7 * greatest);
  // Σ σᵢ uᵢ vᵢᵀ is the matrix, and without vectors the values have the same bits.
  const values = linalg.svdvals(a);
  expect(await linalg.svdvals(a.detach()).data()).toEqual(await values.data());
  const [back] = k.grad(values, [a], { gradOutputs: values.detach() }) as [k.Tensor];
  await close('the matrix', back, plain([m, n], await numbers(a)), { atol: 1e-6 * greatest });
  await isOrthonormal(a);
});

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

describe('second derivatives', () => {
  test('of rank one: PyTorch has these, and NaN of other orders', async () => {
    const [g, second] = derivatives(leaf([1, 2, 3], [2, 4, 6], [3, 6, 9]), 2);
    await close(
      'first',
      g,
      plain(
        [3, 3],
        [1, 2, 3, 2, 4, 6, 3, 6, 9].map((x) => x / 14),
      ),
    );
    const want = [0.0583090379, -0.0058309038, -0.0699708455, 0.1370262391, 0.029154519, -0.0787172012];
    await close('second', second, plain([3, 3], [...want, 0.2157434402, 0.0641399417, -0.0874635669]), { atol: 1e-6 });
  });

  test('of diag(1, 0)', async () => {
    const a = leaf([1, 0], [0, 0]);
    for (const [ord, want] of [
      [2, [0, 2, 3, 0]],
      [-2, [0, -3, -2, 0]],
      ['nuc', [0, -1, 1, 0]],
    ] as const) {
      await close(`${ord}`, derivatives(a, ord)[1], plain([2, 2], want));
    }
  });

  test('of the unit matrix: a sum has one, where PyTorch has NaN; extremes that are shared have none', async () => {
    const a = leaf([1, 0], [0, 1]);
    await close('nuc', derivatives(a, 'nuc')[1], plain([2, 2], [0, -0.5, 0.5, 0]));
    for (const ord of [2, -2] as const) {
      expect((await numbers(derivatives(a, ord)[1])).every(Number.isNaN)).toBe(true);
    }
  });

  test('there is no third', () => {
    const a = leaf([1, 2], [3, 5]);
    const [g] = k.grad(linalg.norm(a, { ord: 2 }), [a], { createGraph: true }) as [k.Tensor];
    const [second] = k.grad(k.sum(k.square(g)), [a], { createGraph: true }) as [k.Tensor];
    expect(() => k.grad(k.sum(second), [a])).toThrow('svdvals: has first and second derivatives, and no third');
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
