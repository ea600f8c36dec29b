/** Tensors without elements: PyTorch's shapes and values, or a refusal in the op's name; eager, captured, and backward. */
import * as k from 'kindling';
import { type Tensor, zeros } from 'kindling';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { clipGradNorm, SGD } from 'kindling/optim';
import { expect, test } from 'vitest';
import { PAIRS, UNARY } from '../support/elementwise.js';
import { callOf } from '../support/elementwiseCalls.js';
import { ORDER } from '../support/functions.js';

type Build = (empty: (...shape: number[]) => Tensor) => Tensor;
/** What it makes, its shape, and its elements where it has any: one for all, or each. */
type Case = readonly [name: string, build: Build, shape: readonly number[], values?: number | readonly number[]];

const { NaN: nan, NEGATIVE_INFINITY: minusInfinity } = Number;
const indices = (...shape: number[]): Tensor => zeros(shape, { dtype: 'i32' });
const ones = (...shape: number[]): Tensor => k.ones(shape);

type Reduction = 'mean' | 'sum' | 'none';
const LOSSES: Readonly<Record<string, (empty: (...shape: number[]) => Tensor, reduction: Reduction) => Tensor>> = {
  mseLoss: (e, reduction) => F.mseLoss(e(0, 3), e(0, 3), { reduction }),
  l1Loss: (e, reduction) => F.l1Loss(e(0, 3), e(0, 3), { reduction }),
  smoothL1Loss: (e, reduction) => F.smoothL1Loss(e(0, 3), e(0, 3), { reduction }),
  huberLoss: (e, reduction) => F.huberLoss(e(0, 3), e(0, 3), { reduction }),
  binaryCrossEntropy: (e, reduction) => F.binaryCrossEntropy(e(0, 3), zeros([0, 3]), { reduction }),
  binaryCrossEntropyWithLogits: (e, reduction) => F.binaryCrossEntropyWithLogits(e(0, 3), zeros([0, 3]), { reduction }),
  hingeEmbeddingLoss: (e, reduction) => F.hingeEmbeddingLoss(e(0, 3), zeros([0, 3]), { reduction }),
  softMarginLoss: (e, reduction) => F.softMarginLoss(e(0, 3), zeros([0, 3]), { reduction }),
  poissonNllLoss: (e, reduction) => F.poissonNllLoss(e(0, 3), zeros([0, 3]), { reduction }),
  gaussianNllLoss: (e, reduction) => F.gaussianNllLoss(e(0, 3), e(0, 3), e(0, 3), { reduction }),
  marginRankingLoss: (e, reduction) => F.marginRankingLoss(e(0, 3), e(0, 3), zeros([0, 3]), { reduction }),
  klDiv: (e, reduction) => F.klDiv(e(0, 3), zeros([0, 3]), { reduction }),
};

