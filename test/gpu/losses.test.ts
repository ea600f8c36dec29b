/** Losses against plain JavaScript. */
import { keep, noGrad, reshape, type Tensor, tensor, zeros } from 'kindling';
import * as F from 'kindling/nn/functional';
import { describe, expect, test } from 'vitest';
import { streamStats } from '../../src/stream/stream.js';
import {
  agree,
  alongRows,
  at,
  close,
  indices,
  logSoftmax,
  type Plain,
  plain,
  sizeOf,
  softmaxRow,
  toTensor,
  total,
  values,
} from '../support/agree.js';

interface Nll {
  weight?: Plain;
  ignoreIndex?: number;
  labelSmoothing?: number;
  reduction?: 'mean' | 'sum' | 'none';
}

/** The losses of log-probabilities [n, classes, inner...], reduced. */
function nll(
  y: Plain,
  targets: Plain,
  { weight, ignoreIndex = -100, labelSmoothing = 0, reduction = 'mean' }: Nll,
): Plain {
  const [n = 0, classes = 0, ...rest] = y.shape;
  const inner = sizeOf(rest);
  const w = (c: number): number => (weight ? at(weight.data, c) : 1);
  let weights = 0;
  const losses = targets.data.map((t, p) => {
    if (t === ignoreIndex) return 0;
    weights += w(t);
    const [s, d] = [Math.floor(p / inner), p % inner];
    const each = Array.from({ length: classes }, (_, c) => {
      const share = (c === t ? 1 - labelSmoothing : 0) + labelSmoothing / classes;
      return -share * w(c) * at(y.data, (s * classes + c) * inner + d);
    });
    return total(each);
  });
  if (reduction === 'none') return plain([n, ...rest], losses);
  return plain([], [total(losses) / (reduction === 'mean' ? weights : 1)]);
}

const weight = plain([4], [0.5, 1, 2, 0.25]);
const targets = indices([5], [3, 0, -100, 2, 2]);
const image = indices([2, 1, 3], [3, 0, 1, 1, 2, 0]);
const many = indices(
  [40],
  Array.from({ length: 40 }, (_, i) => (i * 7) % 4),
);

test.each([
  [[5, 4], targets, {}],
  [[5, 4], targets, { reduction: 'sum' }],
  [[5, 4], targets, { reduction: 'none', weight }],
  [[5, 4], targets, { weight, ignoreIndex: 2 }],
  [[2, 4, 1, 3], image, { weight }],
  [[2, 4, 1, 3], image, { reduction: 'none' }],
  [[40, 4], many, {}],
  [[5, 4], targets, { labelSmoothing: 0.2 }],
  [[5, 4], targets, { labelSmoothing: 0.2, weight }],
  [[2, 4, 1, 3], image, { labelSmoothing: 0.1, weight, reduction: 'none' }],
] as const)('nllLoss and crossEntropy of %j, case %#', async (shape, target, options: Nll) => {
  // Targets of -100 are ignored by default only.
  const own = options.ignoreIndex === 2 ? indices([5], [3, 0, 2, 2, 1]) : target;
  const given = { ...options, ...(options.weight ? { weight: toTensor(options.weight) } : {}) };
  const passed = given as F.CrossEntropyOptions;
  await agree(
    (x, t) => F.crossEntropy(x, t, passed),
    (x, t) => nll(logSoftmax(x, 1), t, options),
    [values(shape), own],
  );
  await agree(
    (x, t) => F.crossEntropy(x.mul(2), t, passed),
    (x, t) =>
      nll(
        logSoftmax(
          plain(
            x.shape,
            x.data.map((value) => 2 * value),
          ),
          1,
        ),
        t,
        options,
      ),
    [values(shape), own],
  );
  if (options.labelSmoothing) return;
  // Of logits that a user made, and of logits that an op made.
  for (const factor of [1, 2]) {
    await agree(
      (x, t) => F.nllLoss(F.logSoftmax(factor === 1 ? x : x.mul(factor), 1), t, passed),
      (x, t) =>
        nll(
          logSoftmax(
            plain(
              x.shape,
              x.data.map((value) => factor * value),
            ),
            1,
          ),
          t,
          options,
        ),
      [values(shape), own],
    );
  }
  await agree(
    (x, t) => F.nllLoss(x, t, passed),
    (x, t) => nll(x, t, options),
    [values(shape, -3, -0.1), own],
  );
});

