/**
 * Every function that takes tensors, with arguments that it takes: for tests that put something else in their places. An object
 * comes last, `{}` if need be, where the function takes options.
 */
import * as k from 'kindling';
import { pairNames, unaryNames } from './elementwiseCalls.js';
import { ORDER } from './functions.js';

export type Arguments = readonly unknown[];

/** Functions that take a tensor alone, or with options. */
const ALONE = 'clone flatten keep nonzero print squeeze tril triu unbind';
const WITH_OPTIONS =
  'all amax amin any argmax argmin bernoulli dropout logSoftmax logsumexp mean norm normalize onesLike prod randLike randnLike softmax softmin std sum variance zerosLike';
const LOSSES =
  'hingeEmbeddingLoss softMarginLoss multilabelSoftMarginLoss poissonNllLoss cosineSimilarity pairwiseDistance mseLoss l1Loss smoothL1Loss huberLoss binaryCrossEntropy binaryCrossEntropyWithLogits klDiv';

/** Arguments that each takes. */
export function functionCalls(): Readonly<Record<string, Arguments>> {
  const x = k.ones([2, 3]);
  const images = k.ones([1, 2, 4, 4]);
  const mask = k.gt(x, 0);
  const classes = k.zeros([2], { dtype: 'i32' });
  const loss = k.ones([], { requiresGrad: true });
  return {
    ...Object.fromEntries([...unaryNames].map(([name, given]) => [name, [x, ...given]])),
    ...Object.fromEntries(pairNames.map((name) => [name, [x, x]])),
    ...Object.fromEntries(Object.entries(ORDER).map(([name, { given }]) => [name, [x, ...given]])),
    ...Object.fromEntries(ALONE.split(' ').map((name) => [name, [x]])),
    ...Object.fromEntries(WITH_OPTIONS.split(' ').map((name) => [name, [x, {}]])),
    ...Object.fromEntries(LOSSES.split(' ').map((name) => [name, [x, x, {}]])),
    matmul: [x, x],
    fullLike: [x, 1, {}],
    ...{ add_: [x, x, {}], div_: [x, x], fill_: [x, 1], mul_: [x, x], sub_: [x, x, {}], zero_: [x] },
    adaptiveAvgPool1d: [x, 2],
    ...{
      allclose: [x, x, {}],
      isclose: [x, x, {}],
      lerp: [x, x, x],
      prelu: [x, k.ones([3])],
    },
    ...{
      glu: [x, { dim: 0 }],
      gaussianNllLoss: [x, x, x, {}],
      tripletMarginLoss: [x, x, x, {}],
      marginRankingLoss: [x, x, x, {}],
    },
    ...{ multiMarginLoss: [x, classes, {}], cosineEmbeddingLoss: [x, x, k.ones([2]), {}] },
    adaptiveAvgPool2d: [images, 2],
    adaptiveMaxPool1d: [x, 2],
    adaptiveMaxPool2d: [images, 2],
    avgPool1d: [x, { kernelSize: 2 }],
    avgPool2d: [images, { kernelSize: 2 }],
    baddbmm: [k.ones([1]), k.ones([1, 2, 3]), k.ones([1, 3, 2]), {}],
    bilinear: [x, x, k.ones([2, 3, 3]), k.ones([2])],
    bmm: [k.ones([1, 2, 3]), k.ones([1, 3, 2])],
    backward: [loss, {}],
    batchNorm: [x, { training: true }],
    bincount: [classes, 3, {}],
    cast: [x, 'i32'],
    cat: [[x, x]],
    cdist: [x, x, {}],
    chunk: [x, 2],
    conv1d: [k.ones([1, 2, 4]), k.ones([1, 2, 1]), k.ones([1]), {}],
    conv2d: [images, k.ones([1, 2, 1, 1]), k.ones([1]), {}],
    conv3d: [k.ones([1, 2, 2, 2, 2]), k.ones([1, 2, 1, 1, 1]), k.ones([1]), {}],
    convTranspose1d: [k.ones([1, 2, 4]), k.ones([2, 1, 1]), k.ones([1]), {}],
    convTranspose2d: [images, k.ones([2, 1, 1, 1]), k.ones([1]), {}],
    crossEntropy: [x, classes, {}],
    ctcLoss: [k.ones([3, 2, 4]), k.ones([2, 1], { dtype: 'i32' }), [3, 3], [1, 1], {}],
    cumprod: [x, 0],
    cumsum: [x, 0],
    diag: [x, 1],
    diagonal: [x, {}],
    dot: [k.ones([3]), k.ones([3])],
    dropout2d: [images, {}],
    einsum: ['ij->ji', x],
    embedding: [classes, x, {}],
    expand: [x, [2, 3]],
    flip: [x, 0],
    fold: [k.ones([1, 8, 9]), 4, 2, {}],
    gather: [x, 0, k.zeros([1, 3], { dtype: 'i32' })],
    grad: [[loss], [loss], {}],
    gradcheck: [(t: k.Tensor) => t, [loss], {}],
    gridSample: [images, k.ones([1, 2, 2, 2]), {}],
    groupNorm: [images, 1, {}],
    gumbelSoftmax: [x, {}],
    gru: [x, null, { weight_ih_l0: k.ones([6, 3]), weight_hh_l0: k.ones([6, 2]) }, {}],
    indexAdd: [x, 0, classes, x, {}],
    indexSelect: [x, 0, classes],
    instanceNorm: [images, {}],
    interpolate: [images, { scaleFactor: 2 }],
    layerNorm: [x, [3], {}],
    linear: [x, x, k.ones([2])],
    lstm: [x, null, { weight_ih_l0: k.ones([8, 3]), weight_hh_l0: k.ones([8, 2]) }, {}],
    maskedFill: [x, mask, x],
    maskedSelect: [x, mask],
    maxPool1d: [x, { kernelSize: 1 }],
    maxPool2d: [images, { kernelSize: 2 }],
    meshgrid: [[k.ones([2]), k.ones([3])], {}],
    movedim: [x, 0, 1],
    mv: [x, k.ones([3])],
    narrow: [x, 0, 0, 1],
    nllLoss: [x, classes, {}],
    normal: [x, x],
    oneHot: [classes, 3],
    outer: [k.ones([3]), k.ones([2])],
    pad: [x, [1, 1], {}],
    permute: [x, [1, 0]],
    pixelShuffle: [k.ones([1, 4, 2, 2]), 2],
    pixelUnshuffle: [images, 2],
    randintLike: [x, 0, 2, {}],
    registerHook: [loss, () => {}],
    repeat: [x, 2, 1],
    repeatInterleave: [x, 2, {}],
    reshape: [x, [3, 2]],
    rnnRelu: [x, null, { weight_ih_l0: k.ones([2, 3]), weight_hh_l0: k.ones([2, 2]) }, {}],
    rnnTanh: [x, null, { weight_ih_l0: k.ones([2, 3]), weight_hh_l0: k.ones([2, 2]) }, {}],
    rmsNorm: [x, [3], {}],
    roll: [x, 1, 0],
    rot90: [x, 1, [0, 1]],
    scaledDotProductAttention: [x, x, x, {}],
    scatter: [x, 0, k.zeros([1, 3], { dtype: 'i32' }), x],
    scatterAdd: [x, 0, k.zeros([1, 3], { dtype: 'i32' }), x],
    select: [x, 0, 0],
    slice: [x, 0],
    split: [x, 1],
    stack: [[x, x]],
    tile: [x, 2],
    transpose: [x, 0, 1],
    unflatten: [x, 0, [2, 1]],
    unfold: [images, 2, {}],
    unsqueeze: [x, 0],
    where: [mask, x, x],
  };
}
