/** Reductions against plain JavaScript. */
import * as k from 'kindling';
import { expect, test } from 'vitest';
import {
  MAX,
  MIN,
  PROD,
  REDUCE_CANDIDATES,
  type ReduceVariant,
  type Reduction,
  SUM,
} from '../../src/kernels/reduce.js';
import { reduce, reducedShape } from '../../src/ops/broadcast.js';
import { widest } from '../../src/tensor/launch.js';
import {
  agree,
  at,
  build,
  close,
  distinct,
  get,
  type Plain,
  plain,
  toTensor,
  total,
  values,
} from '../support/agree.js';

/** Combines the elements along `dims` in order. */
function reduced(x: Plain, dims: readonly number[], keepdim: boolean, f: (elements: number[]) => number): Plain {
  const kept = x.shape.map((n, d) => (dims.includes(d) ? 1 : n));
  const gone = build(
    x.shape.map((n, d) => (dims.includes(d) ? n : 1)),
    () => 0,
  );
  const made = build(kept, (...c) =>
    f(build(gone.shape, (...g) => get(x, ...c.map((i, d) => i + at(g, d)))).data.slice()),
  );
  return keepdim
    ? made
    : plain(
        x.shape.filter((_, d) => !dims.includes(d)),
        made.data,
      );
}

const mean = (elements: readonly number[]): number => total(elements) / elements.length;
const variance = (elements: readonly number[], correction: number): number =>
  total(elements.map((value) => (value - mean(elements)) ** 2)) / (elements.length - correction);

const CASES = [
  [[2, 3, 4], [0]],
  [[2, 3, 4], [1]],
  [
    [2, 3, 4],
    [0, 2],
  ],
  [
    [3, 5],
    [0, 1],
  ],
  [[300, 2], [0]],
  [[2, 150], [1]],
] as const;

test.each(CASES)('sum, mean, variance of %j along %j', async (shape, dim) => {
  const x = [values(shape)];
  for (const keepdim of [false, true]) {
    await agree(
      (x) => k.sum(x, { dim, keepdim }),
      (x) => reduced(x, dim, keepdim, total),
      x,
    );
    await agree(
      (x) => k.mean(x, { dim, keepdim }),
      (x) => reduced(x, dim, keepdim, mean),
      x,
    );
  }
  const wide = { rtol: 2e-5, atol: 1e-5 };
  await agree(
    (x) => k.variance(x, { dim }),
    (x) => reduced(x, dim, false, (e) => variance(e, 1)),
    x,
    wide,
  );
  const root = (x: Plain): Plain => reduced(x, dim, false, (e) => Math.sqrt(variance(e, 0)));
  await agree((x) => k.std(x, { dim, correction: 0 }), root, x, wide);
});

test.each(CASES)('extremes of %j along %j', async (shape, dim) => {
  const x = [distinct(shape)];
  await agree(
    (x) => k.amax(x, { dim }),
    (x) => reduced(x, dim, false, (e) => Math.max(...e)),
    x,
  );
  await agree(
    (x) => k.amin(x, { dim, keepdim: true }),
    (x) => reduced(x, dim, true, (e) => Math.min(...e)),
    x,
  );
  if (dim.length > 1) return;
  const place =
    (pick: (...e: number[]) => number) =>
    (x: Plain): Plain =>
      reduced(x, dim, false, (e) => e.indexOf(pick(...e)));
  await agree((x) => k.argmax(x, { dim: dim[0] }), place(Math.max), x, { grad: false });
  await agree((x) => k.argmin(x, { dim: dim[0] }), place(Math.min), x, { grad: false });
});

test('products, whole numbers, ties, and everything at once', async () => {
  const product = (e: readonly number[]): number => e.reduce((a, b) => a * b, 1);
  await agree(
    (x) => k.prod(x, { dim: 1 }),
    (x) => reduced(x, [1], false, product),
    [values([2, 4], 0.5, 2)],
  );
  const whole = k.tensor(Int32Array.of(3, -7, 5, -7, 2, 1), { shape: [2, 3] });
  expect(await k.sum(whole).item()).toBe(-3);
  expect(await k.prod(whole, { dim: 0 }).array()).toEqual([-21, -14, 5]);
  expect(await k.amax(whole, { dim: 1 }).array()).toEqual([5, 2]);
  expect(await k.amin(whole).item()).toBe(-7);
  expect(await k.amax(k.tensor(Uint32Array.of(1, 4e9))).item()).toBe(4e9);
  expect(await k.amin(k.tensor(Uint32Array.of(7, 4e9))).item()).toBe(7);
  expect(await k.amax(k.tensor(Uint32Array.of(0, 0))).item()).toBe(0);
  expect(await k.prod(k.tensor(Uint32Array.of(7, 4))).item()).toBe(28);
  expect(await k.sum(k.tensor(Uint32Array.of(7, 4e9))).item()).toBe(4_000_000_007);
  const least = k.tensor([-(2 ** 31), -(2 ** 31)], { dtype: 'i32' });
  expect([await k.amax(least).item(), await k.amin(least.neg().sub(1)).item()]).toEqual([-(2 ** 31), 2 ** 31 - 1]);
  expect(await k.sum(k.tensor([true, false, true])).item()).toBe(2);
  expect(await k.argmax(whole).item()).toBe(2);
  expect(await k.argmin(whole).item()).toBe(1);
  const x = k.tensor([2, 5, 5, 1], { requiresGrad: true });
  k.amax(x).backward();
  expect(await x.grad?.array()).toEqual([0, 0.5, 0.5, 0]);
  const rows = k.tensor([1, 2, 3, 9, 4, 5], { shape: [2, 3], requiresGrad: true });
  k.amax(rows, { dim: 1 }).sum().backward();
  expect(await rows.grad?.array()).toEqual([
    [0, 0, 1],
    [1, 0, 0],
  ]);
  expect(await k.sum(k.zeros([0, 2]), { dim: 0 }).array()).toEqual([0, 0]);
  expect(() => k.amax(k.zeros([2, 0]))).toThrow('amax: no elements along [0, 1] of shape [2, 0]');
  expect(() => k.sum(k.zeros([2]), { dim: 2 })).toThrow('sum: dim 2 is outside a tensor of 1 dimensions');
});

