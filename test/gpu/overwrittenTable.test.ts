/** Every function, with each of its tensors overwritten between forward and backward. The oracle is PyTorch 1.13. */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { describe, expect, test } from 'vitest';
import { UNARY } from '../support/elementwise.js';
import { callOf } from '../support/elementwiseCalls.js';
import { PAIRS } from '../support/elementwisePairs.js';
import { ORDER } from '../support/functions.js';

const REFUSED = /^\w[\w.]*: backward needs a tensor of shape \[.*as forward read it, but it was overwritten/;

type Inputs = Readonly<Record<string, k.Tensor>>;
type Op = (inputs: Inputs & Record<'x' | 'a' | 'b' | 't' | 'i' | 'c' | 'w' | 'm' | 'v', k.Tensor>) => k.Tensor;

/** Numbers from 0.1 to 0.9 without order. */
const numbers = (...shape: number[]): k.Tensor =>
  k.tensor(
    Float32Array.from(
      { length: shape.reduce((n, d) => n * d, 1) },
      (_, i) => 0.1 + (((i * 37 + shape.length) % 89) / 89) * 0.8,
    ),
    { shape },
  );
const square = (): k.Tensor => numbers(4, 4);
const integers = (data: k.Nested): k.Tensor => k.tensor(data, { dtype: 'i32' });

const one = { x: square };
const two = { a: square, b: () => k.flip(square(), 0) };
const image = { x: () => numbers(1, 2, 4, 4) };
const affine = { x: square, w: () => numbers(4), b: () => numbers(4) };
const running = { ...affine, m: () => numbers(4), v: () => numbers(4) };
const conv = { x: () => numbers(2, 2, 5, 5), w: () => numbers(3, 2, 3, 3), b: () => numbers(3) };
const turned = { x: () => numbers(2, 3, 3, 3), w: () => numbers(3, 2, 3, 3), b: () => numbers(2) };
const classes = { x: square, t: () => integers([1, 2, 0, 3]) };
const both = { x: square, t: square };

/**
 * Functions, what makes their inputs, and for sets of inputs that require a gradient what PyTorch refuses to find
 * overwritten before backward: inputs by name, y for the output. (In Python: for each, forward, `t.detach().copy_(zeros)`,
 * backward, and whether that raised.)
 */
type Case = readonly [Op, Readonly<Record<string, () => k.Tensor>>, Readonly<Record<string, string>>];
const OPS: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(
    Object.entries(UNARY).flatMap(([line, { saves = 'x', asks }]) =>
      asks ? [] : [[line, [({ x }) => callOf(line)(x), one, { x: saves }]]],
    ),
  ),
  ...Object.fromEntries(
    Object.entries(PAIRS).flatMap(([line, { saves: { a, b } = { a: 'ab', b: 'ab' }, asks }]) =>
      asks ? [] : [[`${line} of two`, [(of) => callOf(line)(of.a, of.b), two, { a, b, ab: a + b }]]],
    ),
  ),
  ...Object.fromEntries(
    Object.entries({
      sum: '',
      mean: '',
      prod: 'xy',
      amax: 'xy',
      amin: 'xy',
      std: 'xy',
      variance: 'x',
      norm: 'xy',
      logsumexp: 'xy',
      softmax: 'y',
      logSoftmax: 'y',
      softmin: 'y',
      clone: '',
      tril: '',
      triu: '',
    }).map(([name, refused]) => {
      const op = ({ ...k, ...F } as unknown as Record<string, (x: k.Tensor) => k.Tensor>)[name];
      return [name, [({ x }) => (op as (x: k.Tensor) => k.Tensor)(x), one, { x: refused }]];
    }),
  ),
  norm1: [({ x }) => k.norm(x, { p: 1 }), one, { x: 'xy' }],
  cumsum: [({ x }) => k.cumsum(x, 1), one, { x: '' }],
  cumprod: [({ x }) => k.cumprod(x, 1), one, { x: 'xy' }],
  ...Object.fromEntries(
    Object.values(ORDER).flatMap(({ saves = {} }) =>
      Object.entries(saves).map(([name, [op, kept]]): [string, Case] => [name, [({ x }) => op(x), one, { x: kept }]]),
    ),
  ),
  reshape: [({ x }) => x.reshape(-1), one, { x: '' }],
  transpose: [({ x }) => x.T, one, { x: '' }],
  slice: [({ x }) => k.slice(x, 1, 1, 3), one, { x: '' }],
  flip: [({ x }) => k.flip(x, 1), one, { x: '' }],
  roll: [({ x }) => k.roll(x, 1, 0), one, { x: '' }],
  repeat: [({ x }) => k.repeat(x, 2, 1), one, { x: '' }],
  repeatInterleave: [({ x }) => k.repeatInterleave(x, 2), one, { x: '' }],
  diagonal: [({ x }) => k.diagonal(x), one, { x: '' }],
  diag: [({ x }) => k.diag(x), one, { x: '' }],
  'windows of a dimension': [({ x }) => k.unfold(x, 0, 2, 1), one, { x: '' }],
  unfold: [({ x }) => F.unfold(x, 2), image, { x: '' }],
  pad: [({ x }) => F.pad(x, [1, 1]), one, { x: '' }],
  expand: [({ x }) => x.expand(2, 4, 4), one, { x: '' }],
  normalize: [({ x }) => F.normalize(x), one, { x: 'x' }],
  'mul by a row': [({ a, b }) => a.mul(b), { a: square, b: () => numbers(4) }, { a: 'b', b: 'a', ab: 'ab' }],
  lerp: [({ a, b }) => k.lerp(a, b, 0.3), two, { a: '', b: '', ab: '' }],
  prelu: [({ x, w }) => F.prelu(x, w), affine, { x: 'xw', w: 'xw' }],
  matmul: [({ a, b }) => a.matmul(b), two, { a: 'b', b: 'a', ab: 'ab' }],
  einsum: [({ a, b }) => k.einsum('ij,jk->ki', a, b), two, { a: 'b', b: 'a', ab: 'ab' }],
  outer: [({ a, b }) => k.outer(k.select(a, 0, 0), k.select(b, 0, 0)), two, { a: 'b', b: 'a', ab: 'ab' }],
  mseLoss: [({ a, b }) => F.mseLoss(a, b), two, { a: 'ab' }],
  l1Loss: [({ a, b }) => F.l1Loss(a, b), two, { a: '' }],
  smoothL1Loss: [({ a, b }) => F.smoothL1Loss(a, b), two, { a: 'ab' }],
  huberLoss: [({ a, b }) => F.huberLoss(a, b), two, { a: 'ab' }],
  cat: [({ a, b }) => k.cat([a, b]), two, { a: '', ab: '' }],
  stack: [({ a, b }) => k.stack([a, b]), two, { a: '', ab: '' }],
  where: [
    ({ c, a, b }) => k.where(c, a, b),
    { c: () => square().relu().mul(2).to('bool'), ...two },
    { a: 'c', b: 'c', ab: 'c' },
  ],
  indexSelect: [({ x, i }) => k.indexSelect(x, 0, i), { x: square, i: () => integers([1, 2]) }, { x: 'i' }],
  gather: [({ x, i }) => k.gather(x, 1, i), { x: square, i: () => integers([[1], [2], [0], [3]]) }, { x: 'xi' }],
  scatter: [
    ({ a, i, b }) => k.scatter(a, 1, i, b),
    { ...two, i: () => integers([[1], [2], [0], [3]]) },
    { a: 'i', b: 'i', ab: 'i' },
  ],
  scatterAdd: [
    ({ a, i, b }) => k.scatterAdd(a, 1, i, b),
    { ...two, i: () => integers([[1], [2], [0], [3]]) },
    { a: '', b: 'i', ab: 'i' },
  ],
  indexAdd: [
    ({ a, i, b }) => k.indexAdd(a, 0, i, b),
    { ...two, i: () => integers([1, 2, 0, 3]) },
    { a: '', b: 'i', ab: 'i' },
  ],
  embedding: [({ i, w }) => F.embedding(i, w), { i: () => integers([1, 2]), w: square }, { w: 'iw' }],
  nllLoss: [({ x, t }) => F.nllLoss(x, t), classes, { x: 'xt' }],
  'nllLoss of logSoftmax': [({ x, t }) => F.nllLoss(k.logSoftmax(x, 1), t), classes, { x: 't' }],
  crossEntropy: [({ x, t }) => F.crossEntropy(x, t), classes, { x: 't' }],
  'crossEntropy of probabilities': [({ x, t }) => F.crossEntropy(x, t), both, { x: 't' }],
  binaryCrossEntropy: [({ x, t }) => F.binaryCrossEntropy(x, t), both, { x: 'xt' }],
  binaryCrossEntropyWithLogits: [({ x, t }) => F.binaryCrossEntropyWithLogits(x, t), both, { x: 'xt' }],
  klDiv: [({ x, t }) => F.klDiv(x, t), both, { x: 't' }],
  linear: [
    ({ x, w, b }) => F.linear(x, w, b),
    { x: square, w: square, b: () => numbers(4) },
    { x: 'w', w: 'x', b: '', xwb: 'xw' },
  ],
  'relu of linear': [
    ({ x, w, b }) => F.linear(x, w, b).relu(),
    { x: square, w: square, b: () => numbers(4) },
    { x: 'wy', w: 'xy' },
  ],
  conv2d: [({ x, w, b }) => F.conv2d(x, w, b), conv, { x: 'xw', w: 'xw', b: 'xw', xwb: 'xw' }],
  'relu of conv2d': [({ x, w, b }) => F.conv2d(x, w, b).relu(), conv, { x: 'xwy', w: 'xwy' }],
  convTranspose2d: [({ x, w, b }) => F.convTranspose2d(x, w, b), turned, { x: 'xw', w: 'xw', b: 'xw' }],
  layerNorm: [({ x, w, b }) => F.layerNorm(x, [4], { weight: w, bias: b }), affine, { x: 'xwb', w: 'xwb', b: 'xwb' }],
  groupNorm: [({ x, w, b }) => F.groupNorm(x, 2, { weight: w, bias: b }), affine, { x: 'xw', w: 'xw', b: 'xw' }],
  batchNorm: [
    ({ x, w, b, m, v }) => F.batchNorm(x, { runningMean: m, runningVar: v, weight: w, bias: b, training: true }),
    running,
    { x: 'xwmv', w: 'xwmv', b: 'xwmv', xwb: 'xwmv' },
  ],
  'batchNorm in evaluation': [
    ({ x, w, b, m, v }) => F.batchNorm(x, { runningMean: m, runningVar: v, weight: w, bias: b }),
    running,
    { x: 'xwmv', w: 'xwmv', b: 'xwmv' },
  ],
  maxPool2d: [({ x }) => F.maxPool2d(x, 2), image, { x: 'x' }],
  avgPool2d: [({ x }) => F.avgPool2d(x, 2), image, { x: 'x' }],
  dropout: [({ x }) => F.dropout(x), one, { x: '' }],
  interpolate: [({ x }) => F.interpolate(x, { scaleFactor: 2 }), image, { x: '' }],
};

