/** Digits: elementwise functions and losses over their whole domains, tails and all, against JavaScript's doubles. */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { describe, expect, test } from 'vitest';
import { at } from '../support/agree.js';

/** erfc by the series of erf below 2, and above it by its continued fraction. */
function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x < 2) return 1 - erf(x);
  let rest = 0;
  for (let n = 200; n > 0; n--) rest = n / 2 / (x + rest);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + rest);
}

function erf(x: number): number {
  if (Math.abs(x) >= 2) return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
  let term = x;
  let sum = x;
  for (let n = 1; n < 100; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const sigmoid = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const normal = (x: number): number => 0.5 * erfc(-x * Math.SQRT1_2);
const bend = (x: number): number => 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);

const COUNT = 1000;
/** Evenly spread, and evenly in their logarithms. */
const even = (from: number, to: number): number[] =>
  Array.from({ length: COUNT }, (_, i) => Math.fround(from + ((to - from) * (i + 0.37)) / COUNT));
const scaled = (from: number, to: number): number[] =>
  Array.from({ length: COUNT }, (_, i) => Math.fround(from * (to / from) ** ((i + 0.37) / COUNT)));
const signed = (x: readonly number[]): number[] => [...x, ...x.map((value) => -value)];
const small = scaled(1e-30, 1);

/** Of the errors of `got`, the worst: relative, and absolute. Beyond f32's normal numbers none is asked for. */
function worst(got: ArrayLike<number>, xs: readonly number[], want: (x: number) => number) {
  const errors = { relative: 0, absolute: 0 };
  xs.forEach((x, i) => {
    const wanted = want(x);
    if (Math.abs(wanted) < 2e-38 || Math.abs(wanted) > 3.4e38) return;
    const off = Math.abs(at(got, i) - wanted);
    errors.absolute = Math.max(errors.absolute, Number.isNaN(off) ? Number.POSITIVE_INFINITY : off);
    errors.relative = Math.max(errors.relative, Number.isNaN(off) ? Number.POSITIVE_INFINITY : off / Math.abs(wanted));
  });
  return errors;
}

type Sweep = readonly [
  name: string,
  ours: (x: k.Tensor) => k.Tensor,
  theirs: (x: number) => number,
  xs: readonly number[],
  slope?: (x: number) => number,
];

/**
 * f32 itself is good for 6e-8; the slopes listed are those that do not cross zero. The most is 4.4e-7, of gelu by tanh at −2
 * on lavapipe: its result is off by 3.8 times what the sigmoid's argument is.
 */
const RELATIVE: readonly Sweep[] = [
  ['exp', k.exp, Math.exp, signed([...even(0, 87), ...small]), Math.exp],
  ['log', k.log, Math.log, [...scaled(1e-37, 1e37), ...even(0.5, 2)]],
  ['log1p', k.log1p, Math.log1p, [...even(-0.99999, 3), ...signed(scaled(1e-30, 0.5)), ...scaled(0.5, 1e30)]],
  ['tanh', k.tanh, Math.tanh, signed([...even(0, 10), ...small])],
  ['sigmoid', k.sigmoid, sigmoid, signed([...even(0, 80), ...small])],
  ['erf', k.erf, erf, signed([...even(0, 6), ...small])],
  ['elu', F.elu, Math.expm1, [...even(-30, 0), ...small.map((x) => -x)], Math.exp],
  ['silu', F.silu, (x) => x * sigmoid(x), signed([...even(0, 80), ...small])],
  ['softplus', F.softplus, softplus, signed([...even(0, 80), ...small]), sigmoid],
  ['gelu', F.gelu, (x) => x * normal(x), [...even(-1, 10), ...signed(small)]],
  ['pow 1.75', (x) => k.pow(x, 1.75), (x) => x ** 1.75, scaled(1e-20, 1e20), (x) => 1.75 * x ** 0.75],
  ['pow -2.5', (x) => k.pow(x, -2.5), (x) => x ** -2.5, scaled(1e-14, 1e14)],
  [
    'gelu by tanh',
    (x) => F.gelu(x, { approximate: 'tanh' }),
    (x) => x * sigmoid(bend(x)),
    signed([...even(0, 2), ...small]),
  ],
];

for (const [name, ours, theirs, xs, slope] of RELATIVE) {
  const bound = /gelu.*tanh/.test(name) ? 5e-7 : 4e-7;
  test(`${name} is off by at most ${bound} of itself, from tail to tail`, async () => {
    const x = k.tensor([...xs], { requiresGrad: true });
    const y = ours(x);
    expect(worst(await y.data(), xs, theirs).relative).toBeLessThan(bound);
    if (!slope) return;
    k.sum(y).backward();
    expect(worst(await (x.grad as k.Tensor).data(), xs, slope).relative).toBeLessThan(bound);
  });
}

test('log of denormals keeps its digits', async () => {
  const xs = [1.1754942e-38, 1e-38, 1e-40, 3e-43, 2 ** -149].map(Math.fround);
  expect(worst(await k.log(k.tensor(xs)).data(), xs, Math.log).relative).toBeLessThan(4e-7);
});

test('gelu has its tail', async () => {
  const xs = even(-9, -1);
  for (const approximate of ['none', 'tanh'] as const) {
    const tail = approximate === 'none' ? normal : (x: number) => sigmoid(bend(x));
    const got = await F.gelu(k.tensor(xs), { approximate }).data();
    expect(worst(got, xs, (x) => x * tail(x)).relative).toBeLessThan(5e-5);
  }
});

test('sin and cos of any angle are off by less than 2e-7', async () => {
  const xs = signed([...even(0, 20), ...scaled(1e-10, 1e6), ...scaled(1e6, 3.4e38), 1e6, 2 ** 23, 2 ** 24 + 2]);
  const x = k.tensor(xs.map(Math.fround), { requiresGrad: true });
  const y = k.sin(x);
  const rounded = xs.map(Math.fround);
  expect(worst(await y.data(), rounded, Math.sin).absolute).toBeLessThan(2e-7);
  expect(worst(await k.cos(x).data(), rounded, Math.cos).absolute).toBeLessThan(2e-7);
  k.sum(y).backward();
  expect(worst(await (x.grad as k.Tensor).data(), rounded, Math.cos).absolute).toBeLessThan(2e-7);
  const none = await k.sin(k.tensor([Number.POSITIVE_INFINITY, Number.NaN])).data();
  expect([...none]).toEqual([Number.NaN, Number.NaN]);
});

describe('binary cross-entropy of logits', () => {
  const logits = signed([...even(0, 80), ...small]);
  const x = (): k.Tensor => k.tensor(logits, { requiresGrad: true });

  test.each([
    [0, undefined],
    [1, undefined],
    [0.999, undefined],
    [0.25, undefined],
    [0, 3],
    [1, 3],
    [1, 0.01],
    [0.999, 1000],
  ])('target %s, posWeight %s', async (target, posWeight) => {
    const [t, p] = [Math.fround(target), Math.fround(posWeight ?? 1)];
    const given = x();
    const losses = F.binaryCrossEntropyWithLogits(given, k.full([logits.length], t), {
      reduction: 'none',
      ...(posWeight === undefined ? {} : { posWeight: k.tensor([p]) }),
    });
    const want = (z: number): number => p * t * softplus(-z) + (1 - t) * softplus(z);
    expect(worst(await losses.data(), logits, want).relative).toBeLessThan(6e-7);
    k.sum(losses).backward();
    const slopes = await (given.grad as k.Tensor).data();
    const slope = (z: number): number => (1 - t) * sigmoid(z) - p * t * sigmoid(-z);
    const errors = worst(slopes, logits, slope);
    // Where both parts are there, the slope crosses zero.
    if (t === 0 || t === 1) expect(errors.relative).toBeLessThan(6e-7);
    expect(errors.absolute).toBeLessThan(3e-7 * Math.max(p, 1));
  });

  test('infinite logits cost nothing on the right side, and everything on the wrong one', async () => {
    const infinite = k.tensor([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    for (const posWeight of [undefined, k.tensor([2])]) {
      const options = { reduction: 'none', ...(posWeight && { posWeight }) } as const;
      const right = F.binaryCrossEntropyWithLogits(infinite, k.tensor([1, 0]), options);
      expect(await right.array()).toEqual([0, 0]);
      const wrong = F.binaryCrossEntropyWithLogits(infinite, k.tensor([0, 1]), options);
      expect(await wrong.array()).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    }
  });

  test('of probabilities: small ones keep their digits, logarithms end at -100', async () => {
    const p = [1e-20, 1e-8, 0.3, 0, 1].map(Math.fround);
    const got = await F.binaryCrossEntropy(k.tensor(p), k.zeros([5]), { reduction: 'none' }).data();
    [1e-20, 1e-8, -Math.log1p(-at(p, 2)), 0, 100].forEach((want, i) => {
      expect(Math.abs(at(got, i) - want)).toBeLessThanOrEqual(2e-7 * want);
    });
  });
});

describe('logits far from zero', () => {
  const FAR = [1e4, -1e4, 0];
  const offsets = [0.5, -1.25, 3, 0, 2.75, -0.5, 1.5, -3];
  /** Rows of logits at each distance; f32 holds all of them. */
  const rowsOf = (length: number): number[][] =>
    FAR.map((far) => Array.from({ length }, (_, c) => far + at(offsets, c % offsets.length) + (c >> 3) / 8));
  const logSoftmax = (row: readonly number[]): number[] => {
    const top = Math.max(...row);
    const sum = row.reduce((total, x) => total + Math.exp(x - top), 0);
    return row.map((x) => x - top - Math.log(sum));
  };

  test.each([8, 7, 300])('log-softmax and its losses over %d classes lose nothing', async (length) => {
    const rows = rowsOf(length);
    const want = rows.map(logSoftmax);
    const x = k.tensor(rows.flat(), { shape: [rows.length, length] });
    const targets = [2, 0, 5];
    const picked = want.map((row, r) => -at(row, at(targets, r)));
    const target = k.tensor(targets, { dtype: 'i32' });
    const close = async (got: k.Tensor, wanted: readonly number[]): Promise<void> => {
      const data = await got.data();
      for (const [i, value] of wanted.entries()) expect(Math.abs(at(data, i) - value)).toBeLessThan(2e-6);
    };
    await close(F.logSoftmax(x, 1), want.flat());
    await close(k.transpose(F.logSoftmax(k.transpose(x, 0, 1), 0), 0, 1), want.flat());
    await close(F.crossEntropy(x, target, { reduction: 'none' }), picked);
    await close(F.crossEntropy(x, target, { reduction: 'sum' }), [picked.reduce((a, b) => a + b)]);
    const even = want.map((row) => -row.reduce((a, b) => a + b) / length);
    await close(F.crossEntropy(x, k.full([rows.length, length], 1 / length), { reduction: 'none' }), even);
    await close(F.crossEntropy(x, target, { reduction: 'none', labelSmoothing: 1 }), even);
    const images = k.reshape(k.transpose(x, 0, 1), [1, length, rows.length]);
    await close(F.crossEntropy(images, k.reshape(target, [1, rows.length]), { reduction: 'none' }), picked);
  });
});
