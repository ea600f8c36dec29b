/**
 * A launch too long for one row of workgroups is folded into several. Here every launch of more than one workgroup is
 * folded in two, with a workgroup to spare where their number is odd, so that small tensors get there: the bits stay.
 */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { Adam, clipGradNorm, RMSprop, SGD } from 'kindling/optim';
import { expect, test } from 'vitest';
import { gemmVariant } from '../../src/choose/variant.js';
import { ImageDataset } from '../../src/data/dataset.js';
import { DataLoader } from '../../src/data/loader.js';
import { device } from '../../src/gpu/device.js';
import { fewChannelsInputGrad } from '../../src/kernels/conv2d/fewChannels.js';
import { winogradForward, winogradInputGrad, winogradWeightGrad } from '../../src/kernels/conv2d/winograd.js';
import { GPU_REDUCE, SUM } from '../../src/kernels/reduce.js';
import { reduce } from '../../src/ops/broadcast.js';
import { launchWinograd, launchWinogradWeightGrad } from '../../src/ops/winograd.js';
import { launch } from '../../src/tensor/launch.js';
import { shapeOf } from '../support/products.js';

/** Folds what `run` launches; also the number of launches that were. */
async function folded<Result>(run: () => Promise<Result>): Promise<{ result: Result; launches: number }> {
  const gpu = device();
  // Somebody else may have wrapped it before: mutations do.
  const before = Reflect.getOwnPropertyDescriptor(gpu, 'createCommandEncoder');
  const create = gpu.createCommandEncoder.bind(gpu);
  let launches = 0;
  const fold = (pass: GPUComputePassEncoder): void => {
    const dispatch = pass.dispatchWorkgroups.bind(pass);
    pass.dispatchWorkgroups = (x, y = 1, z = 1) => {
      if (x === 1 || y > 1) return dispatch(x, y, z);
      launches++;
      return dispatch(Math.ceil(x / 2), 2, z);
    };
  };
  gpu.createCommandEncoder = (descriptor) => {
    const encoder = create(descriptor);
    const begin = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (options) => {
      const pass = begin(options);
      fold(pass);
      return pass;
    };
    return encoder;
  };
  try {
    return { result: await run(), launches };
  } finally {
    if (before) Object.defineProperty(gpu, 'createCommandEncoder', before);
    else Reflect.deleteProperty(gpu, 'createCommandEncoder');
  }
}

const randn = (...shape: number[]): k.Tensor => k.randn(shape, { requiresGrad: true });

/** A function's value and its gradients by all inputs that have one. */
function all(f: (...inputs: k.Tensor[]) => k.Tensor, ...inputs: k.Tensor[]): k.Tensor[] {
  const y = f(...inputs);
  y.backward(k.randnLike(y));
  return [y, ...inputs.flatMap(({ grad }) => grad ?? [])];
}

const winogradShape = shapeOf({ n: 5, c: 6, o: 7, h: 14, w: 15, padH: 1, padW: 1 });
const fewShape = shapeOf({ n: 4, c: 3, o: 5, h: 9, w: 11, padH: 1, padW: 1 });