const CASES: readonly Case[] = [
  ...Object.keys(UNARY).map((line): Case => [line, (e) => callOf(line)(e(0, 3)), [0, 3]]),
  ...Object.entries(PAIRS).flatMap(([line, { tensors }]): Case[] => [
    [`${line} of rows`, (e) => callOf(line)(e(0, 3), e(3)), [0, 3]],
    [`${line} of columns`, (e) => callOf(line)(e(2, 0), e(2, 1)), [2, 0]],
    ...(tensors ? [] : [[`${line} of a number`, (e) => callOf(line)(e(0), 2), [0]] as Case]),
  ]),
  ['dropout', (e) => F.dropout(e(0, 3)), [0, 3]],
  ['softmin', (e) => F.softmin(e(0, 3)), [0, 3]],
  ['lerp', (e) => k.lerp(e(0, 3), e(0, 3), 0.25), [0, 3]],
  ['prelu', (e) => F.prelu(e(0, 3), e(3)), [0, 3]],
  ['glu', (e) => F.glu(e(0, 4)), [0, 2]],
  ['cosineSimilarity', (e) => F.cosineSimilarity(e(0, 3), e(0, 3)), [0]],
  ['pairwiseDistance', (e) => F.pairwiseDistance(e(0, 3), e(0, 3)), [0]],
  ['tripletMarginLoss', (e) => F.tripletMarginLoss(e(0, 3), e(0, 3), e(0, 3)), [], nan],
  ['multiMarginLoss', (e) => F.multiMarginLoss(e(0, 3), indices(0)), [], nan],
  ['multilabelSoftMarginLoss', (e) => F.multilabelSoftMarginLoss(e(0, 3), zeros([0, 3])), [], nan],
  ['where', (e) => k.where(k.gt(e(0, 3), 0), e(0, 3), e(3)), [0, 3]],
  ['maskedFill', (e) => k.maskedFill(e(0, 3), k.gt(e(0, 3), 0), 1), [0, 3]],
  ['cast', (e) => e(0, 3).to('i32'), [0, 3]],

  ['sum', (e) => e(0, 3).sum(), [], 0],
  ['sum of columns', (e) => e(0, 3).sum({ dim: 0 }), [3], 0],
  ['sum of rows', (e) => e(0, 3).sum({ dim: 1, keepdim: true }), [0, 1]],
  ['sum of several', (e) => e(2, 0, 3).sum({ dim: [0, 1] }), [3], 0],
  ['sum of i32', () => indices(0, 3).sum({ dim: 0 }), [3], 0],
  ['mean', (e) => e(0, 3).mean(), [], nan],
  ['mean of columns', (e) => e(0, 3).mean({ dim: 0 }), [3], nan],
  ['mean of rows', (e) => e(0, 3).mean({ dim: 1 }), [0]],
  ['prod', (e) => k.prod(e(0, 3)), [], 1],
  ['prod of columns', (e) => k.prod(e(0, 3), { dim: 0 }), [3], 1],
  ['prod of rows', (e) => k.prod(e(0, 3), { dim: 1 }), [0]],
  ['amax of rows', (e) => k.amax(e(0, 3), { dim: 1 }), [0]],
  ['amin of rows', (e) => k.amin(e(0, 3), { dim: 1, keepdim: true }), [0, 1]],
  ['argmax of rows', (e) => k.argmax(e(0, 3), { dim: 1 }), [0]],
  ['argmin of rows', (e) => k.argmin(e(0, 3), { dim: 1 }), [0]],
  ['variance', (e) => k.variance(e(0, 3)), [], nan],
  ['variance of columns', (e) => k.variance(e(0, 3), { dim: 0 }), [3], nan],
  ['variance of rows', (e) => k.variance(e(0, 3), { dim: 1 }), [0]],
  ['std', (e) => k.std(e(0, 3), { dim: 0 }), [3], nan],
  ['norm', (e) => k.norm(e(0, 3)), [], 0],
  ['norm of columns', (e) => k.norm(e(0, 3), { dim: 0 }), [3], 0],
  ['norm 1', (e) => k.norm(e(0, 3), { p: 1 }), [], 0],
  ['norm 3', (e) => k.norm(e(0, 3), { p: 3, dim: 0 }), [3], 0],
  ['norm ∞ of rows', (e) => k.norm(e(0, 3), { p: Number.POSITIVE_INFINITY, dim: 1 }), [0]],
  ['cumsum', (e) => k.cumsum(e(0, 3), 0), [0, 3]],
  ['cumsum of nothing', (e) => k.cumsum(e(3, 0), 1), [3, 0]],
  ['logsumexp of rows', (e) => k.logsumexp(e(0, 3), { dim: 1 }), [0]],
  ['logsumexp of columns', (e) => k.logsumexp(e(0, 3), { dim: 0 }), [3], minusInfinity],
  ['softmax', (e) => k.softmax(e(3, 0)), [3, 0]],
  ['softmax of rows', (e) => k.softmax(e(0, 3)), [0, 3]],
  ['softmax across', (e) => k.softmax(e(0, 3), 0), [0, 3]],
  ['logSoftmax', (e) => k.logSoftmax(e(3, 0)), [3, 0]],
  ['logSoftmax of rows', (e) => k.logSoftmax(e(0, 3)), [0, 3]],

  ['matmul over nothing', (e) => e(2, 0).matmul(e(0, 3)), [2, 3], 0],
  ['matmul of no rows', (e) => e(0, 2).matmul(e(2, 3)), [0, 3]],
  ['matmul to no columns', (e) => e(3, 2).matmul(e(2, 0)), [3, 0]],
  ['matmul of no batch', (e) => e(0, 2, 3).matmul(e(0, 3, 4)), [0, 2, 4]],
  ['matmul of a batch over nothing', (e) => e(5, 2, 0).matmul(e(0, 4)), [5, 2, 4], 0],
  ['matmul of vectors', (e) => e(0).matmul(e(0)), [], 0],
  ['matmul with a vector', (e) => e(2, 0).matmul(e(0)), [2], 0],
  ['linear', (e) => F.linear(e(0, 3), e(2, 3), e(2)), [0, 2]],
  ['linear over nothing', (e) => F.linear(e(4, 0), e(2, 0), ones(2)), [4, 2], 1],
  ['relu of linear', (e) => F.relu(F.linear(e(0, 3), e(2, 3), e(2))), [0, 2]],
  ['attention', (e) => F.scaledDotProductAttention(e(0, 2, 4), e(0, 3, 4), e(0, 3, 4)), [0, 2, 4]],
  ['attention of nobody', (e) => F.scaledDotProductAttention(e(2, 0, 4), e(2, 3, 4), e(2, 3, 4)), [2, 0, 4]],
  ['attention to nothing', (e) => F.scaledDotProductAttention(e(2, 3, 4), e(2, 0, 4), e(2, 0, 4)), [2, 3, 4], 0],

  ['conv1d', (e) => F.conv1d(e(0, 2, 5), e(4, 2, 3), e(4)), [0, 4, 3]],
  ['conv2d', (e) => F.conv2d(e(0, 2, 5, 5), e(4, 2, 3, 3), e(4)), [0, 4, 3, 3]],
  ['conv2d of groups', (e) => F.conv2d(e(0, 2, 5, 5), e(4, 1, 3, 3), null, { groups: 2 }), [0, 4, 3, 3]],
  [
    'relu and pooling of conv2d',
    (e) => F.maxPool2d(F.relu(F.conv2d(e(0, 3, 6, 6), e(4, 3, 3, 3), e(4))), 2),
    [0, 4, 2, 2],
  ],
  ['convTranspose2d', (e) => F.convTranspose2d(e(0, 2, 3, 3), e(2, 4, 3, 3)), [0, 4, 5, 5]],
  ['conv2d of no channels', (e) => F.conv2d(e(2, 0, 4, 4), e(3, 0, 3, 3), ones(3)), [2, 3, 2, 2], 1],
  ['conv2d to no channels', (e) => F.conv2d(e(2, 3, 4, 4), e(0, 3, 3, 3)), [2, 0, 2, 2]],
  ['conv1d of padding', (e) => F.conv1d(e(2, 3, 0), e(4, 3, 1), ones(4), { padding: 1 }), [2, 4, 2], 1],
  ['convTranspose2d of no channels', (e) => F.convTranspose2d(e(1, 0, 2, 2), e(0, 4, 2, 2), ones(4)), [1, 4, 3, 3], 1],
  ['conv3d', (e) => F.conv3d(e(0, 2, 3, 4, 4), e(4, 2, 3, 3, 3), e(4)), [0, 4, 1, 2, 2]],
  ['convTranspose1d', (e) => F.convTranspose1d(e(0, 2, 3), e(2, 4, 3)), [0, 4, 5]],
  ['avgPool1d', (e) => F.avgPool1d(e(0, 2, 4), 2), [0, 2, 2]],
  ['adaptiveAvgPool1d', (e) => F.adaptiveAvgPool1d(e(0, 2, 4), 2), [0, 2, 2]],
  ['adaptiveMaxPool1d', (e) => F.adaptiveMaxPool1d(e(0, 2, 4), 2), [0, 2, 2]],
  ['adaptiveMaxPool2d', (e) => F.adaptiveMaxPool2d(e(0, 2, 4, 4), 3), [0, 2, 3, 3]],
  ['gridSample', (e) => F.gridSample(e(0, 2, 4, 4), e(0, 3, 3, 2)), [0, 2, 3, 3]],
  ['maxPool1d', (e) => F.maxPool1d(e(0, 2, 4), 2), [0, 2, 2]],
  ['maxPool2d', (e) => F.maxPool2d(e(0, 2, 4, 4), 2), [0, 2, 2, 2]],
  ['maxPool2d of rest', (e) => F.maxPool2d(e(0, 2, 5, 5), 2, { ceilMode: true, padding: 1 }), [0, 2, 3, 3]],
  ['adaptiveAvgPool2d of no channels', (e) => F.adaptiveAvgPool2d(e(2, 0, 4, 4), 2), [2, 0, 2, 2]],
  ['interpolate between', (e) => F.interpolate(e(0, 3, 4, 4), { size: [2, 2], mode: 'bilinear' }), [0, 3, 2, 2]],
  ['pad by mirroring', (e) => F.pad(e(0, 3, 4, 4), [1, 1, 1, 1], { mode: 'reflect' }), [0, 3, 6, 6]],
  ['pad by repeating', (e) => F.pad(e(0, 3, 4, 4), [1, 1, 1, 1], { mode: 'replicate' }), [0, 3, 6, 6]],
  ['pad in a circle', (e) => F.pad(e(0, 3, 4, 4), [1, 1, 1, 1], { mode: 'circular' }), [0, 3, 6, 6]],
  ['avgPool2d', (e) => F.avgPool2d(e(0, 2, 4, 4), 2), [0, 2, 2, 2]],
  ['adaptiveAvgPool2d', (e) => F.adaptiveAvgPool2d(e(0, 2, 4, 4), 1), [0, 2, 1, 1]],
  ['interpolate', (e) => F.interpolate(e(0, 2, 4, 4), { scaleFactor: 2 }), [0, 2, 8, 8]],
  ['dropout2d', (e) => F.dropout2d(e(0, 2, 4, 4)), [0, 2, 4, 4]],
  [
    'batchNorm',
    (e) => F.batchNorm(e(0, 3), { runningMean: zeros([3]), runningVar: ones(3), weight: e(3), bias: e(3) }),
    [0, 3],
  ],
  ['batchNorm, training', (e) => F.batchNorm(e(0, 3), { training: true, weight: e(3), bias: e(3) }), [0, 3]],
  [
    'batchNorm, training with statistics',
    (e) => F.batchNorm(e(0, 3, 2, 2), { training: true, runningMean: zeros([3]), runningVar: ones(3) }),
    [0, 3, 2, 2],
  ],
  ['layerNorm', (e) => F.layerNorm(e(0, 3), [3], { weight: e(3), bias: e(3) }), [0, 3]],
  ['groupNorm', (e) => F.groupNorm(e(0, 4, 2), 2, { weight: e(4), bias: e(4) }), [0, 4, 2]],
  ['instanceNorm', (e) => F.instanceNorm(e(0, 4, 2, 2)), [0, 4, 2, 2]],
  ['instanceNorm of no pixels', (e) => F.instanceNorm(e(2, 3, 0, 4)), [2, 3, 0, 4]],
  [
    'instanceNorm by running statistics',
    (e) => F.instanceNorm(e(0, 3, 2), { runningMean: zeros([3]), runningVar: ones(3), useInputStats: false }),
    [0, 3, 2],
  ],
  ['normalize', (e) => F.normalize(e(0, 4)), [0, 4]],

  ['batchNorm of no channels', (e) => F.batchNorm(e(3, 0), { runningMean: zeros([0]), runningVar: ones(0) }), [3, 0]],
  ['layerNorm of nothing', (e) => F.layerNorm(e(3, 0), [0]), [3, 0]],
  ['groupNorm of nothing', (e) => F.groupNorm(e(2, 4, 0), 2), [2, 4, 0]],
  ['normalize of nothing', (e) => F.normalize(e(3, 0)), [3, 0]],
  [
    'attention without features',
    (e) => F.scaledDotProductAttention(e(2, 3, 0), e(2, 5, 0), ones(2, 5, 4)),
    [2, 3, 4],
    1,
  ],
  ['embedding of empty rows', (e) => F.embedding(indices(2), e(5, 0)), [2, 0]],
  ['linear to nothing', (e) => F.linear(e(4, 3), e(0, 3)), [4, 0]],

  ...Object.entries(LOSSES).flatMap(([name, loss]): Case[] => [
    [name, (e) => loss(e, 'mean'), [], nan],
    [`${name}, sum`, (e) => loss(e, 'sum'), [], 0],
    [`${name}, none`, (e) => loss(e, 'none'), [0, 3]],
  ]),
  ['crossEntropy, none', (e) => F.crossEntropy(e(0, 3), indices(0), { reduction: 'none' }), [0]],
  ['crossEntropy of maps', (e) => F.crossEntropy(e(0, 3, 2, 2), indices(0, 2, 2), { reduction: 'none' }), [0, 2, 2]],
  ['crossEntropy with probabilities, none', (e) => F.crossEntropy(e(0, 3), zeros([0, 3]), { reduction: 'none' }), [0]],
  ['crossEntropy with probabilities, sum', (e) => F.crossEntropy(e(0, 3), zeros([0, 3]), { reduction: 'sum' }), [], 0],
  ['nllLoss', (e) => F.nllLoss(e(0, 3), indices(0)), [], nan],
  ['nllLoss, sum', (e) => F.nllLoss(e(0, 3), indices(0), { reduction: 'sum' }), [], 0],
  ['nllLoss, none', (e) => F.nllLoss(e(0, 3), indices(0), { reduction: 'none' }), [0]],
  ['crossEntropy', (e) => F.crossEntropy(e(0, 3), indices(0)), [], nan],
  ['crossEntropy of no places', (e) => F.crossEntropy(e(2, 3, 0), indices(2, 0)), [], nan],
  ['crossEntropy with probabilities', (e) => F.crossEntropy(e(0, 3), zeros([0, 3])), [], nan],
  ['crossEntropy, sum', (e) => F.crossEntropy(e(0, 3), indices(0), { reduction: 'sum' }), [], 0],
  ['crossEntropy, smoothed', (e) => F.crossEntropy(e(0, 3), indices(0), { labelSmoothing: 0.1 }), [], nan],

  ['reshape', (e) => e(0, 3).reshape(3, 0, 2), [3, 0, 2]],
  ['reshape of one unknown', (e) => e(0, 3).reshape(-1, 3), [0, 3]],
  ['flatten', (e) => e(2, 0, 3).flatten(1), [2, 0]],
  ['permute', (e) => e(0, 2, 3).permute(2, 0, 1), [3, 0, 2]],
  ['transpose, and a function of it', (e) => k.exp(e(0, 3).transpose(0, 1)), [3, 0]],
  ['squeeze', (e) => e(0, 1).squeeze(1), [0]],
  ['unsqueeze', (e) => e(0).unsqueeze(0), [1, 0]],
  ['expand', (e) => e(1, 3).expand(0, 3), [0, 3]],
  ['expand of nothing', (e) => e(0).expand(2, 0), [2, 0]],
  ['clone', (e) => k.clone(e(0, 3)), [0, 3]],
  ['unbind', (e) => k.unbind(e(2, 0))[1] as Tensor, [0]],
  ['narrow', (e) => k.narrow(e(4, 3), 0, 2, 0), [0, 3]],
  ['slice', (e) => k.slice(e(4, 3), 1, 3), [4, 0]],
  ['select', (e) => k.select(e(0, 3), 1, 2), [0]],
  ['split', (e) => k.split(e(0, 3), 2, 1)[1] as Tensor, [0, 1]],
  ['chunk', (e) => k.chunk(e(0, 4), 2, 1)[0] as Tensor, [0, 2]],
  ['flip', (e) => k.flip(e(0, 3), 1), [0, 3]],
  ['cat', (e) => k.cat([e(0, 3), ones(2, 3), e(0, 3)]), [2, 3], 1],
  ['cat along nothing', (e) => k.cat([e(0, 3), e(0, 2)], 1), [0, 5]],
  ['cat with [0]', (e) => k.cat([e(0), ones(2, 3), indices(0)]), [2, 3], 1],
  ['cat of [0]', (e) => k.cat([e(0), e(0)]), [0]],
  ['stack', (e) => k.stack([e(0, 3), e(0, 3)]), [2, 0, 3]],
  ['pad', (e) => F.pad(e(0, 3), [1, 1]), [0, 5]],
  ['pad to something', (e) => F.pad(e(0, 3), [0, 0, 1, 1], { value: 4 }), [2, 3], 4],
  ['tril', (e) => k.tril(e(0, 0)), [0, 0]],
  ['triu', (e) => k.triu(e(3, 0), 1), [3, 0]],
  ['gather', (e) => k.gather(e(2, 3), 0, indices(0, 3)), [0, 3]],
  ['gather of nothing', (e) => k.gather(e(0, 3), 1, indices(0, 2)), [0, 2]],
  ['indexSelect', (e) => k.indexSelect(e(4, 3), 0, indices(0)), [0, 3]],
  ['indexSelect of nothing', (e) => k.indexSelect(e(4, 0), 0, indices(2)), [2, 0]],
  ...Object.values(ORDER).flatMap(({ empty }) => Object.entries(empty).map(([name, one]): Case => [name, ...one])),
  ['any', (e) => k.any(e(0, 3)), [], 0],
  ['any of nothing', (e) => k.any(e(2, 0), { dim: 1 }), [2], 0],
  ['all', (e) => k.all(e(0, 3)), [], 1],
  ['all of nothing', (e) => k.all(e(2, 0), { dim: 1 }), [2], 1],
  ['isclose', (e) => k.isclose(e(0, 3), e(3)), [0, 3]],
  ['cumprod', (e) => k.cumprod(e(0, 3), 0), [0, 3]],
  ['cumprod of nothing', (e) => k.cumprod(e(3, 0), 1), [3, 0]],
  ['scatter', (e) => k.scatter(zeros([2, 3]), 0, indices(0, 3), e(2, 3)), [2, 3], 0],
  ['scatter of a number', (e) => k.scatter(e(2, 0), 0, indices(2, 0), 1), [2, 0]],
  ['scatterAdd', (e) => k.scatterAdd(zeros([2, 3]), 0, indices(0, 3), e(2, 3)), [2, 3], 0],
  ['scatterAdd into nothing', (e) => k.scatterAdd(e(2, 0), 0, indices(2, 0), e(2, 0)), [2, 0]],
  ['indexAdd', (e) => k.indexAdd(zeros([2, 3]), 0, indices(0), e(0, 3)), [2, 3], 0],
  ['bincount', () => k.bincount(indices(0), 3), [3], 0],
  ['bincount into nothing', () => k.bincount(indices(2), 0), [0]],
  ['embedding', (e) => F.embedding(indices(0, 2), e(5, 4)), [0, 2, 4]],
  ['oneHot', () => F.oneHot(indices(0), 4), [0, 4]],
];

