/** What options compute, against PyTorch: `test/fixtures/option_cases.py`. */
import { capture, ones, step, sum, type Tensor, tensor } from 'kindling';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { Adam } from 'kindling/optim';
import { expect, test } from 'vitest';
import { loadJson } from '../support/fixtures.js';

interface Case {
  readonly shape: readonly number[];
  readonly outputShape: readonly number[];
  readonly y: readonly number[];
  readonly dx: readonly number[];
}

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const waves = (shape: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: count(shape) }, (_, i) => Math.sin(i + 1)),
    { shape },
  );

type Call = (x: Tensor) => Tensor;

const pools: Record<string, Call> = Object.fromEntries(
  ['1x2x5x5', '2x6x7'].flatMap((size) => {
    const ceilMode = true;
    const calls: Record<string, Call> = {
      'max 2 ceil': (x) => F.maxPool2d(x, { kernelSize: 2, ceilMode }),
      'max 1 stride 2 ceil': (x) => F.maxPool2d(x, { kernelSize: 1, stride: 2, ceilMode }),
      'max 3 stride 2 padding 1 ceil': (x) => F.maxPool2d(x, { kernelSize: 3, stride: 2, padding: 1, ceilMode }),
      'max 2 stride 3 dilation 2 padding 1 ceil': (x) =>
        F.maxPool2d(x, { kernelSize: 2, stride: 3, dilation: 2, padding: 1, ceilMode }),
      'max 2 padding 1 ceil': (x) => new nn.MaxPool2d(2, { padding: 1, ceilMode }).forward(x),
      'avg 2 ceil': (x) => F.avgPool2d(x, { kernelSize: 2, ceilMode }),
      'avg 3 stride 2 padding 1 ceil': (x) => F.avgPool2d(x, { kernelSize: 3, stride: 2, padding: 1, ceilMode }),
      'avg 2 padding 1 ceil without': (x) =>
        new nn.AvgPool2d(2, { padding: 1, ceilMode, countIncludePad: false }).forward(x),
      'avg [2, 3] stride [3, 2] padding [1, 0] ceil': (x) =>
        F.avgPool2d(x, { kernelSize: [2, 3], stride: [3, 2], padding: [1, 0], ceilMode }),
      'avg 2 divisor 3 ceil': (x) => new nn.AvgPool2d(2, { ceilMode, divisorOverride: 3 }).forward(x),
    };
    return Object.entries(calls).map(([name, call]) => [`${name} ${size}`, call]);
  }),
);

const convolve = (x: Tensor, options: nn.Conv2dOptions): Tensor => {
  const conv = new nn.Conv2d(2, 1, 3, { bias: false, ...options });
  conv.weight.copy_(waves(conv.weight.shape));
  return conv.forward(x);
};

const padded: Record<string, Call> = Object.fromEntries(
  (['reflect', 'replicate', 'circular'] as const).flatMap((mode): [string, Call][] => [
    [`pad ${mode}`, (x) => F.pad(x, [1, 2, 2, 0], { mode })],
    [`conv ${mode}`, (x) => convolve(x, { paddingMode: mode, padding: [1, 2] })],
    [`conv same ${mode}`, (x) => convolve(x, { paddingMode: mode, padding: 'same', dilation: [1, 2] })],
  ]),
);

const resized: Record<string, Call> = Object.fromEntries(
  (['linear', 'bilinear', 'trilinear', 'bicubic'] as const).flatMap((mode) =>
    [false, true].flatMap((alignCorners) =>
      [0.7, 2.3].map((scaleFactor): [string, Call] => [
        `${mode} ${scaleFactor} ${alignCorners ? 'True' : 'False'}`,
        (x) => new nn.Upsample({ scaleFactor, mode, alignCorners }).forward(x),
      ]),
    ),
  ),
);

const losses: Record<string, Call> = Object.fromEntries(
  (['mean', 'sum', 'none'] as const).flatMap((reduction) => {
    const weight = () => tensor([0.5, 2, 1]);
    const soft = () =>
      tensor([
        [0.2, 0.3, 0.5],
        [0.1, 0.8, 0.1],
      ]);
    const [classes, alone] = [() => tensor([2, 0], { dtype: 'i32' }), () => tensor(2, { dtype: 'i32' })];
    const smoothed = () => ({ weight: weight(), labelSmoothing: 0.2, reduction });
    const calls: Record<string, Call> = {
      'crossEntropy smoothed': (x) => F.crossEntropy(x, classes(), smoothed()),
      'crossEntropy soft': (x) => new nn.CrossEntropyLoss(smoothed()).forward(x, soft()),
      'crossEntropy alone': (x) => F.crossEntropy(x, alone(), smoothed()),
      'crossEntropy soft alone': (x) => F.crossEntropy(x, tensor([0.2, 0.3, 0.5]), { weight: weight(), reduction }),
      'nllLoss alone': (x) => F.nllLoss(x, alone(), { weight: weight(), reduction }),
    };
    return Object.entries(calls).map(([name, call]) => [`${name} ${reduction}`, call]);
  }),
);

const CALLS: Readonly<Record<string, Call>> = {
  ...pools,
  ...padded,
  ...resized,
  ...losses,
  'max1d 2 ceil': (x) => new nn.MaxPool1d(2, { ceilMode: true }).forward(x),
  'bilinear size': (x) => F.interpolate(x, { size: [5, 1], mode: 'bilinear', alignCorners: true }),
};