// Along the last dimension and across it, four at once and not, with and without splits, and both.
test.each([
  [[3, 1000], [1]],
  [[1, 4099], [1]],
  [[2, 300, 8], [1]],
  [[3, 301, 3], [1]],
  [
    [4, 3, 700],
    [0, 2],
  ],
  [[1500, 2, 4], [0]],
] as const)('reductions of %j along %j, cut in every way', async (shape, dim) => {
  const able = REDUCE_CANDIDATES.filter(({ lanes }) => lanes <= widest());
  const variants = [...able, { lanes: 4, fill: 500, alone: 8 }, { lanes: 1, fill: 1000, alone: 64 }];
  const x = values(shape);
  const product = plain(
    shape,
    x.data.map((value) => Math.fround(value < 0 ? 0.99 : 1.01)),
  );
  const of = (op: Reduction, given: Plain, variant: ReduceVariant, scale = 1) =>
    reduce(op, toTensor(given), dim, reducedShape(shape, dim, false), { scale, variant });
  const least = (e: readonly number[]): number => Math.min(...e);
  for (const variant of variants) {
    const name = JSON.stringify(variant);
    const want = (given: Plain, f: (e: readonly number[]) => number) => reduced(given, dim, false, f);
    await close(
      name,
      of(SUM, x, variant, 0.5),
      want(x, (e) => total(e) / 2),
      { atol: 1e-4 },
    );
    await close(
      name,
      of(MAX, x, variant),
      want(x, (e) => Math.max(...e)),
    );
    await close(name, of(MIN, x, variant), want(x, least));
    const broken = plain(shape, x.data.with(shape[0] === 1 ? 4098 : 7, Number.NaN));
    await close(
      name,
      of(MAX, broken, variant),
      want(broken, (e) => Math.max(...e)),
    );
    await close(
      name,
      of(PROD, product, variant),
      want(product, (e) => e.reduce((a, b) => a * b, 1)),
      { rtol: 1e-4 },
    );
  }
});

test('the first of the largest, found in parts', async () => {
  const data = new Float32Array(40_000);
  for (const place of [39_999, 20_000, 777]) {
    data[place] = 3;
    expect(await k.argmax(k.tensor(data)).item()).toBe(place);
    expect(await k.argmin(k.tensor(data.map((value) => -value))).item()).toBe(place);
  }
  for (const place of [39_998, 20_001, 778]) {
    data[place] = Number.NaN;
    expect(await k.argmax(k.tensor(data)).item()).toBe(place);
    expect(await k.argmin(k.tensor(data)).item()).toBe(place);
  }
  data[39_998] = data[20_001] = data[778] = 0;
  const columns = k.tensor(data.toReversed(), { shape: [20_000, 2] });
  expect(await k.argmax(columns, { dim: 0 }).array()).toEqual([0, 9999]);
  expect(await k.argmin(columns, { dim: 0 }).array()).toEqual([1, 0]);
});

test('long sums, cut into parts', async () => {
  const data = Float32Array.from({ length: 200_003 }, (_, i) => (i % 11) - 4.5);
  expect(await k.sum(k.tensor(data)).item()).toBeCloseTo(
    data.reduce((a, b) => a + b, 0),
    1,
  );
  expect(await k.amax(k.tensor(data).mul(k.arange(200_003))).item()).toBeCloseTo(5.5 * 200_001, -1);
  const wide = k.mean(k.ones([3000, 70]).mul(k.arange(70)), { dim: 0 });
  await close(
    'means',
    wide,
    plain(
      [70],
      Array.from({ length: 70 }, (_, i) => i),
    ),
  );
});

test.each(CASES)('logsumexp of %j along %j', async (shape, dim) => {
  for (const keepdim of [false, true]) {
    await agree(
      (t) => k.logsumexp(t, { dim, keepdim }),
      (t) => reduced(t, dim, keepdim, (elements) => Math.log(total(elements.map(Math.exp)))),
      [values(shape)],
    );
  }
});

test('logsumexp of large elements and of infinities', async () => {
  const [inf, rows] = [Number.POSITIVE_INFINITY, { dim: 1 }];
  expect(
    await k
      .logsumexp(
        k.tensor([
          [1e4, 1e4],
          [-1e4, -inf],
        ]),
        rows,
      )
      .array(),
  ).toEqual([Math.fround(1e4 + Math.LN2), -1e4]);
  expect(
    await k
      .logsumexp(
        k.tensor([
          [-inf, -inf],
          [inf, 1],
          [inf, -inf],
        ]),
        rows,
      )
      .array(),
  ).toEqual([-inf, inf, inf]);
  expect(await k.logsumexp(k.tensor([0, 0])).item()).toBeCloseTo(Math.LN2, 6);
});