/** Made from nothing. */
const MADE: readonly Case[] = [
  ['zeros', () => zeros([0, 3]), [0, 3]],
  ['rand', () => k.rand([2, 0]), [2, 0]],
  ['randn', () => k.randn([0]), [0]],
  ['randint', () => k.randint(0, 4, [0]), [0]],
  ['bernoulli', (e) => k.bernoulli(e(0, 3)), [0, 3]],
  ['normal', () => k.normal(0, 1, [0]), [0]],
  ['randLike', (e) => k.randLike(e(2, 0)), [2, 0]],
  ['randnLike', (e) => k.randnLike(e(2, 0)), [2, 0]],
  ['randintLike', (e) => k.randintLike(e(2, 0), 0, 3), [2, 0]],
  ['fullLike', (e) => k.fullLike(e(2, 0), 3), [2, 0]],
  ['arange', () => k.arange(0), [0]],
  ['eye', () => k.eye(0), [0, 0]],
  ['linspace', () => k.linspace(0, 1, 0), [0]],
  ['randperm', () => k.randperm(0), [0]],
  ['tensor', () => k.tensor([[], []]), [2, 0]],
];

/** What PyTorch refuses too. */
const REFUSED: readonly (readonly [string, Build])[] = [
  ['amax', (e) => k.amax(e(0, 3))],
  ['amax', (e) => k.amax(e(0, 3), { dim: 0 })],
  ['amin', (e) => k.amin(e(0, 3), { dim: 0 })],
  ['argmax', (e) => k.argmax(e(0, 3))],
  ['argmin', (e) => k.argmin(e(0, 3), { dim: 0 })],
  ['norm', (e) => k.norm(e(0, 3), { p: Number.POSITIVE_INFINITY })],
  ['indexSelect', (e) => k.indexSelect(e(0, 3), 0, indices(2))],
  ['embedding', (e) => F.embedding(indices(2), e(0, 3))],
  ['gather', (e) => k.gather(e(0, 3), 0, indices(2, 3))],
  ['select', (e) => k.select(e(0, 3), 0, 0)],
  ...Object.entries(ORDER).flatMap(([name, { refuses = [] }]) => refuses.map((build) => [name, build] as const)),
  ['maxPool2d', (e) => F.maxPool2d(e(2, 3, 0, 4), 2)],
  ['conv2d', (e) => F.conv2d(e(2, 3, 0, 4), ones(2, 3, 3, 3))],
  ['batchNorm', (e) => F.batchNorm(e(1, 3), { training: true })],
  ['batchNorm', (e) => F.batchNorm(e(0, 3))],
  ['pad', (e) => F.pad(e(1, 3, 0, 4), [1, 1, 1, 1], { mode: 'reflect' })],
  ['crossEntropy', (e) => F.crossEntropy(e(2, 0), indices(2))],
  ['nllLoss', (e) => F.nllLoss(e(2, 0), indices(2))],
  ['adaptiveAvgPool2d', (e) => F.adaptiveAvgPool2d(e(2, 3, 0, 4), 1)],
  ['interpolate', (e) => F.interpolate(e(2, 2, 0, 4), { size: [2, 2] })],
  ['stack', () => k.stack([])],
  ['cat', () => k.cat([])],
];

