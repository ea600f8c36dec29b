/** Attention in tiles, forward and back, against the formula in doubles, and against the same made of products. */
import { adapter, capture, grad, randomState, setRandomState, step, type Tensor, tensor } from 'kindling';
import { scaledDotProductAttention } from 'kindling/nn/functional';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useTiles } from '../../src/ops/tiledAttention.js';
import { build, close, type Plain, plain, toTensor, values } from '../support/agree.js';
import { bothWays, type Case, exactly, leavesOf, open, optionsOf } from '../support/attention.js';

beforeAll(() => useTiles(true));
afterAll(() => useTiles(null));

const CASES: readonly Case[] = [
  { batch: [], l: 1, s: 1, e: 1, v: 1 },
  { batch: [2], l: 5, s: 6, e: 4, v: 4 },
  { batch: [2, 3], l: 33, s: 47, e: 17, v: 17 },
  { batch: [2], l: 47, s: 33, e: 20, v: 9, scale: 0.7 },
  { batch: [3], l: 33, s: 47, e: 17, v: 12, causal: true },
  { batch: [1, 2], l: 70, s: 35, e: 17, v: 12, causal: true },
  { batch: [2], l: 64, s: 64, e: 16, v: 16, causal: true },
  { batch: [2], l: 33, s: 1, e: 4, v: 4, causal: true },
  { batch: [2], l: 1, s: 40, e: 4, v: 4 },
  { batch: [1], l: 19, s: 18, e: 67, v: 130 },
  { batch: [2, 3], l: 9, s: 10, e: 4, v: 4, mask: ['bool', [9, 10]] },
  { batch: [2, 3], l: 9, s: 11, e: 4, v: 4, mask: ['bool', [2, 1, 1, 11]] },
  { batch: [2, 3], l: 33, s: 34, e: 4, v: 6, mask: ['f32', [3, 33, 34]] },
  { batch: [2, 3], l: 9, s: 10, e: 4, v: 4, mask: ['f32', [2, 1, 9, 1]] },
  { batch: [2, 3], l: 9, s: 10, e: 4, v: 4, mask: ['f32', [10]] },
  { batch: [2, 3], of: { key: [1, 3], value: [3] }, l: 5, s: 35, e: 4, v: 4 },
  { batch: [2, 3], of: { query: [2, 1], key: [3], value: [] }, l: 34, s: 7, e: 4, v: 5, mask: ['bool', [34, 7]] },
  // Scores of a thousand, the last digits of which are all that weights of rows without a clear maximum depend on.
  { batch: [2], l: 33, s: 40, e: 16, v: 4, scale: 1, spread: 30 },
];

test.each(CASES.map((given) => [given]))('%j', async (given) => {
  const inputs = open(given);
  const exact = exactly(given, inputs);
  const leaves = leavesOf(inputs);
  const y = scaledDotProductAttention(...leaves, optionsOf(given, inputs.mask));
  const isWide = adapter().isSoftware && Math.max(given.e, given.v) > 64;
  expect(y.gradFn?.name).toBe(isWide ? 'matmul' : 'scaledDotProductAttention');
  y.backward(toTensor(inputs.g));
  const bounds = given.spread ? { rtol: 2e-3, atol: 2e-3 } : { rtol: 1e-4, atol: 1e-5 };
  await close('y', y, exact.y, bounds);
  for (const [i, name] of (['query', 'key', 'value'] as const).entries()) {
    const { shape } = inputs[name];
    await close(name, (leaves[i] as Tensor).grad as Tensor, plain(shape, [...exact.grads[name]]), bounds);
  }
});

const dataOf = (tensors: readonly Tensor[]): Promise<unknown[]> =>
  Promise.all(tensors.map(async (one) => [...(await one.data())]));

