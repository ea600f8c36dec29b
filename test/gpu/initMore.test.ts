/** Initialisation that the host computes: distributions, right angles, zeros, PyTorch's kernels of `dirac_`, the seed. */
import { capture, manualSeed, matmul, ones, type Tensor, transpose, zeros } from 'kindling';
import * as nn from 'kindling/nn';
import { init } from 'kindling/nn';
import { expect, test } from 'vitest';
import { layerCases } from '../support/layerCases.js';

/** The distribution function of normal numbers, by Simpson's rule from 0. */
function below(z: number): number {
  const [steps, density] = [400, (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)];
  let sum = density(0) + density(z);
  for (let i = 1; i < steps; i++) sum += density((z * i) / steps) * (i % 2 === 1 ? 4 : 2);
  return 0.5 + (sum * z) / steps / 3;
}

test.each([
  [0, 1, -2, 2],
  [0, 0.02, -0.04, 0.01],
  [1, 2, 0.5, 1.5],
  [0, 1, 2, 6],
  [0, 1, 2, 2.3],
  [3, 1, -6, 0],
  [0, 1, -0.5, 5],
])('truncNormal with mean %d and std %d in [%d, %d] is distributed so', async (mean, std, a, b) => {
  manualSeed(1);
  const count = 20000;
  const values = [...(await init.truncNormal(zeros([100, 200]), mean, std, a, b).data())].sort((x, y) => x - y);
  expect(values[0]).toBeGreaterThanOrEqual(Math.fround(a));
  expect(values.at(-1)).toBeLessThanOrEqual(Math.fround(b));
  const [low, high] = [below((a - mean) / std), below((b - mean) / std)];
  // Kolmogorov's distance of so many is above 0.0137 once in a thousand times; the seed is fixed.
  for (const [i, value] of values.entries()) {
    const share = (below((value - mean) / std) - low) / (high - low);
    expect(Math.abs(share - (i + 0.5) / count)).toBeLessThan(0.0137);
  }
});

test('truncNormal goes far into a tail, and on without an end', async () => {
  const tail = await init.truncNormal(zeros([1000]), 0, 1, 10, 11).data();
  expect(tail.every((value) => value >= 10 && value <= 11)).toBe(true);
  const half = await init.truncNormal(zeros([1000]), 0, 1, 0, Number.POSITIVE_INFINITY).data();
  expect(half.every((value) => value >= 0 && value < 6)).toBe(true);
  expect(await init.truncNormal(zeros([2]), 0, 1, 1, 1).data()).toEqual(new Float32Array([1, 1]));
  expect(() => init.truncNormal(zeros([2]), 0, 0)).toThrow('init.truncNormal: mean 0 and std 0 are to be numbers');
  expect(() => init.truncNormal(zeros([2]), 0, 1, 2, 1)).toThrow('init.truncNormal: no numbers in [2, 1]');
});

test.each([
  [[5, 5], 1],
  [[40, 17], 2],
  [[6, 3, 2, 2], 0.5],
])('orthogonal %j has right angles', async (shape, gain) => {
  manualSeed(2);
  const x = init.orthogonal(zeros(shape), { gain });
  const [rows = 0] = shape;
  const matrix = x.reshape([rows, x.size / rows]);
  const wide = rows < x.size / rows;
  const product = await matmul(wide ? matrix : transpose(matrix, 0, 1), wide ? transpose(matrix, 0, 1) : matrix).data();
  const count = Math.sqrt(product.length);
  for (const [i, value] of product.entries()) {
    expect(value).toBeCloseTo(i % (count + 1) === 0 ? gain ** 2 : 0, 5);
  }
});