/** Runs a case and its backward pass: the value, and the gradients of what has elements, which are zeros. */
function run(build: Build): { value: Tensor; grads: (readonly [Tensor, Tensor | null])[] } {
  const leaves: Tensor[] = [];
  const value = build((...shape) => {
    const leaf = zeros(shape, { requiresGrad: true });
    leaves.push(leaf);
    return leaf;
  });
  if (value.requiresGrad) value.sum().backward();
  return { value, grads: leaves.map((leaf) => [leaf, leaf.grad]) };
}

test.each([...CASES, ...MADE].map((one) => [one[0], one] as const))('%s', async (name, [, build, shape, values]) => {
  // Buffers that are used again hold something else.
  k.step(() => void Array.from({ length: 20 }, () => k.full([64], nan).add(1)));
  const { value, grads } = run(build);
  expect(value.shape).toEqual(shape);
  const want = Array.from({ length: value.size }, (_, i) => (Array.isArray(values) ? values[i] : values));
  expect([...(await value.data())]).toEqual(want);
  for (const [leaf, grad] of grads) {
    if (!grad) continue;
    expect(grad.shape).toEqual(leaf.shape);
    expect([...(await grad.data())]).toEqual(Array.from({ length: leaf.size }, () => 0));
  }
  if (MADE.some(([made]) => made === name)) return; // Not all of these can be captured.
  const captured = k.capture(() => run(build).value);
  for (let call = 0; call < 3; call++) expect([...(await captured().data())]).toEqual(want);
});