const CASES: readonly (readonly [string, () => k.Tensor[] | Promise<k.Tensor[]>])[] = [
  ['unary', () => [...all(k.tanh, randn(3000)), ...all(k.tanh, randn(3001))]],
  ['binary', () => [...all(k.div, randn(40, 1), randn(1, 75)), ...all(k.mul, randn(30, 101), randn(30, 101))]],
  ['copies', () => all((x) => k.cat([k.transpose(x, 0, 1), k.flip(k.transpose(x, 0, 1), 0)]), randn(50, 61))],
  ['parts', () => all((x) => k.add(k.narrow(x, 1, 2, 55), k.slice(x, 1, 5, 60)), randn(50, 61))],
  ['casts and where', () => all((x) => k.where(k.gt(x, 0), k.cast(k.cast(x, 'i32'), 'f32'), x), randn(3001))],
  ['tril and nanToNum', () => all((x) => k.nanToNum(k.log(k.tril(x))), randn(60, 61))],
  ['random numbers', () => [k.randn([3001]), k.randint(0, 9, [3001]), k.bernoulli(k.rand([3001])), k.randperm(3001)]],
  ['dropout', () => [...all((x) => F.dropout(x), randn(3001)), ...all((x) => F.dropout2d(x), randn(50, 5, 9, 10))]],
  [
    'sums',
    () =>
      [
        [200, 7],
        [7, 200],
        [9, 20, 12],
        [5, 5000],
      ].flatMap((s) => all((x) => k.sum(x, { dim: 1 }), randn(...s))),
  ],
  ['sums by workgroups', () => [reduce(SUM, k.randn([5, 5000]), [1], [5], { variant: GPU_REDUCE })]],
  [
    'maxima',
    () =>
      [
        [200, 7],
        [4, 200, 60],
        [5, 5000],
      ].flatMap((s) => all((x) => k.amax(x, { dim: 1 }), randn(...s))),
  ],
  ['products', () => all((x) => k.prod(x, { dim: 1 }), randn(200, 7))],
  ['argmax', () => [k.argmax(k.randn([200, 9]), { dim: 1 }), k.argmax(k.randn([5, 5000]), { dim: 1 })]],
  [
    'cumsum',
    () =>
      [
        [200, 9],
        [3, 20_000],
      ].flatMap((s) => all((x) => k.cumsum(x, 1), randn(...s))),
  ],
  [
    'softmax',
    () =>
      [
        [200, 9],
        [3, 700],
      ].flatMap((s) => all((x) => k.softmax(x), randn(...s))),
  ],
  [
    'layerNorm',
    () =>
      [
        [200, 9],
        [3, 700],
      ].flatMap((s) =>
        all(
          (x, w, b) => F.layerNorm(x, s.slice(1), { weight: w, bias: b }),
          randn(...s),
          randn(...s.slice(1)),
          randn(...s.slice(1)),
        ),
      ),
  ],
  [
    'batchNorm',
    () =>
      [
        [40, 200],
        [20, 3, 6, 7],
      ].flatMap((s) =>
        all(
          (x, w, b) => F.batchNorm(x, { weight: w, bias: b, training: true }),
          randn(...s),
          randn(s[1] ?? 0),
          randn(s[1] ?? 0),
        ),
      ),
  ],
  ['crossEntropy', () => all((x) => F.crossEntropy(x, k.randint(0, 10, [200])), randn(200, 10))],
  ['nllLoss', () => all((x) => F.nllLoss(x, k.randint(0, 5, [3, 60]), { reduction: 'none' }), randn(3, 5, 60))],
  [
    'matmul',
    () => [
      ...all(k.matmul, randn(70, 33), randn(33, 65)),
      ...all(k.matmul, randn(3, 20, 9), randn(3, 9, 70)),
      ...all(k.matmul, randn(5, 2000), randn(2000, 130)),
    ],
  ],
  [
    'conv2d',
    () => all((x, w, b) => F.conv2d(x, w, b, { padding: 1 }), randn(4, 5, 12, 12), randn(40, 5, 3, 3), randn(40)),
  ],
  [
    'conv2d of few channels',
    () => [
      launch(
        fewChannelsInputGrad({ shape: fewShape, subgroups: false }),
        [k.randn([4, 5, 9, 11]), k.randn([5, 3, 3, 3])],
        [4, 3, 9, 11],
      ),
    ],
  ],
  [
    'conv2d by Winograd',
    () => {
      const [x, w, b, dy] = [k.randn([5, 6, 14, 15]), k.randn([7, 6, 3, 3]), k.randn([7]), k.randn([5, 7, 14, 15])];
      const spec = { shape: winogradShape, variant: gemmVariant() };
      return [
        launchWinograd(winogradForward({ ...spec, bias: true }), x, w, [b], dy.shape),
        launchWinograd(winogradInputGrad(spec), dy, w, [], x.shape),
        ...launchWinogradWeightGrad(winogradWeightGrad({ ...spec, bias: true }), dy, x, [w, b]),
      ];
    },
  ],
  [
    'pooling',
    () => [
      ...all((x) => F.maxPool2d(x, 2), randn(4, 5, 12, 12)),
      ...all((x) => F.maxPool2d(x, 3, { stride: 2, padding: 1 }), randn(4, 5, 13, 13)),
      ...all((x) => F.avgPool2d(x, 3, { stride: 2, padding: 1 }), randn(4, 5, 13, 13)),
    ],
  ],
  [
    'indexing',
    () => {
      const index = k.randint(0, 20, [30]);
      return [
        ...all((x) => k.indexSelect(x, 0, index), randn(20, 50)),
        ...all((x) => k.gather(x, 1, k.randint(0, 20, [30, 40])), randn(30, 20)),
        F.oneHot(index, 20),
      ];
    },
  ],
  [
    'optimizers',
    () =>
      [SGD, Adam, RMSprop].map((Made) => {
        const weight = randn(3001);
        weight.mul(weight).sum().backward();
        clipGradNorm([weight], 1);
        new Made([weight], { lr: 0.1 }).step();
        return weight;
      }),
  ],
  [
    'batches',
    async () => {
      const bytes = Uint8Array.from({ length: 7 * 3 * 32 * 32 }, (_, i) => (i * 31) % 251);
      const data = new ImageDataset(
        bytes,
        new Uint8Array(7).map((_, i) => i),
        [],
        'made',
        false,
        [3, 32, 32],
      );
      for await (const batch of new DataLoader(data, { batchSize: 7 })) return [...batch];
      return [];
    },
  ],
];

test.each(CASES)('%s', async (_, run) => {
  const bits = async (): Promise<Uint32Array[]> => {
    k.manualSeed(1);
    const made = await run();
    return Promise.all(made.map(async (tensor) => new Uint32Array(new Float64Array(await tensor.data()).buffer)));
  };
  const plain = await bits();
  const { result, launches } = await folded(bits);
  expect(launches).toBeGreaterThan(0);
  expect(result.length).toBe(plain.length);
  for (const [i, one] of plain.entries()) expect(result[i], `result ${i}`).toEqual(one);
});
