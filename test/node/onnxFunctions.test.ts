/** Functions as ONNX files, several together, against ONNX Runtime. Elementwise ones by themselves are in onnxLines.test.ts. */
import * as k from 'kindling';
import { manualSeed, randint, randn, type Tensor, tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { beforeAll, describe, it } from 'vitest';
import { Apply, agrees } from '../support/onnxRuntime.js';

beforeAll(() => {
  manualSeed(7);
});

const f = (...shape: number[]) => randn([2, ...shape]);
const positive = (...shape: number[]) =>
  f(...shape)
    .abs()
    .add(0.1);

/** Functions of tensors [2, ...]; exported for a batch of 2 and run on it, at opset 17 and 18. */
const functions: [string, (...x: Tensor[]) => Tensor, () => Tensor[]][] = [
  ['arithmetic', (a, b) => a.add(1).mul(b).sub(a.div(b)).neg(), () => [f(3), positive(3)]],
  ['broadcasting', (a, b) => k.maximum(a, k.minimum(b, 0.5)), () => [f(4, 3), f(1, 3)]],
  ['powers', (a, b) => k.pow(a, b).add(k.pow(a, 1.5)).add(k.square(a)), () => [positive(5), f(5)]],
  ['exp and log', (a) => k.exp(k.log(a)).add(k.log1p(a)), () => [positive(5)]],
  ['roots', (a) => k.sqrt(a).add(k.rsqrt(a)).add(k.reciprocal(a)), () => [positive(5)]],
  [
    'what is no number',
    (a) => {
      const x = k.log(a).div(a.mul(0));
      const asked = [k.isnan(x), k.isinf(x), k.isfinite(a)].map((t) => t.to('f32'));
      return k.stack([...asked, k.nanToNum(x, { nan: 3, posinf: 4, neginf: -5 })]);
    },
    () => [
      tensor([
        [-1, 0.5, 1, 2, 3],
        [0.25, 1, -2, 4, 0.125],
      ]),
    ],
  ],
  [
    'logic',
    (a, b) =>
      k.stack([
        k.logicalAnd(k.gt(a, 0), b),
        k.logicalOr(a, k.lt(b, 0)),
        k.logicalXor(k.gt(a, 0), k.gt(b, 0)),
        k.logicalNot(k.gt(a, b)),
      ]),
    () => [f(5), f(5)],
  ],
  [
    'what shrinks, and gates',
    (a) =>
      k
        .stack([F.tanhshrink(a), F.softshrink(a), F.hardshrink(a), F.prelu(a, k.full([4], 0.25)), F.softmin(a, 1)])
        .add(F.glu(a).sum()),
    () => [f(4)],
  ],
  ['clamp', (a) => k.clamp(a, { min: -0.5 }).add(k.clamp(a, { max: 0.25 })), () => [f(5)]],
  ['comparison and where', (a, b) => k.where(k.gt(a, b), a, k.where(k.le(a, 0), b, 2)), () => [f(5), f(5)]],
  [
    'bools as numbers',
    (a) =>
      k
        .ge(a, 0)
        .to('f32')
        .mul(a)
        .add(k.sum(k.lt(a, 0), { dim: 1, keepdim: true })),
    () => [f(5)],
  ],
  ['sums and means', (a) => k.sum(a, { dim: [1, 2] }).add(k.mean(a, { dim: -1 }).sum({ dim: 1 })), () => [f(3, 4)]],
  ['a sum of all', (a) => a.sum(), () => [f(3, 4)]],
  [
    'products and extremes',
    (a) =>
      k
        .prod(a, { dim: 1 })
        .add(k.amax(a, { dim: 1 }))
        .sub(k.amin(a, { dim: 1 })),
    () => [f(3)],
  ],
  ['variance', (a) => k.std(a, { dim: 1, keepdim: true }), () => [f(6)]],
  [
    'logsumexp',
    (a) => k.logsumexp(a.mul(60), { dim: 1 }).add(k.logsumexp(a, { dim: [0, 2], keepdim: true }).sum()),
    () => [f(3, 4)],
  ],
  ['a logsumexp of all', (a) => k.logsumexp(a), () => [f(3, 4)]],
  ['cumsum', (a) => k.cumsum(a, 1).add(k.cumsum(a, -1)), () => [f(3, 4)]],
  [
    'cumsum of whole numbers and bools',
    (a) => k.cumsum(a, 1).add(k.cumsum(k.gt(a, 0), 0)),
    () => [randint(-4, 4, [2, 5])],
  ],
  ['triangles', (a) => k.tril(a).add(k.triu(a, 1).mul(2)).add(k.tril(a, -2)), () => [f(3, 4)]],
  ['triangles of whole numbers', (a) => k.triu(a, -1), () => [randint(-4, 4, [2, 3, 4])]],
  ['triangles of bools', (a) => k.tril(k.gt(a, 0), 1), () => [f(3, 4)]],
  [
    'a transposed convolution padded by strides',
    (a) => F.convTranspose2d(a, k.full([3, 2, 2, 2], 0.5), null, { stride: 1, dilation: 3, outputPadding: 2 }),
    () => [f(3, 4, 5)],
  ],
  [
    'causal attention',
    (a, b) => F.scaledDotProductAttention(a, b, b, { isCausal: true }),
    () => [f(3, 5, 4), f(3, 5, 4)],
  ],
  [
    'losses of probabilities',
    (a, b) => F.binaryCrossEntropy(k.sigmoid(a), b).add(F.huberLoss(a, b)),
    () => [f(3), k.clamp(positive(3), { max: 1 })],
  ],
  ['argmax', (a) => k.argmax(a, { dim: 1 }), () => [f(6)]],
  ['argmin, kept', (a) => k.argmin(a, { dim: -1, keepdim: true }), () => [f(3, 6)]],
  ['the greatest, and where', (a) => k.max(a, { dim: 1 })[0].add(k.max(a, { dim: -1 })[1]), () => [f(6)]],
  ['the least of rows and of all', (a) => k.min(a, { dim: 1, keepdim: true })[0].sub(k.min(a)), () => [f(6)]],
  ['scatterAdd', (a, i, b) => k.scatterAdd(a, 1, i, b), () => [f(4), randint(0, 4, [2, 3]), f(3)]],
  ['argmax of all', (a) => k.argmax(a), () => [f(6)]],
  ['matmul', (a, b) => k.matmul(a, b), () => [f(3, 4), f(4, 5)]],
  ['matmul of a vector', (a) => k.matmul(a, k.ones([4])), () => [f(3, 4)]],
  ['expand and permute', (a) => k.expand(a, [-1, 3, 4]).permute([0, 2, 1]), () => [f(1, 4)]],
  ['squeeze and unsqueeze', (a) => a.unsqueeze(1).squeeze(2), () => [f(1, 4)]],
  ['slices', (a) => a.slice(1, 1, 6, 2).add(a.slice(1, -3)), () => [f(6)]],
  ['select and flip', (a) => k.flip(a.select(1, 2), [1]), () => [f(4, 3)]],
  [
    'cat and stack',
    (a, b) => k.cat([a, b, a], 1).add(k.stack([a, b], 1).sum()),
    () => [f(2), f(3)].map((x, i) => (i ? x.slice(1, 0, 2) : x)),
  ],
  ['pooling to a rest', (a) => F.maxPool2d(a, 3, { stride: 2, padding: 1, ceilMode: true }), () => [f(2, 6, 7).sub(5)]],
  [
    'pooling to a rest, dilated',
    (a) => F.maxPool2d(a, [2, 3], { stride: [3, 2], dilation: [2, 1], ceilMode: true }),
    () => [f(2, 9, 8).sub(5)],
  ],
  ['pooling to a rest of signals', (a) => F.maxPool1d(a, 3, { stride: 2, ceilMode: true }), () => [f(4, 8).sub(5)]],
  ['averages of a rest', (a) => F.avgPool2d(a, 3, { stride: 2, padding: 1, ceilMode: true }), () => [f(2, 6, 7)]],
  ['averages of a rest alone', (a) => F.avgPool2d(a, [2, 3], { stride: 3, ceilMode: true }), () => [f(2, 7, 10)]],
  [
    'averages of a rest without padding',
    (a) => F.avgPool2d(a, 3, { stride: 2, padding: 1, ceilMode: true, countIncludePad: false }),
    () => [f(2, 6, 7)],
  ],
  ['averages by another divisor', (a) => F.avgPool2d(a, [2, 3], { divisorOverride: 5 }), () => [f(2, 6, 7)]],
  [
    'averages of a rest by another divisor',
    (a) => F.avgPool2d(a, 3, { stride: 2, padding: 1, ceilMode: true, divisorOverride: 4 }),
    () => [f(2, 6, 7)],
  ],
  ['pad by mirroring', (a) => F.pad(a, [1, 2, 2, 0], { mode: 'reflect' }), () => [f(2, 3, 4)]],
  ['pad by repeating', (a) => F.pad(a, [1, 5, 2, 0], { mode: 'replicate' }), () => [f(2, 3, 4)]],
  ['pad in a circle', (a) => F.pad(a, [1, 2, 2, 0], { mode: 'circular' }), () => [f(2, 3, 4)]],
  ['nearest pictures', (a) => F.interpolate(a, { size: [5, 9] }), () => [f(2, 3, 4)]],
  ['nearest pictures, smaller', (a) => F.interpolate(a, { scaleFactor: [0.5, 0.7] }), () => [f(2, 6, 7)]],
  ['pictures between', (a) => F.interpolate(a, { size: [5, 9], mode: 'bilinear' }), () => [f(2, 3, 4)]],
  ['pictures between, smaller', (a) => F.interpolate(a, { scaleFactor: 0.6, mode: 'bilinear' }), () => [f(2, 6, 7)]],
  [
    'pictures between corners',
    (a) => F.interpolate(a, { size: [5, 9], mode: 'bilinear', alignCorners: true }),
    () => [f(2, 3, 4)],
  ],
  ['pictures by cubics', (a) => F.interpolate(a, { size: [5, 9], mode: 'bicubic' }), () => [f(2, 3, 4)]],
  ['volumes between', (a) => F.interpolate(a, { scaleFactor: 1.5, mode: 'trilinear' }), () => [f(2, 3, 4, 2)]],
  ['roll', (a) => k.roll(a, [2, -1], [1, 2]), () => [f(3, 4)]],
  ['rot90', (a) => k.rot90(a, 1, [1, 2]), () => [f(3, 4)]],
  ['repeat', (a) => k.repeatInterleave(k.repeat(a, 1, 2, 3), 2, { dim: 1 }), () => [f(2, 3)]],
  ['pixels', (a) => F.pixelUnshuffle(F.pixelShuffle(a, 2), 4), () => [f(4, 4, 6)]],
  ['einsum', (a, b) => k.einsum('bij,bkj->bki', a, b), () => [f(3, 4), f(5, 4)]],
  ['einsum of three', (a, b) => k.einsum('bji,bjk,bk->i', a, b, k.ones([1, 2])), () => [f(3, 4), f(3, 2)]],
  ['bilinear', (a, b) => F.bilinear(a, b, k.ones([2, 3, 4]), k.ones([2])), () => [f(3), f(4)]],
  ['pad', (a) => F.pad(a, [1, 2, 0, 1], { value: 3 }), () => [f(2, 3)]],
  ['gather', (a, i) => k.gather(a, 1, i), () => [f(4), randint(0, 4, [2, 3])]],
  ['indexSelect', (a) => k.indexSelect(a, 1, tensor([2, 0], { dtype: 'i32' })), () => [f(4)]],
  ['adaptive pooling', (a) => F.adaptiveAvgPool2d(a, [3, 2]), () => [f(3, 7, 5)]],
  [
    'group normalisation',
    (a) => F.groupNorm(a, 2, { weight: tensor([1, 2, 3, 4]), bias: k.ones([4]) }),
    () => [f(4, 3, 3)],
  ],
  ['normalisation by squares', (a) => F.rmsNorm(a, [3, 4], { weight: k.full([3, 4], 2) }), () => [f(2, 3, 4)]],
  ['the same without a weight', (a) => F.rmsNorm(a, [4], { eps: 0.5 }), () => [f(3, 4)]],
  [
    'layer normalisation',
    (a) => F.layerNorm(a, [3, 4], { weight: k.full([3, 4], 2), bias: k.ones([3, 4]) }),
    () => [f(3, 4)],
  ],
  [
    "a function of one's own",
    k.defineFunction({ name: 'cube', forward: (_, x: Tensor) => x.mul(x).mul(x), backward: () => [null] }),
    () => [f(3)],
  ],
  ['a detached view', (a) => a.mul(2).detach().add(a.detach()), () => [f(3)]],
  [
    'what keeps whole numbers',
    (a) =>
      k
        .pow(a, 3)
        .add(k.square(a))
        .add(k.clamp(a, { min: -2, max: 1 }))
        .add(k.sign(a))
        .add(k.relu(a)),
    () => [randint(-4, 4, [2, 3])],
  ],
  [
    'whole numbers rounded and bounded',
    (a) =>
      k
        .floor(a)
        .add(k.ceil(a))
        .add(k.round(a))
        .add(k.relu6(a.mul(3))),
    () => [randint(-4, 4, [2, 3])],
  ],
  ['whole powers of whole numbers', (a, b) => k.pow(a, b), () => [randint(-4, 4, [2, 3]), randint(0, 4, [2, 3])]],
  ['i32 arithmetic', (a) => k.abs(k.neg(a.mul(3))).sub(1), () => [randint(-4, 4, [2, 3])]],
];

describe.each([17, 18, 22])('functions, opset %d', (opset) => {
  it.each(functions)('%s', async (_, body, make) => {
    const inputs = make();
    await agrees(new Apply(body), inputs, inputs, { opset });
  });
});
