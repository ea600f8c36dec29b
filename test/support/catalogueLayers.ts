/** The part of the catalogue that layers, losses and optimizers use: products, windows, rows, indices, state. */

import { avgPoolGradKernel, avgPoolKernel } from '../../src/kernels/avgPool.js';
import { batchKernel } from '../../src/kernels/batch.js';
import {
  batchNormGradKernel,
  batchNormJoinKernel,
  batchNormKernel,
  batchNormStatsKernel,
  batchNormSumsKernel,
} from '../../src/kernels/batchNorm.js';
import { clipPartialKernel, clipScaleKernel, SOFTWARE_CLIP } from '../../src/kernels/clip.js';
import { crossEntropyKernel } from '../../src/kernels/crossEntropy.js';
import { ctcGradKernel, ctcKernel } from '../../src/kernels/ctc.js';
import { dropoutKernel } from '../../src/kernels/dropout.js';
import { GPU_FLAT, SOFTWARE_FLAT } from '../../src/kernels/flat.js';
import { foldKernel } from '../../src/kernels/fold.js';
import { GPU_HEALTH, healthKernel, SOFTWARE_HEALTH } from '../../src/kernels/health.js';
import { gatherIndexKernel, indexSelectKernel } from '../../src/kernels/indexing.js';
import { approachKernel, incrementKernel } from '../../src/kernels/inPlace.js';
import type { Kernel } from '../../src/kernels/kernel.js';
import { layerNormGradKernel, layerNormKernel, layerNormSumsKernel } from '../../src/kernels/layerNorm.js';
import { nllEachKernel, nllGradKernel } from '../../src/kernels/nll.js';
import { adamKernel, rmspropKernel, sgdKernel } from '../../src/kernels/optimizer.js';
import { partSumsKernel } from '../../src/kernels/partSums.js';
import { peaks } from '../../src/kernels/peaks.js';
import { maxPoolAgainKernel, maxPoolGradKernel, maxPoolKernel } from '../../src/kernels/pool.js';
import { recurrentGradKernel, recurrentKernel } from '../../src/kernels/recurrent.js';
import { rmsNormGradKernel, rmsNormKernel, rmsNormSumsKernel } from '../../src/kernels/rmsNorm.js';
import { placeKernel, segmentKernel, segmentSumsKernel } from '../../src/kernels/scatter.js';
import { LOG_SOFTMAX, MASKED_SOFTMAX, SOFTMAX, softmaxKernel } from '../../src/kernels/softmax.js';
import { LOG_SOFTMAX_SLOPE, SOFTMAX_SLOPE, softmaxGradKernel } from '../../src/kernels/softmaxGrad.js';
import { attentionKernels } from './catalogueAttention.js';
import { productKernels } from './catalogueProducts.js';

const BOTH = [false, true] as const;

/** A row for one invocation, for several beside or across others, and for a workgroup. */
const ROWS = [
  { outer: 6, length: 10, inner: 3, lanes: 1 },
  { outer: 6, length: 300, inner: 3, lanes: 16 },
  { outer: 20, length: 700, inner: 1, lanes: 4 },
  { outer: 2, length: 701, inner: 1, lanes: 64 },
] as const;

function rows(): Kernel[] {
  return [
    ...[SOFTMAX, LOG_SOFTMAX].flatMap((kind) => ROWS.map((spec) => softmaxKernel(kind, spec))),
    ...[SOFTMAX_SLOPE, LOG_SOFTMAX_SLOPE].flatMap((slope) => ROWS.map((spec) => softmaxGradKernel(slope, spec))),
    softmaxKernel(MASKED_SOFTMAX, { outer: 6, length: 10, inner: 1 }),
    ...ROWS.flatMap(({ outer, length, lanes }) => [
      ...BOTH.map((given) =>
        layerNormKernel({ rows: outer, length, lanes, eps: 1e-5, weighted: given, biased: given }),
      ),
      ...BOTH.map((weighted) => layerNormGradKernel({ rows: outer, length, lanes, weighted })),
      ...[1, 3].map((splits) => layerNormSumsKernel({ rows: length, length: outer, lanes, splits })),
    ]),
    partSumsKernel({ name: 'sums', rows: 20, splits: 3 }),
    ...ROWS.flatMap(({ outer, length, lanes }) => [
      ...BOTH.flatMap((weighted) => {
        const spec = { rows: outer, length, lanes, weighted };
        return [rmsNormKernel({ ...spec, eps: 1e-5 }), rmsNormGradKernel(spec)];
      }),
      rmsNormSumsKernel({ rows: length, length: outer, lanes, splits: 2 }),
    ]),
    ...[
      { n: 6, channels: 5, inner: 1 },
      { n: 4, channels: 6, inner: 35 },
    ].flatMap((spec) => [
      ...[null, 0.1].flatMap((momentum) => [
        batchNormStatsKernel({ ...spec, momentum }),
        batchNormStatsKernel({ ...spec, momentum, lanes: 4, splits: 2 }),
        batchNormJoinKernel({ ...spec, momentum, lanes: 4, splits: 2 }),
      ]),
      ...BOTH.map((given) => batchNormKernel({ ...spec, eps: 1e-5, weighted: given, biased: given })),
      batchNormSumsKernel({ ...spec, eps: 1e-5 }),
      batchNormSumsKernel({ ...spec, eps: 1e-5, lanes: 4, splits: 2 }),
      ...BOTH.flatMap((training) =>
        BOTH.map((weighted) => batchNormGradKernel({ ...spec, eps: 1e-5, training, weighted })),
      ),
    ]),
  ];
}

