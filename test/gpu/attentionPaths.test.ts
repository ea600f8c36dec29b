/** Which attention goes in tiles and which by products, what modules ask of it, what it compiles and how much memory it holds. */
import { adapter, capture, noGrad, ones, randn, stats, type Tensor, tensor, triu } from 'kindling';
import { type AttendOptions, MultiheadAttention, TransformerEncoderLayer } from 'kindling/nn';
import { scaledDotProductAttention } from 'kindling/nn/functional';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AttentionOptions } from '../../src/ops/attention.js';
import { tilesFor, useTiles } from '../../src/ops/tiledAttention.js';
import { close, type Plain, plain, sizeOf, toTensor, values } from '../support/agree.js';
import { bothWays, type Case, type Leaves, leavesOf, open } from '../support/attention.js';

beforeAll(() => useTiles(true));
afterAll(() => useTiles(null));

test('a mask that wants a gradient, wide features and dropout of 1 go by products', async () => {
  const leaves = leavesOf(open({ batch: [], l: 2, s: 3, e: 2, v: 2 }));
  const by = (q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): string =>
    scaledDotProductAttention(q, k, v, options).gradFn?.name ?? '';
  const attnMask = tensor([[0, 1, 2]], { requiresGrad: true });
  const y = scaledDotProductAttention(...leaves, { attnMask });
  expect(y.gradFn?.name).toBe('matmul');
  y.sum().backward();
  expect(attnMask.grad?.shape).toEqual([1, 3]);
  expect(by(...leaves, { dropoutP: 1 })).toBe('matmul');
  const wide = leavesOf(open({ batch: [], l: 2, s: 3, e: 257, v: 2 }));
  expect(by(...wide, {})).toBe('matmul');
  // Scores that a mask repeats.
  expect(by(...leaves, { attnMask: tensor([[[0, 1, 2]], [[3, 4, 5]]]) })).toBe('scaledDotProductAttention');
  expect(by(...(leaves.with(2, randn([4, 3, 2]).requiresGrad_()) as unknown as Leaves), {})).toBe('matmul');
});

test('a mask that could want a gradient goes in tiles where nothing is recorded', async () => {
  const [query, key, value] = leavesOf(open({ batch: [], l: 2, s: 3, e: 2, v: 2 }));
  const mask = tensor([[0, 1, 2]], { requiresGrad: true });
  const tiles = () => tilesFor({ query, key, value, mask, causal: false, scale: 1, dropoutP: 0 });
  expect([tiles(), noGrad(tiles)?.spec.mask?.type]).toEqual([null, 'f32']);
});

test('scales that are no numbers are told apart', async () => {
  const [q, k, v] = [tensor([[1]]), tensor([[-1], [-2]]), tensor([[3], [4]])];
  const of = (scale: number) => scaledDotProductAttention(q, k, v, { scale }).array();
  expect(await of(Number.POSITIVE_INFINITY)).toEqual([[0]]);
  expect(await of(Number.NaN)).toEqual([[Number.NaN]]);
});

test('few queries go by products, and few keys and very many on software adapters', () => {
  const isTiled = (l: number, s: number, causal = false): boolean => {
    const [query, key] = [ones([l, 1]), ones([s, 1])];
    return tilesFor({ query, key, value: key, mask: null, causal, scale: 1, dropoutP: 0 }) !== null;
  };
  const long = [isTiled(1, 100_001), isTiled(100_001, 1), isTiled(1, 100_000)];
  const isSoftware = adapter().isSoftware;
  expect(long).toEqual([!isSoftware, !isSoftware, true]);
  useTiles(null);
  const few = [isTiled(7, 512), isTiled(8, 512), isTiled(15, 512), isTiled(16, 63), isTiled(16, 64)];
  const causal = [isTiled(16, 15, true), isTiled(16, 16, true)];
  useTiles(true);
  expect(few).toEqual(isSoftware ? [false, false, false, false, true] : [false, true, true, true, true]);
  expect(causal).toEqual(isSoftware ? [false, true] : [true, true]);
});