test('orthogonal matrices are uniform: an entry of one of 2 × 2 is the cosine of a uniform angle, and reflections are half', async () => {
  manualSeed(3);
  const found: ArrayLike<number>[] = [];
  for (let i = 0; i < 400; i++) found.push(await init.orthogonal(zeros([2, 2])).data());
  const mean = (of: (values: readonly number[]) => number): number =>
    found.reduce((sum, values) => sum + of(Array.from(values)), 0) / found.length;
  expect(Math.abs(mean(([a = 9]) => a))).toBeLessThan(0.15);
  expect(Math.abs(mean(([a = 9]) => a ** 2) - 0.5)).toBeLessThan(0.08);
  expect(Math.abs(mean(([a = 9, b = 9, c = 9, d = 9]) => a * d - b * c))).toBeLessThan(0.2);
});

test('sparse has zeros in each column, as many', async () => {
  manualSeed(4);
  const values = await init.sparse(ones([10, 300]), 0.25, 0.5).data();
  const rows = new Map<number, number>();
  for (let column = 0; column < 300; column++) {
    const zeros = Array.from({ length: 10 }, (_, row) => row).filter((row) => values[row * 300 + column] === 0);
    expect(zeros.length).toBe(3);
    for (const row of zeros) rows.set(row, (rows.get(row) ?? 0) + 1);
  }
  for (let row = 0; row < 10; row++) expect(Math.abs((rows.get(row) ?? 0) - 90)).toBeLessThan(45);
  const drawn = [...values].filter((value) => value !== 0);
  const std = Math.sqrt(drawn.reduce((sum, value) => sum + value ** 2, 0) / drawn.length);
  expect(Math.abs(std / 0.5 - 1)).toBeLessThan(0.08);
  expect(await init.sparse(ones([2, 2]), 1).data()).toEqual(new Float32Array(4));
  expect(() => init.sparse(ones([2]), 0.5)).toThrow('init.sparse: wants 2 dimensions, got [2]');
  expect(() => init.sparse(ones([2, 2]), 2)).toThrow('init.sparse: sparsity 2 is not from 0 to 1');
});

test("dirac has PyTorch's kernels, which pass channels on; eye is the identity", async () => {
  const { diracs } = await layerCases();
  for (const { shape, groups, ones: places } of diracs) {
    const want = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (const place of places) want[place.reduce((offset, k, d) => offset * (shape[d] ?? 0) + k, 0)] = 1;
    expect(await init.dirac(ones(shape), { groups }).data()).toEqual(want);
  }
  const conv = new nn.Conv2d(2, 2, 3, { padding: 1, bias: false });
  init.dirac(conv.weight);
  const x = ones([1, 2, 4, 4]);
  expect(await conv(x).data()).toEqual(await x.data());
  expect(() => init.dirac(ones([2, 2]))).toThrow('init.dirac: wants 3 to 5 dimensions, got [2, 2]');
  expect(() => init.dirac(ones([3, 2, 1]), { groups: 2 })).toThrow('2 groups do not divide the 3 output channels');
  expect(await init.eye(ones([2, 3])).array()).toEqual([
    [1, 0, 0],
    [0, 1, 0],
  ]);
  expect(() => init.eye(ones([2]))).toThrow('init.eye: wants 2 dimensions, got [2]');
});

test('all of it follows the seed, in place, also of parameters and of nothing', async () => {
  const fills: ((x: Tensor) => Tensor)[] = [
    (x) => init.truncNormal(x),
    (x) => init.orthogonal(x),
    (x) => init.sparse(x, 0.3),
  ];
  for (const fill of fills) {
    const parameter = new nn.Parameter(zeros([4, 5]));
    manualSeed(7);
    expect(fill(parameter)).toBe(parameter);
    const first = await parameter.data();
    expect(await fill(zeros([4, 5])).data()).not.toEqual(first);
    manualSeed(7);
    expect(await fill(zeros([4, 5])).data()).toEqual(first);
    expect(parameter.requiresGrad).toBe(true);
    expect(fill(zeros([0, 3])).shape).toEqual([0, 3]);
    const inCapture = capture(() => fill(zeros([2, 2])));
    inCapture(); // Only the second call is recorded.
    expect(() => inCapture()).toThrow('initialise outside');
    expect(() => fill(zeros([2, 2], { dtype: 'i32' }))).toThrow('only f32 tensors, this is i32');
  }
});
