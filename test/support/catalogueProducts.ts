/** The part of the catalogue that products use, convolutions among them. */
import { directKernel, directWeightGrad } from '../../src/kernels/conv2d/direct.js';
import { fewChannelsInputGrad } from '../../src/kernels/conv2d/fewChannels.js';
import { conv2dForward } from '../../src/kernels/conv2d/forward.js';
import { conv2dInputGrad } from '../../src/kernels/conv2d/inputGrad.js';
import type { Conv2dShape } from '../../src/kernels/conv2d/shape.js';
import { conv2dWeightGrad } from '../../src/kernels/conv2d/weightGrad.js';
import { winogradForward, winogradInputGrad, winogradWeightGrad } from '../../src/kernels/conv2d/winograd.js';
import type { GemmVariant } from '../../src/kernels/gemm/spec.js';
import type { Split } from '../../src/kernels/gemm/split.js';
import type { Kernel } from '../../src/kernels/kernel.js';
import { matmul } from '../../src/kernels/matmul.js';
import { withTail } from './tails.js';

const VARIANTS: readonly GemmVariant[] = ['registers', 'subgroups', 'workgroup'];
const BOTH = [false, true] as const;

const parts = (made: Kernel | Split): Kernel[] => ('partial' in made ? [made.partial, made.reduce] : [made]);

const plain: Conv2dShape = {
  ...{ n: 2, c: 3, h: 9, w: 11, o: 5, kh: 3, kw: 2 },
  ...{ strideH: 1, strideW: 1, padH: 0, padW: 0, dilationH: 1, dilationW: 1, groups: 1 },
};
const intricate: Conv2dShape = {
  ...{ n: 2, c: 6, h: 10, w: 13, o: 9, kh: 3, kw: 3 },
  ...{ strideH: 2, strideW: 1, padH: 1, padW: 2, dilationH: 1, dilationW: 2, groups: 3 },
};

/** A product by itself, and with maps behind it. */
const tailed = (kernel: Kernel): Kernel[] => [kernel, withTail(kernel, 60, 'relu', 'mask')];

function products(variant: GemmVariant): Kernel[] {
  const batched = { batch: [2, 3], leftStrides: [30, 0], rightStrides: [0, 40] };
  return [
    ...BOTH.flatMap((transA) =>
      BOTH.flatMap((transB) => parts(matmul({ m: 67, n: 65, k: 33, transA, transB, splits: 1, variant }))),
    ),
    ...parts(matmul({ m: 5, n: 8, k: 6, ...batched, variant })),
    ...parts(matmul({ m: 64, n: 10, k: 64, transB: true, bias: true, splits: 1, variant })),
    ...parts(matmul({ m: 7, n: 9, k: 1030, bias: true, splits: 4, variant })).flatMap(
      ({ withTail: takes, ...kernel }) => (takes ? tailed({ ...kernel, withTail: takes }) : [kernel]),
    ),
    ...[1, 3].flatMap((splits) => parts(matmul({ m: 64, n: 12, k: 72, transA: true, rowSum: true, splits, variant }))),
    ...[plain, intricate].flatMap((shape) => [
      ...BOTH.map((bias) => conv2dForward({ shape, bias, variant })),
      conv2dForward({ shape, bias: true, pool: true, variant }),
      ...tailed(conv2dInputGrad({ shape, variant })),
      ...BOTH.flatMap((bias) => [1, 3].flatMap((splits) => parts(conv2dWeightGrad({ shape, bias, variant, splits })))),
    ]),
  ];
}

function winograd(variant: GemmVariant): Kernel[] {
  const shape: Conv2dShape = { ...plain, kw: 3, padH: 1, padW: 3 };
  return [
    ...[
      ...BOTH.map((bias) => winogradForward({ shape, variant, bias })),
      winogradInputGrad({ shape, variant }),
    ].flatMap(({ input, weight, product, output }) => [input, weight, product, output]),
    ...BOTH.map((bias) => winogradWeightGrad({ shape, variant, bias })).flatMap(
      ({ outputGrad, product, weightGrad }) => [outputGrad, ...parts(product), weightGrad],
    ),
  ];
}

function fewChannels(): Kernel[] {
  const shape: Conv2dShape = { ...plain, c: 3, padH: 1 };
  return BOTH.flatMap((subgroups) => tailed(fewChannelsInputGrad({ shape, subgroups })));
}

/** Convolutions of few channels a group. */
function direct(): Kernel[] {
  const shapes = [intricate, { ...intricate, strideW: 2, dilationW: 3, kw: 13, w: 60 }];
  return shapes.flatMap((shape) => [
    ...BOTH.map((bias) => directKernel({ part: 'forward', shape, bias })),
    ...tailed(directKernel({ part: 'inputGrad', shape })),
    ...[1, 1000].flatMap((fill) => parts(directWeightGrad(shape, { fill }))),
  ]);
}

/** The kernels, made when asked for. */
export const productKernels = (): Kernel[] => [
  ...VARIANTS.flatMap(products),
  ...VARIANTS.flatMap(winograd),
  ...fewChannels(),
  ...direct(),
];