function losses(): Kernel[] {
  const spec = { n: 6, classes: 5, inner: 7, ignoreIndex: -100 } as const;
  return [
    ...BOTH.flatMap((weighted) =>
      [0, 0.1].flatMap((smoothing) => [
        nllEachKernel({ ...spec, weighted, smoothing, reduction: 'none' }),
        ...(['mean', 'sum', 'none'] as const).map((reduction) =>
          nllGradKernel({ ...spec, weighted, smoothing, reduction, logits: reduction !== 'none' }),
        ),
      ]),
    ),
    ...BOTH.flatMap((weighted) =>
      ([6, 100] as const).map((n) =>
        crossEntropyKernel({ ...spec, n, inner: 1, weighted, smoothing: weighted ? 0.1 : 0, reduction: 'mean' }),
      ),
    ),
    ...BOTH.flatMap((packed) => {
      const sequences = { steps: 9, rows: 3, classes: 5, stride: 4, packed, blank: 0 };
      return [
        ctcKernel({ ...sequences, back: packed, lanes: packed ? 4 : 64 }),
        ctcGradKernel({ ...sequences, zeroInfinity: packed }),
      ];
    }),
  ];
}

function windows(): Kernel[] {
  const y = { input: 9, output: 5, kernel: 3, stride: 2, padding: 1, dilation: 1 };
  const x = { input: 8, output: 2, kernel: 3, stride: 4, padding: 0, dilation: 2 };
  const pools = { planes: 6, y, x } as const;
  const sides = { planes: 6, h: 9, w: 8, kh: 2, kw: 3, rows: 4, columns: 3, padH: 1, padW: 0 };
  return [
    foldKernel({ ...sides, stepH: 3, stepW: 2, dilationH: 2, dilationW: 1 }),
    maxPoolKernel(pools),
    maxPoolGradKernel(pools),
    maxPoolAgainKernel(pools),
    ...[8, 9].flatMap((input) => {
      const tiled = { input, output: 4, kernel: 2, stride: 2, padding: 0, dilation: 1 };
      const spec = { planes: 6, y: tiled, x: { ...tiled, input: 12, output: 3, kernel: 4, stride: 4 } };
      return [maxPoolKernel(spec), maxPoolGradKernel(spec)];
    }),
    ...[
      { ...pools, adaptive: false, countIncludePad: true },
      { ...pools, adaptive: false, countIncludePad: false },
      { ...pools, adaptive: true, countIncludePad: false },
      { ...pools, y: { ...y, output: y.output + 1 }, adaptive: false, countIncludePad: true },
      { ...pools, adaptive: false, countIncludePad: true, divisor: 3 },
    ].flatMap((spec) => [avgPoolKernel(spec), avgPoolGradKernel(spec)]),
  ];
}