test('nllLoss in several parts adds all of them', async () => {
  const n = 9001;
  const x = tensor(
    Float32Array.from({ length: n * 2 }, (_, i) => -(i % 2) - 1),
    { shape: [n, 2], requiresGrad: true },
  );
  const labels = tensor(Int32Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 1 : 0)));
  const want = (3001 * 2 + 6000) / n;
  const loss = F.nllLoss(x, labels);
  expect(await loss.item()).toBeCloseTo(want, 5);
  loss.backward();
  const [a, b, c] = (await x.grad?.data()) ?? [];
  const rounded = [a, (b ?? 0) * n, (c ?? 0) * n].map((value) => Math.round((value ?? 0) * 1e4) / 1e4);
  // Zeros of either sign.
  expect(rounded.map((value) => value + 0)).toEqual([0, -1, -1]);
  expect(await F.nllLoss(x, labels, { reduction: 'sum' }).item()).toBeCloseTo(want * n, 0);
});

describe('log-softmax and nllLoss in two calls', () => {
  const x = [
    [1, 2, 0.5],
    [-1, 0, 3],
  ];
  const labels = () => tensor(Int32Array.of(1, 0));
  const soft = x.map(softmaxRow);
  const byLogits = soft.map((row, n) => row.map((p, c) => (p - Number(c === 1 - n)) / 2));
  const byLogp = [
    [0, -0.5, 0],
    [-0.5, 0, 0],
  ];
  const expectNear = async (got: Tensor | null | undefined, want: number[][]) =>
    close('gradient', got as Tensor, plain([2, 3], want.flat()));

  test.each([false, true])('send the gradient back in one launch, logits made by an op: %j', async (made) => {
    const logits = tensor(x, { requiresGrad: true });
    const loss = F.nllLoss(F.logSoftmax(made ? reshape(logits, [2, 3]) : logits, 1), labels());
    await loss.item();
    const before = streamStats().dispatches;
    loss.backward();
    await expectNear(logits.grad, byLogits);
    expect(streamStats().dispatches - before).toBe(1);
  });

  test('leave the log-probabilities a gradient that they retain', async () => {
    const logits = tensor(x, { requiresGrad: true });
    const logp = F.logSoftmax(logits, 1);
    const loss = F.nllLoss(logp, labels());
    logp.retainGrad();
    loss.backward();
    await expectNear(logp.grad, byLogp);
    await expectNear(logits.grad, byLogits);
  });

  test('add to what other uses of the log-probabilities send back', async () => {
    const logits = tensor(x, { requiresGrad: true });
    const logp = F.logSoftmax(logits, 1);
    const first = F.nllLoss(logp, labels()).add(logp.mul(tensor([1, 0, 0])).sum());
    first.backward();
    const rest = soft.map((row) => row.map((p, c) => Number(c === 0) - p));
    await expectNear(
      logits.grad,
      byLogits.map((row, n) => row.map((g, c) => g + at(rest[n] ?? [], c))),
    );
  });

  test('are of what the log-probabilities hold, not of logits written since, nor past noGrad', async () => {
    const logits = tensor(x, { requiresGrad: true });
    const logp = F.logSoftmax(logits, 1);
    logits.copy_(Float32Array.of(0, 0, 0, 0, 0, 0));
    const loss = F.nllLoss(logp, labels());
    loss.backward();
    await expectNear(logits.grad, byLogits);
    expect(await loss.item()).toBeCloseTo(-(Math.log(at(soft[0] ?? [], 1)) + Math.log(at(soft[1] ?? [], 0))) / 2, 5);
    expect(
      F.nllLoss(
        noGrad(() => F.logSoftmax(logits, 1)),
        labels(),
      ).requiresGrad,
    ).toBe(false);
    expect(F.nllLoss(F.logSoftmax(logits, 1).detach(), labels()).requiresGrad).toBe(false);
  });

  test('along another dimension are two functions', async () => {
    const logits = tensor(x, { requiresGrad: true });
    F.nllLoss(F.logSoftmax(logits, 0), labels(), { reduction: 'sum' }).backward();
    const columns = [0, 1, 2].map((c) => softmaxRow(x.map((row) => at(row, c))));
    const picked = (n: number, c: number) => Number(c === 1 - n);
    const want = x.map((row, n) =>
      row.map((_, c) => at(columns[c] ?? [], n) * (picked(0, c) + picked(1, c)) - picked(n, c)),
    );
    await expectNear(logits.grad, want);
  });
});