test.each(REFUSED)('%s refuses', (name, build) => {
  expect(() => run(build)).toThrow(new RegExp(`^(shape .*: )?${name}`));
});

test('an empty batch leaves running statistics as they were, and counts', async () => {
  const norm = new nn.BatchNorm2d(2);
  norm.forward(zeros([0, 2, 3, 3]));
  const held = Object.entries(norm.stateDict()).map(async ([name, value]) => [name, await value.array()]);
  expect(Object.fromEntries(await Promise.all(held))).toMatchObject({
    running_mean: [0, 0],
    running_var: [1, 1],
    num_batches_tracked: 1,
  });
  const [runningMean, runningVar] = [zeros([2]), ones(2)];
  F.instanceNorm(zeros([0, 2, 3]), { runningMean, runningVar });
  expect([await runningMean.array(), await runningVar.array()]).toEqual([
    [0, 0],
    [1, 1],
  ]);
});

test('parameters without elements are trained, clipped and saved', async () => {
  class Odd extends nn.Module {
    none = new nn.Parameter(zeros([0, 3]));
    some = new nn.Parameter(k.ones([2]));
    forward(x: Tensor): Tensor {
      return this.none.sum().add(this.some.mul(x).sum());
    }
  }
  const model = new Odd();
  const optimizer = new SGD(model.parameters(), { lr: 0.5, momentum: 0.9 });
  const train = k.capture((x: Tensor) => {
    optimizer.zeroGrad();
    const loss = model.forward(x);
    loss.backward();
    clipGradNorm(model.parameters(), 10);
    optimizer.step();
    return loss;
  });
  for (let i = 0; i < 3; i++) expect(Number.isFinite(await train(k.ones([2])).item())).toBe(true);
  expect(model.stateDict().none?.shape).toEqual([0, 3]);
  expect(await model.some.array()).not.toEqual([1, 1]);
  const empty = new SGD([new nn.Parameter(zeros([0]))], { lr: 0.1 });
  empty.step();
  await k.sync();
});