test('MultiheadAttention has the same output with weights, which are made, and without', async () => {
  const attention = new MultiheadAttention(12, 3, { batchFirst: true });
  const x = toTensor(values([2, 9, 12]));
  const keyPaddingMask = tensor([0, 1].map((n) => Array.from({ length: 9 }, (_, j) => j > 6 + n)));
  const [y, weights] = attention(x, x, x, { keyPaddingMask });
  const [without, none] = attention(x, x, x, { keyPaddingMask, needWeights: false });
  expect([weights?.shape, none]).toEqual([[2, 9, 9], null]);
  await close('y', without, plain(y.shape, [...(await y.data())]), { rtol: 1e-4, atol: 1e-5 });
});

test('isCausal of modules passes over what lies behind the diagonal, and hides it where a mask is there or weights are wanted', async () => {
  const attention = new MultiheadAttention(8, 2, { batchFirst: true });
  const x = values([2, 64, 8]);
  const hidden = triu(ones([64, 64], { dtype: 'bool' }), 1);
  const keyPaddingMask = tensor([0, 1].map((n) => Array.from({ length: 64 }, (_, j) => j > 60 + n)));
  const of = async (options: AttendOptions): Promise<Plain> => {
    const [y] = attention(toTensor(x), toTensor(x), toTensor(x), { needWeights: false, ...options });
    return plain(y.shape, [...(await y.data())]);
  };
  const same = async (options: AttendOptions, wanted: AttendOptions): Promise<void> =>
    close('y', toTensor(await of(options)), await of(wanted), { rtol: 1e-4, atol: 1e-5 });
  await same({ isCausal: true }, { attnMask: hidden });
  await same({ isCausal: true, needWeights: true }, { attnMask: hidden });
  await same({ isCausal: true, keyPaddingMask }, { attnMask: hidden, keyPaddingMask });
  await same({ isCausal: true, attnMask: hidden }, { attnMask: hidden });
  // A NaN in the last tile of keys, which the first queries do not meet.
  const layer = new TransformerEncoderLayer(8, 2, { dimFeedforward: 8, batchFirst: true });
  const spoilt = plain(
    x.shape,
    x.data.map((one, i) => (i % 512 < 504 ? one : Number.NaN)),
  );
  const y = [...(await layer(toTensor(spoilt), { isCausal: true }).data())];
  expect([y[0], y[504]].map((one) => Number.isNaN(one))).toEqual([false, true]);
});

test('of other lengths and batches it compiles nothing', async () => {
  const { attentionKernel } = await import('../../src/kernels/attention/attention.js');
  const spec = { width: 8, outputs: 8, causal: true, scale: 1, tile: { rows: 4, others: 1 } } as const;
  for (const variant of ['registers', 'workgroup'] as const) {
    for (const part of ['forward', 'queryGrad', 'keyGrad'] as const) {
      const text = (queries: number, keys: number, batch: number): string =>
        attentionKernel({ ...spec, variant, part, queries, keys, batch: [[batch, queries * 8, keys * 8, keys * 8, 0]] })
          .wgsl;
      expect(text(7, 9, 2)).toBe(text(512, 100, 64));
    }
  }
});

test('forward and back hold a tenth of the scores at most, beside what comes in and goes out', async () => {
  const given: Case = { batch: [4, 8], l: 512, s: 512, e: 64, v: 64 };
  const shape = [...given.batch, given.l, given.e];
  const leaves = [randn(shape), randn(shape), randn(shape)].map((one) => one.requiresGrad_());
  const g = randn(shape);
  const held = async (tiles: boolean): Promise<number> => {
    useTiles(tiles);
    const train = capture(() => bothWays(leaves, { isCausal: true }, g).map((one) => one.sum()));
    await (train()[0] as Tensor).data();
    await (train()[0] as Tensor).data();
    const { bytes } = train.stats();
    train.reset();
    useTiles(true);
    return bytes;
  };
  const scores = 4 * 4 * 8 * 512 * 512;
  expect(stats().bytes).toBeGreaterThan(0);
  const bytes = await held(true);
  // The value, and three gradients.
  expect(bytes - 4 * 4 * sizeOf(shape)).toBeLessThan(0.1 * scores);
}, 600_000);