test('values and gradients', async () => {
  const cases = await loadJson<Record<string, Case>>('optionCases.json');
  expect(Object.keys(CALLS).sort()).toEqual(Object.keys(cases).sort());
  const found = step(() =>
    Object.entries(cases).map(([name, { shape, outputShape }]) => {
      const x = waves(shape).requiresGrad_();
      const y = (CALLS[name] as Call)(x);
      expect(y.shape, name).toEqual(outputShape);
      const slopes = Float32Array.from({ length: y.size }, (_, i) => Math.cos(i));
      sum(y.mul(tensor(slopes, { shape: y.shape }))).backward();
      return [y, x.grad] as const;
    }),
  );
  for (const [i, [name, { y, dx }]] of Object.entries(cases).entries()) {
    const [value, gradient] = found[i] ?? [];
    const wrong = (got: ArrayLike<number>, want: readonly number[]) =>
      want.filter((number, k) => !(Math.abs((got[k] ?? Number.NaN) - number) <= 4e-6 * (1 + Math.abs(number))));
    expect(wrong((await value?.data()) ?? [], y), `${name}: values`).toEqual([]);
    expect(wrong((await gradient?.data()) ?? [], dx), `${name}: gradients`).toEqual([]);
  }
});

test('what there is not is refused', () => {
  const image = () => ones([1, 2, 3, 3]);
  expect(() => F.avgPool2d(image(), { kernelSize: 2, divisorOverride: 0 })).toThrow('divisorOverride is 0');
  expect(() => F.pad(image(), [3, 0], { mode: 'reflect' })).toThrow("mode 'reflect' adds at most 2 elements");
  expect(() => F.pad(image(), [0, 4], { mode: 'circular' })).toThrow("mode 'circular' adds at most 3 elements");
  expect(() => F.pad(image(), [1, 1], { mode: 'reflect', value: 1 })).toThrow("mode 'reflect' takes no value");
  expect(() => F.interpolate(image(), { scaleFactor: 2, mode: 'linear' })).toThrow("mode 'linear' is of 1 spatial");
  expect(() => F.interpolate(image(), { scaleFactor: 2, alignCorners: true })).toThrow('takes no alignCorners');
  const [logits, soft] = [ones([1, 3]), tensor([[0.2, 0.3, 0.5]])];
  expect(() => F.crossEntropy(logits, soft, { ignoreIndex: 1 })).toThrow('the targets are probabilities');
  expect(() => F.conv2d(image(), ones([1, 2, 3, 3]), { padding: 1 } as never)).toThrow(
    'bias is a tensor or null, and options come after it: conv2d(x, weight, null, { … })',
  );
  expect(() => new nn.Conv2d(2, 2, 3, { padding: 'same', stride: 2 })).toThrow("padding 'same' wants stride 1");
});

test('a convolution, ReLU and a pooling that rounds up', async () => {
  const conv = new nn.Conv2d(1, 1, 1, { bias: false });
  conv.weight.copy_(ones([1, 1, 1, 1]));
  const y = F.maxPool2d(conv.forward(ones([1, 1, 3, 3])).relu(), { kernelSize: 2, ceilMode: true });
  expect(await y.array()).toEqual([
    [
      [
        [1, 1],
        [1, 1],
      ],
    ],
  ]);
});

test('running statistics that weigh all batches alike', async () => {
  const norm = new nn.BatchNorm1d(1, { momentum: null });
  const train = capture((x: Tensor) => norm.forward(x));
  for (const [a, b] of [
    [1, 3],
    [5, 9],
    [2, 2],
    [0, 8],
  ] as const)
    train(tensor([[a], [b]]));
  // Means 2, 7, 2, 4; unbiased variances 2, 8, 0, 32.
  expect(await norm.runningMean?.item()).toBeCloseTo(3.75, 5);
  expect(await norm.runningVar?.item()).toBeCloseTo(10.5, 5);
  expect(await norm.numBatchesTracked?.item()).toBe(4);
  expect(String(norm)).toContain('momentum=None');
  norm.eval();
  expect(await norm.forward(tensor([[3.75]])).item()).toBeCloseTo(0, 5);
});

test('a layer normalisation without bias', async () => {
  const norm = new nn.LayerNorm(2, { bias: false });
  expect(Object.keys(norm.stateDict())).toEqual(['weight']);
  expect(await norm.forward(tensor([1, 3])).array()).toEqual([expect.closeTo(-1, 4), expect.closeTo(1, 4)]);
});

test('options behind a window that stands alone are taken, and lists of two are two', () => {
  const x = ones([1, 1, 4, 4]);
  expect(F.maxPool2d(x, 2, { stride: 1 }).shape).toEqual([1, 1, 3, 3]);
  expect(F.avgPool2d(x, 2, { stride: 1 }).shape).toEqual([1, 1, 3, 3]);
  expect(() => F.maxPool2d(x, 3, 2 as never)).toThrow('maxPool2d: wants an object of options');
  expect(() => F.maxPool2d(x, { kernelSize: 2 }, { stride: 1 })).toThrow('options are given twice');
  const p = new nn.Parameter(ones([1]));
  expect(() => new Adam([p], { betas: [0.9] as never })).toThrow('betas are two numbers');
  expect(() => nn.init.normal(p, { std: 0.02 } as never)).toThrow('init.normal: mean an object');
  expect(() => nn.init.uniform(p, 2, 1)).toThrow('init.uniform: no numbers in [2, 1)');
});