test('crossEntropy of probabilities', async () => {
  const p = alongRows(values([3, 4], 0.1, 1), 1, (row) => row.map((value) => value / total(row)));
  const theirs = (x: Plain): Plain => {
    const logp = logSoftmax(x, 1);
    return plain([], [-total(logp.data.map((value, i) => value * at(p.data, i))) / 3]);
  };
  await agree((x) => F.crossEntropy(x, toTensor(p)), theirs, [values([3, 4])]);
});

test('targets outside the classes make NaN, wrong shapes an error', async () => {
  expect(await F.nllLoss(zeros([1, 3]), tensor(Int32Array.of(3))).item()).toBeNaN();
  expect(await F.crossEntropy(zeros([1, 3]), tensor(Int32Array.of(-1))).item()).toBeNaN();
  const wanted = 'nllLoss: input [2, 3] wants targets of shape [2], got [3]';
  expect(() => F.nllLoss(zeros([2, 3]), zeros([3], { dtype: 'i32' }))).toThrow(wanted);
  expect(() => F.nllLoss(zeros([2, 3]), zeros([2]))).toThrow('targets are class indices in i32, got f32');
  expect(() => F.crossEntropy(zeros([2]), zeros([2], { dtype: 'i32' }))).toThrow('[N, C]');
  const weights = { weight: zeros([2]) };
  expect(() => F.crossEntropy(zeros([2, 3]), zeros([2], { dtype: 'i32' }), weights)).toThrow(
    'want weights of shape [3], got [2]',
  );
});

/** An elementwise loss and its reductions. */
const lossOf =
  (f: (x: number, t: number) => number, reduction: string) =>
  (x: Plain, t: Plain): Plain => {
    const losses = x.data.map((value, i) => f(value, at(t.data, i)));
    if (reduction === 'none') return plain(x.shape, losses);
    return plain([], [total(losses) / (reduction === 'mean' ? losses.length : 1)]);
  };
const huber = (d: number, from: number): number => (d < from ? (d * d) / 2 : from * (d - from / 2));

test.each(['mean', 'sum', 'none'] as const)('losses of regression, %s', async (reduction) => {
  const inputs = [values([3, 5]), values([3, 5])];
  const check = (ours: (x: Tensor, t: Tensor) => Tensor, f: (x: number, t: number) => number, given = inputs) =>
    agree(ours, lossOf(f, reduction), given);
  await check(
    (x, t) => F.mseLoss(x, t, { reduction }),
    (x, t) => (x - t) ** 2,
  );
  await check(
    (x, t) => F.l1Loss(x, t, { reduction }),
    (x, t) => Math.abs(x - t),
  );
  await check(
    (x, t) => F.smoothL1Loss(x, t, { reduction, beta: 0.5 }),
    (x, t) => 2 * huber(Math.abs(x - t), 0.5),
  );
  await check(
    (x, t) => F.huberLoss(x, t, { reduction, delta: 1.5 }),
    (x, t) => huber(Math.abs(x - t), 1.5),
  );
  const cross = (x: number, t: number, positive = 1): number =>
    positive * t * Math.log1p(Math.exp(-x)) + (1 - t) * Math.log1p(Math.exp(x));
  const probabilities = [values([3, 5]), values([3, 5], 0, 1)];
  await check((x, t) => F.binaryCrossEntropyWithLogits(x, t, { reduction }), cross, probabilities);
  const posWeight = keep(tensor([2.5]));
  await check(
    (x, t) => F.binaryCrossEntropyWithLogits(x, t, { reduction, posWeight }),
    (x, t) => cross(x, t, 2.5),
    probabilities,
  );
});

test('losses of different shapes are refused', () => {
  expect(() => F.mseLoss(zeros([2]), zeros([2, 1]))).toThrow('mseLoss: input [2] and target [2, 1] differ');
});