function indices(): Kernel[] {
  const none = '0x7fc00000u';
  const select = { outer: 2, length: 7, inner: 6, count: 12, none };
  const pick = { dim: 1, shape: [4, 7, 6], strides: [42, 6, 1], indexShape: [3, 5, 6], none };
  const indexStrides = [30, 6, 1];
  return [
    indexSelectKernel(select),
    placeKernel({ dim: 1, strides: pick.strides, indexShape: pick.indexShape }),
    ...(['sum', 'last', 'winner', 'count'] as const).map((kind) =>
      segmentKernel({
        ...{ kind, type: 'f32', dim: 1, shape: pick.shape, strides: pick.strides, within: pick.indexShape, count: 5 },
        ...{ indexStrides, sourceStrides: indexStrides },
      }),
    ),
    segmentSumsKernel({ dim: 1, shape: [3, 5, 6], indexStrides, strides: pick.strides, length: 7, four: false }),
    segmentSumsKernel({
      dim: 1,
      shape: [1, 12, 4],
      indexStrides: [0, 1, 0],
      strides: [28, 4, 1],
      length: 7,
      four: true,
    }),
    gatherIndexKernel(pick),
    dropoutKernel({ size: 1003, inner: 1, p: 0.3, stream: 0 }),
    dropoutKernel({ size: 15 * 81, inner: 81, p: 0.2, stream: 1 }),
    dropoutKernel({ size: 16, inner: 4, p: 1, stream: 2 }),
  ];
}

/** Straight through and with a remainder; four at once, and where the size does not allow it. */
const FLATS = [
  { size: 70, flat: SOFTWARE_FLAT },
  { size: 4096, flat: GPU_FLAT },
] as const;

const state = (): Kernel[] => [
  incrementKernel({ size: 1, type: 'i32' }),
  approachKernel({ size: 300 }),
  approachKernel({ size: 5 }),
  ...FLATS.flatMap((cut) => [
    sgdKernel({ ...cut, momentum: false, nesterov: false }),
    ...BOTH.map((nesterov) => sgdKernel({ ...cut, momentum: true, nesterov })),
    ...BOTH.map((amsgrad) => adamKernel({ ...cut, amsgrad })),
    adamKernel({ ...cut, amsgrad: false, nesterov: true }),
    ...BOTH.flatMap((momentum) => BOTH.map((centered) => rmspropKernel({ ...cut, momentum, centered }))),
    ...BOTH.flatMap((infinite) => [
      clipPartialKernel({ size: cut.size, infinite, cut: SOFTWARE_CLIP }),
      clipScaleKernel({ ...cut, infinite, cut: SOFTWARE_CLIP }),
    ]),
  ]),
  ...[1, 2].flatMap((arrays) => [
    healthKernel({ arrays, pieces: 70, cut: SOFTWARE_HEALTH }),
    healthKernel({ arrays, pieces: 3, cut: GPU_HEALTH }),
  ]),
];

function pictures(): Kernel[] {
  const spec = {
    batch: 5,
    picture: [3, 7, 9],
    crop: null,
    flip: null,
    cutout: null,
    parts: 1,
    partWords: 256,
  } as const;
  const crop = { height: 6, width: 8, padding: 2 };
  return [
    batchKernel(spec),
    batchKernel({ ...spec, picture: [3, 40, 8] }),
    batchKernel({ ...spec, flip: { threshold: 2 ** 31, first: false }, parts: 2 }),
    batchKernel({ ...spec, crop, flip: { threshold: 2 ** 32, first: true }, parts: 4 }),
    batchKernel({ ...spec, crop, flip: { threshold: 2 ** 31, first: false } }),
    batchKernel({ ...spec, cutout: { size: 3, threshold: 2 ** 32 } }),
    batchKernel({ ...spec, crop, flip: { threshold: 2 ** 31, first: false }, cutout: { size: 4, threshold: 2 ** 31 } }),
  ];
}

const recurrent = (): Kernel[] =>
  (['tanh', 'relu', 'gru', 'lstm'] as const).flatMap((kind) =>
    [5, 300].flatMap((hidden) => {
      const spec = { kind, hidden, steps: 3, rows: 2, reverse: hidden === 5, most: 256 };
      const keeping = BOTH.map((keep) => recurrentKernel({ ...spec, bias: keep, keep }));
      return [...keeping, recurrentGradKernel(spec)];
    }),
  );

/** The kernels, made when asked for. */
export const layerKernels = (): Kernel[] => [
  ...productKernels(),
  ...rows(),
  ...losses(),
  ...windows(),
  ...indices(),
  ...pictures(),
  ...recurrent(),
  ...attentionKernels(),
  ...state(),
  ...peaks({ invocations: 128, rounds: 2, bytes: 4096, loaders: 64 }).map((peak) => peak.kernel),
];