test.each([
  [[2, 3], 9, 12, {}],
  [[2], 33, 35, { isCausal: true }],
  [[], 18, 7, { attnMask: [[true, true, false, true, true, true, true]] }],
] as const)('drops the weights that dropout drops: %j, %i by %i', async (batch, l, s, asked) => {
  const given: Case = { batch, l, s, e: 8, v: 4 };
  const more = 'attnMask' in asked ? { attnMask: tensor([[...asked.attnMask[0]]]) } : asked;
  const inputs = open(given);
  const leaves = leavesOf(inputs);
  const options = { ...more, dropoutP: 0.3 };
  const state = randomState();
  const tiled = bothWays(leaves, options, toTensor(inputs.g));
  const after = randomState();
  setRandomState(state);
  useTiles(false);
  const composed = bothWays(leaves, options, toTensor(inputs.g));
  useTiles(true);
  expect(after).toEqual(randomState());
  for (const [i, one] of tiled.entries()) {
    const { shape } = one;
    const wanted = plain(shape, [...(await (composed[i] as Tensor).data())]);
    await close(`${i}`, one, wanted, { rtol: 1e-4, atol: 1e-5 });
  }
  // Of queries of zeros and values of ones what is left of a row counts the weights that were kept.
  if (batch.length > 0) return;
  const [q, k, v] = [tensor(new Float32Array(8 * l), { shape: [l, 8] }), toTensor(inputs.key), toTensor(inputs.value)];
  setRandomState(state);
  const kept = scaledDotProductAttention(q, k, v.mul(0).add(1), options);
  setRandomState(state);
  useTiles(false);
  const wanted = [...(await scaledDotProductAttention(q, k, v.mul(0).add(1), options).data())];
  useTiles(true);
  expect(new Set(wanted).size).toBeGreaterThan(2);
  await close('kept', kept, plain([l, 4], wanted));
});

test.each([-1e9, -3.4028234663852886e38])(
  'a row whose every score is lowered by %d weighs as products do',
  async (low) => {
    const [l, s] = [35, 37];
    const inputs = open({ batch: [2], l, s, e: 8, v: 4 });
    const leaves = leavesOf(inputs);
    const hidden = build([2, l, s], (b, i, j) => ((b === 1 && i > 20) || i + j === 30 ? low : 0));
    const options = { attnMask: toTensor(hidden) };
    const tiled = bothWays(leaves, options, toTensor(inputs.g));
    useTiles(false);
    const composed = bothWays(leaves, options, toTensor(inputs.g));
    useTiles(true);
    for (const [i, one] of tiled.entries()) {
      await close(`${i}`, one, plain(one.shape, [...(await (composed[i] as Tensor).data())]), {
        rtol: 1e-4,
        atol: 1e-5,
      });
    }
  },
);

test('the last row is written by its owner alone, as if those beyond it were copies', async () => {
  // Scores of the first query grow by 10 a turn, so that its invocation scales its sums at every one; those of the last do not.
  const key = build([64, 1], (j) => Math.floor(j / 4) * 5 + Math.sin(j));
  const value = values([64, 3]);
  const last = async (queries: number): Promise<number[]> => {
    const query = build([queries, 1], (i) => (i < 4 ? 2 - 0.1 * i : 0.37));
    const y = scaledDotProductAttention(toTensor(query), toTensor(key), toTensor(value), { scale: 1 });
    return [...(await y.data())].slice(12, 15);
  };
  expect(await last(5)).toEqual(await last(8));
});

test('scores that grow all along a row so long that sums scaled in a loop would make more turns than lavapipe allows', async () => {
  const keys = 40_000;
  const key = build([keys, 1], (j) => Math.floor(j / 4) * 10);
  const value = build([keys, 8], (j, c) => j / keys + c);
  const y = scaledDotProductAttention(tensor([[1]]), toTensor(key), toTensor(value), { scale: 1 });
  const last = 1 - 2.5 / keys;
  await close(
    'y',
    y,
    build([1, 8], (_, c) => last + c),
  );
});

test('scores of 10,000 that are near each other weigh what their differences say', async () => {
  const given: Case = { batch: [2], l: 33, s: 40, e: 4, v: 4, scale: 1 };
  // Whole numbers, so that scores are exact.
  const whole = (n: number): Plain =>
    build([2, n, 4], (b, i, c) => (c === 0 ? 100 : ((7 * i + 5 * c + 3 * b + ((i * i) % 11)) % 5) - 2));
  const inputs = { ...open(given), query: whole(33), key: whole(40) };
  const exact = exactly(given, inputs);
  const leaves = leavesOf(inputs);
  const [y, ...slopes] = bothWays(leaves, { scale: 1 }, toTensor(inputs.g)) as [Tensor, Tensor, Tensor, Tensor];
  await close('y', y, exact.y, { rtol: 1e-5, atol: 1e-5 });
  for (const [i, name] of (['query', 'key', 'value'] as const).entries()) {
    const wanted = plain(inputs[name].shape, [...exact.grads[name]]);
    await close(name, slopes[i] as Tensor, wanted, { rtol: 1e-5, atol: name === 'value' ? 1e-5 : 2e-4 });
  }
});

