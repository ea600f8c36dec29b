/** Products of the study's network, of residual networks, and of transformers. */
import { conv2dForward } from '../../src/kernels/conv2d/forward.js';
import { conv2dInputGrad } from '../../src/kernels/conv2d/inputGrad.js';
import { type Conv2dShape, derived } from '../../src/kernels/conv2d/shape.js';
import { conv2dWeightGrad } from '../../src/kernels/conv2d/weightGrad.js';
import type { Candidate } from '../../src/kernels/gemm/candidates.js';
import type { Split } from '../../src/kernels/gemm/split.js';
import type { Kernel } from '../../src/kernels/kernel.js';
import { type MatmulSpec, matmul } from '../../src/kernels/matmul.js';

export interface Product {
  readonly name: string;
  readonly flops: number;
  readonly splittable: boolean;
  readonly inputs: readonly number[][];
  readonly outputs: readonly number[][];
  readonly kernel: (how: Candidate) => Kernel | Split;
}

interface Convolution {
  name: string;
  n: number;
  c: number;
  size: number;
  o: number;
  k: number;
  stride?: number;
  pad?: number;
}

function convolution({ name, n, c, size, o, k, stride = 1, pad = 0 }: Convolution): Product[] {
  const shape: Conv2dShape = {
    ...{ n, c, h: size, w: size, o, kh: k, kw: k, strideH: stride, strideW: stride, padH: pad, padW: pad },
    ...{ dilationH: 1, dilationW: 1, groups: 1 },
  };
  const { oh, ow, taps } = derived(shape);
  const flops = 2 * n * o * oh * ow * c * taps;
  const [x, w, y] = [
    [n, c, size, size],
    [o, c, k, k],
    [n, o, oh, ow],
  ];
  const base = { flops, splittable: false };
  return [
    {
      ...{ ...base, name: `${name} forward`, inputs: [x, w, [o]], outputs: [y] },
      kernel: (how) => conv2dForward({ shape, bias: true, ...how }),
    },
    {
      ...{ ...base, name: `${name} input gradient`, inputs: [y, w], outputs: [x] },
      kernel: (how) => conv2dInputGrad({ shape, ...how }),
    },
    {
      ...{ ...base, name: `${name} weight gradient`, splittable: true, inputs: [y, x], outputs: [w, [o]] },
      kernel: (how) => conv2dWeightGrad({ shape, bias: true, ...how }),
    },
  ];
}

function product(m: number, n: number, k: number, turned: Pick<MatmulSpec, 'transA' | 'transB'> = {}): Product {
  const { transA, transB } = turned;
  return {
    name: `matmul ${m}×${n}×${k}${transA ? ' transA' : ''}${transB ? ' transB' : ''}`,
    flops: 2 * m * n * k,
    splittable: m * n <= 65536 && k >= 64,
    inputs: [transA ? [k, m] : [m, k], transB ? [n, k] : [k, n]],
    outputs: [[m, n]],
    kernel: (how) => matmul({ m, n, k, ...turned, ...how }),
  };
}

export const PRODUCTS: readonly Product[] = [
  ...convolution({ name: 'study 1', n: 64, c: 3, size: 32, o: 32, k: 3 }),
  ...convolution({ name: 'study 2', n: 64, c: 32, size: 15, o: 64, k: 3 }),
  ...convolution({ name: 'study 3', n: 64, c: 64, size: 6, o: 64, k: 3 }),
  product(64, 64, 1024, { transB: true }),
  product(64, 1024, 64),
  product(64, 1024, 64, { transA: true }),
  product(512, 512, 512),
  product(1024, 1024, 1024),
  product(4096, 4096, 4096),
  ...convolution({ name: 'resnet 16', n: 32, c: 16, size: 32, o: 16, k: 3, pad: 1 }),
  ...convolution({ name: 'resnet 64', n: 32, c: 64, size: 32, o: 64, k: 3, pad: 1 }),
  ...convolution({ name: 'resnet 128', n: 32, c: 128, size: 28, o: 128, k: 3, pad: 1 }),
  ...convolution({ name: 'resnet 128, stride 2', n: 32, c: 64, size: 28, o: 128, k: 3, stride: 2, pad: 1 }),
  product(1024, 512, 128),
  product(1024, 128, 512, { transB: true }),
  product(512, 128, 1024, { transA: true }),
];
