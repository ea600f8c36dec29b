/** What elementwise functions promise beside what all do: exact powers and remainders, truth of numbers, arguments refused. */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { expect, test } from 'vitest';
import { close, plain } from '../support/agree.js';
import { upTo } from '../support/elementwiseLine.js';

test('powers of two and whole numbers are exact', async () => {
  const whole = Array.from({ length: 201 }, (_, i) => i - 100);
  const powers = whole.map((n) => 2 ** n);
  expect(await k.exp2(k.tensor(whole)).array()).toEqual(powers);
  expect(await k.log2(k.tensor(powers)).array()).toEqual(whole);
  expect(await k.exp2(k.tensor([128, -160])).array()).toEqual([Number.POSITIVE_INFINITY, 0]);
  // 0 of either sign.
  expect(await k.abs(k.sinc(k.tensor([0, 1, -2, 1e6]))).array()).toEqual([1, 0, 0, 0]);
});

test('remainders are exact, however large the quotient', async () => {
  const a = [...upTo(1e30), 5, -5, 16777217, 1e38, 7.5, -7.5].map(Math.fround);
  for (const b of [0.1, -0.1, 3, -3, 1e-6, 1e20, 2.5].map(Math.fround)) {
    const left = a.map((x) => x % b);
    expect(await k.fmod(k.tensor(a), b).array(), `fmod ${b}`).toEqual(left);
    const moved = left.map((x) => (x !== 0 && x < 0 !== b < 0 ? Math.fround(x + b) : x));
    expect(await k.remainder(k.tensor(a), b).array(), `remainder ${b}`).toEqual(moved);
  }
  const [x, b] = [k.tensor([7.5, -7.5], { requiresGrad: true }), k.tensor([2, 2], { requiresGrad: true })];
  k.remainder(x, b).sum().backward();
  expect([await x.grad?.array(), await b.grad?.array()]).toEqual([
    [1, 1],
    [-3, 4],
  ]);
});

test('the slope of sinc where its formula cancels', async () => {
  const x = k.tensor([0, 1e-3, -0.01, 0.2, 0.25, -0.7, 2.5], { requiresGrad: true });
  k.sinc(x).sum().backward();
  const slope = (v: number): number => {
    const u = Math.PI * v;
    return Math.abs(u) < 0.1 ? Math.PI * (-u / 3 + u ** 3 / 30) : (Math.cos(u) - Math.sin(u) / u) / v;
  };
  const want = [0, 1e-3, -0.01, 0.2, 0.25, -0.7, 2.5].map((v) => slope(Math.fround(v)));
  await close('slope', x.grad ?? x, plain([7], want), { rtol: 3e-6, atol: 0 });
});

test('logic takes numbers for truths, NaN among them', async () => {
  const [a, b] = [k.tensor([0, 2, Number.NaN, -0]), k.tensor([1, 0, 1, 0], { dtype: 'i32' })];
  expect(await k.logicalAnd(a, b).array()).toEqual([false, false, true, false]);
  expect(await k.logicalOr(a, b).array()).toEqual([true, true, true, false]);
  expect(await k.logicalXor(a, b).array()).toEqual([true, true, false, false]);
  expect(await k.logicalNot(a).array()).toEqual([true, false, false, true]);
  expect(k.logicalNot(b).dtype).toBe('bool');
});

test('what does not fit is refused by name', () => {
  const x = k.ones([2, 3]);
  expect(() => F.prelu(x, k.ones([2]))).toThrow('prelu: input [2, 3] wants a weight of shape [1] or [3], got [2]');
  expect(() => F.glu(x)).toThrow('glu: dimension 1 of [2, 3] has no halves');
  expect(() => F.hardtanh(x, { minVal: 2 })).toThrow('hardtanh: minVal 2 is not below maxVal 1');
  expect(() => F.softshrink(x, { lambd: -1 })).toThrow('softshrink: lambd is at least 0, got -1');
  expect(() => F.multiMarginLoss(x, k.zeros([3], { dtype: 'i32' }))).toThrow('multiMarginLoss: wants input [N, C]');
  expect(() => F.gaussianNllLoss(x, x, k.ones([3]))).toThrow('gaussianNllLoss: variance [3] does not fit input [2, 3]');
  expect(() => F.cosineSimilarity(x, k.ones([4]))).toThrow(/^cosineSimilarity: shapes/);
  expect(() => F.tripletMarginLoss(x, x, k.ones([3]))).toThrow(
    'tripletMarginLoss: negative has 1 dimensions, anchor 2',
  );
});