test('eager, in a step, recorded and replayed it has the same bits, another mask each time', async () => {
  const given: Case = { batch: [2], l: 20, s: 23, e: 8, v: 8, causal: true };
  const inputs = open(given);
  const leaves = leavesOf(inputs);
  const g = toTensor(inputs.g);
  const body = (): Tensor[] => bothWays(leaves, { isCausal: true, dropoutP: 0.4 }, g);
  const state = randomState();
  const eager: unknown[] = [];
  for (let n = 0; n < 3; n++) eager.push(await dataOf(body()));
  setRandomState(state);
  const inStep: unknown[] = [];
  for (let n = 0; n < 3; n++) inStep.push(await dataOf(step(body)));
  setRandomState(state);
  const captured = capture(body);
  const replayed: unknown[] = [];
  for (let n = 0; n < 3; n++) replayed.push(await dataOf(captured()));
  expect(captured.stats().replays).toBeGreaterThan(0);
  captured.reset();
  expect(inStep).toEqual(eager);
  expect(replayed).toEqual(eager);
  expect(eager[0]).not.toEqual(eager[1]);
});

test('its second gradients are those of the products, with the weights that were dropped', async () => {
  const inputs = open({ batch: [2], l: 6, s: 7, e: 4, v: 3 });
  const twice = (): Tensor[] => {
    const leaves = leavesOf(inputs);
    const g = toTensor(inputs.g).requiresGrad_();
    const y = scaledDotProductAttention(...leaves, { isCausal: true, dropoutP: 0.25 });
    const first = grad(y, leaves, { gradOutputs: g, createGraph: true }) as Tensor[];
    const sum = first
      .map((one, i) =>
        one
          .square()
          .mul(i + 1)
          .sum(),
      )
      .reduce((a, b) => a.add(b));
    return [...first, ...(grad(sum, [...leaves, g]) as Tensor[])];
  };
  const state = randomState();
  const tiled = twice();
  setRandomState(state);
  useTiles(false);
  const composed = twice();
  useTiles(true);
  for (const [i, one] of tiled.entries()) {
    const wanted = plain(one.shape, [...(await (composed[i] as Tensor).data())]);
    await close(`${i}`, one, wanted, { rtol: 1e-4, atol: 1e-5 });
  }
});

test('a NaN or an infinity in a key stays with the queries that see it', async () => {
  const inputs = open({ batch: [], l: 40, s: 40, e: 5, v: 6 });
  for (const spoiling of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const key = plain(
      inputs.key.shape,
      inputs.key.data.map((one, i) => (Math.floor(i / 5) === 37 ? spoiling : one)),
    );
    const sees = Array.from({ length: 40 }, (_, i) => Array.from({ length: 40 }, (_, j) => j !== 37 || i % 7 === 3));
    for (const options of [{ isCausal: true }, { attnMask: tensor(sees) }]) {
      const run = () =>
        scaledDotProductAttention(toTensor(inputs.query), toTensor(key), toTensor(inputs.value), options);
      const y = [...(await run().data())].map(Number.isNaN);
      useTiles(false);
      const wanted = [...(await run().data())].map(Number.isNaN);
      useTiles(true);
      expect(y).toEqual(wanted);
      expect(new Set(y).size).toBe(2);
      const rows = options.isCausal ? [0, 36, 38] : [0, 3, 37];
      expect(rows.map((i) => y[i * 6])).toEqual(
        options.isCausal
          ? [false, false, spoiling > 0 ? y[38 * 6] : true]
          : [false, spoiling > 0 ? y[18] : true, false],
      );
    }
  }
});

test('a row of infinities is NaN, a value of them is not hidden, and what nobody sees gets no gradient', async () => {
  const [q, k] = [
    tensor([
      [1, 0],
      [0, 1],
    ]),
    tensor([
      [1e20, 0],
      [0, 1],
      [1, 1],
    ]),
  ].map((x) => x.requiresGrad_()) as [Tensor, Tensor];
  const v = tensor([[1], [2], [3]], { requiresGrad: true });
  const y = scaledDotProductAttention(q, k, v, {
    scale: 1,
    attnMask: tensor([
      [true, true, false],
      [false, true, false],
    ]),
  });
  y.backward(tensor([[1], [1]]));
  expect(await y.array()).toEqual([[1], [2]]);
  expect(await (v.grad as Tensor).array()).toEqual([[1], [1], [0]]);
  expect(((await (k.grad as Tensor).array()) as number[][])[2]).toEqual([0, 0]);
  const far = scaledDotProductAttention(q.detach().mul(1e30), k.detach(), v.detach(), { scale: 1 });
  expect(await far.array()).toEqual([[Number.NaN], [2.5]]);
});