/** The gradients after `name` was overwritten, or null where that is refused. */
function gradientsOf(op: Op, makers: Readonly<Record<string, () => k.Tensor>>, asking: string, name?: string) {
  const inputs: Record<string, k.Tensor> = {};
  for (const [key, make] of Object.entries(makers)) inputs[key] = k.clone(make()).requiresGrad_(asking.includes(key));
  const y = op(inputs as Parameters<Op>[0]);
  const hit = (name === 'y' ? y : inputs[name ?? ''])?.detach();
  if (hit) hit.copy_(k.zeros(hit.shape, { dtype: hit.dtype }));
  try {
    y.backward(numbers(...y.shape));
  } catch (error) {
    expect(String((error as Error).message)).toMatch(REFUSED);
    return null;
  }
  return Object.values(inputs).flatMap(({ grad }) => (grad ? [k.keep(grad)] : []));
}

const arrays = (tensors: readonly k.Tensor[]) => Promise.all(tensors.map((one) => one.data()));

describe('a tensor overwritten between forward and backward is refused or does not matter, as in PyTorch', () => {
  for (const mode of ['eager', 'in a step'] as const) {
    const run = <T>(body: () => T): T => (mode === 'eager' ? body() : k.step(body));
    test.each(Object.entries(OPS))(`%s, ${mode}`, async (name, [op, makers, table]) => {
      const found: string[] = [];
      for (const [asking, refused] of Object.entries(table)) {
        k.manualSeed(1);
        const wanted = await arrays(run(() => gradientsOf(op, makers, asking)) ?? []);
        expect(wanted.length, name).toBe(asking.length);
        for (const hit of [...Object.keys(makers), 'y']) {
          k.manualSeed(1);
          const got = run(() => gradientsOf(op, makers, asking, hit));
          if (!got && !refused.includes(hit)) found.push(`by ${asking}: refuses ${hit}`);
          if (!got) continue;
          const same = JSON.stringify(await arrays(got)) === JSON.stringify(wanted);
          if (!same) found.push(`by ${asking}: another gradient with ${hit} overwritten`);
        }
      }
      expect(found).toEqual([]);
    });
  }
});
