/** Gradients of gradients of elementwise functions, by differences of plain JavaScript. */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { describe, expect, test } from 'vitest';
import { UNARY } from '../support/elementwise.js';
import { callOf } from '../support/elementwiseCalls.js';
import { EVERYWHERE, POSITIVE } from '../support/elementwiseLine.js';
import { PAIRS } from '../support/elementwisePairs.js';
import { bend, secondOfPair, slope } from '../support/formulas.js';
import { leaf, near, type Unary } from '../support/second.js';

/** The second gradients by x and by the gradient. */
async function smooth(call: Unary, f: (x: number) => number, at: readonly number[]) {
  const [x, u] = [leaf([...at]), leaf(at.map((_, i) => 0.5 + i / 8))];
  const [g] = k.grad(call(x), [x], { gradOutputs: u, createGraph: true });
  const v = k.tensor(at.map((_, i) => 1 - i / 5));
  const [byX, byU] = k.grad(g.mul(v).sum(), [x, u]);
  await near(
    'by x',
    byX,
    at.map((x, i) => bend(f, x) * (0.5 + i / 8) * (1 - i / 5)),
  );
  const [first] = k.grad(call(x), [x], { gradOutputs: v });
  await near('by the gradient', byU, [...(await first.data())]);
  expect([x.grad, u.grad]).toEqual([null, null]);
}

/** Linear in pieces: the second gradient by x is zeros or none, and the third by the gradient is the square of the slope. */
async function stepwise(name: string, f: (x: number) => number, at: readonly number[], second: 'zeros' | 'none') {
  const [x, u] = [leaf([...at]), leaf(at.map((_, i) => 0.5 + i / 8))];
  const [g] = k.grad(callOf(name)(x.mul(1)), [x], { gradOutputs: u, createGraph: true });
  const [byX, byU] = k.grad(k.square(g).sum(), [x, u], { allowUnused: true, createGraph: true });
  if (second === 'none') expect(byX).toBeNull();
  else
    await near(
      'by x',
      byX ?? u,
      at.map(() => 0),
    );
  await near(
    'by the gradient',
    byU ?? x,
    at.map((x, i) => 2 * slope(f, x) ** 2 * (0.5 + i / 8)),
  );
  const [third] = k.grad((byU ?? x).sum(), [u]);
  await near(
    'again',
    third,
    at.map((x) => 2 * slope(f, x) ** 2),
  );
}

const A = [0.5, 1.5, 2.5];
const B = [-1.2, 0.7, 2];

/** Gradients of Σ ga³ + Σ gb², ga and gb being those of Σ f(a, b)² by a row and a column. */
async function pair(f: (a: k.Tensor, b: k.Tensor) => k.Tensor, wantA: readonly number[], wantB: readonly number[]) {
  const [a, b] = [leaf(A), leaf(B.map((value) => [value]))];
  const [ga, gb] = k.grad(k.square(f(a, b)).sum(), [a, b], { createGraph: true });
  const [byA, byB] = k.grad(k.pow(ga, 3).sum().add(k.square(gb).sum()), [a, b]);
  await near('by a', byA, wantA);
  await near('by b', byB, wantB);
}

describe('elementwise', () => {
  for (const [name, { plain: f, on = EVERYWHERE, second, asks }] of Object.entries(UNARY)) {
    const at = on.second;
    if (asks || at.length === 0) continue;
    if (second) {
      test(name, () => stepwise(name, f, at, second));
      continue;
    }
    test(name, () => smooth(callOf(name), f, at));
  }

  // At −∞ PyTorch takes the slope's square root for NaN, so that it has no line.
  test('pow 1.5', () =>
    smooth(
      (x) => k.pow(x, 1.5),
      (x) => x ** 1.5,
      POSITIVE.second,
    ));

  for (const [name, { plain: f, asks }] of Object.entries(PAIRS)) {
    if (asks) continue;
    test(`${name} of two`, () => pair(callOf(name), ...secondOfPair(f, A, B)));
  }

  test('add of −b, as sub', () => pair((a, b) => k.add(a, k.neg(b)), ...secondOfPair((a, b) => a - b, A, B)));

  test.each([1, 3])('cross-entropy of logits, whose positive targets weigh %d', async (p) => {
    const [logits, targets] = [
      [-1.5, 0.3, 2],
      [0.25, 1, 0.6],
    ];
    const [x, t] = [leaf(logits), leaf(targets)];
    const weight = p === 1 ? {} : { posWeight: k.tensor([p]) };
    const losses = F.binaryCrossEntropyWithLogits(x, t, { reduction: 'sum', ...weight });
    const [gx, gt] = k.grad(losses, [x, t], { createGraph: true });
    const [byX, byT] = k.grad(gx.add(gt).sum(), [x, t]);
    const slopes = logits.map((z) => 1 / (1 + Math.exp(-z)));
    const byBoth = slopes.map((y) => -y - p * (1 - y));
    await near('by t', byT, byBoth);
    await near(
      'by x',
      byX,
      slopes.map((y, i) => (1 + (p - 1) * (targets[i] ?? 0)) * y * (1 - y) + (byBoth[i] ?? 0)),
    );
  });

  test('prelu', async () => {
    // Of y = w x where x is below 0: by x and w of Σ (v · dy/dx + dy/dw) they are 1 and v there.
    const [x, w] = [
      leaf([
        [-2, 3],
        [0.5, -1],
      ]),
      leaf([0.25, 0.5]),
    ];
    const [gx, gw] = k.grad(F.prelu(x, w).sum(), [x, w], { createGraph: true });
    const [byX, byW] = k.grad(
      gx
        .mul(
          k.tensor([
            [1, 2],
            [3, 4],
          ]),
        )
        .sum()
        .add(gw.sum()),
      [x, w],
    );
    await near('by x', byX, [1, 0, 0, 1]);
    await near('by w', byW, [1, 4]);
  });

  test('pow where the base is 0', async () => {
    const [x, p] = [leaf([0, 0]), leaf([2, 3])];
    const [gx, gp] = k.grad(k.pow(x, p).sum(), [x, p], { createGraph: true });
    const [byX, byP] = k.grad(gx.add(gp).sum(), [x, p]);
    await near('by x', byX, [2, 0]);
    await near('by p', byP, [0, 0]);
  });

  test('maximum and minimum share ties', async () => {
    const [a, b, u] = [leaf([1, 2, 3]), leaf([3, 2, 1]), leaf([1, 2, 3])];
    for (const [f, share] of [
      [k.maximum, [0, 0.5, 1]],
      [k.minimum, [1, 0.5, 0]],
    ] as const) {
      const [ga, gb] = k.grad(f(a, b), [a, b], { gradOutputs: u, createGraph: true });
      const [byU] = k.grad(k.square(ga).add(gb).sum(), [u]);
      await near(
        'by the gradient',
        byU,
        share.map((s, i) => 2 * s * s * (i + 1) + 1 - s),
      );
    }
  });
});
