/** matmul, linear and conv2d against plain loops. */
import { matmul, tensor, zeros } from 'kindling';
import { conv2d, linear } from 'kindling/nn/functional';
import { expect, test } from 'vitest';
import { agree, at, build, close, get, type Plain, plain, toTensor, values } from '../support/agree.js';
import { CONVOLUTIONS, convolution, operands, product, shapeOf, sum } from '../support/products.js';

test.each([
  [
    [1, 1],
    [1, 1],
  ],
  [
    [5, 7],
    [7, 3],
  ],
  [
    [9, 33],
    [33, 6],
  ],
  [
    [1, 520],
    [520, 1],
  ],
  [
    [2, 3, 5],
    [5, 4],
  ],
  [
    [2, 1, 3, 4],
    [3, 4, 2],
  ],
  [
    [3, 4],
    [2, 4, 5],
  ],
] as const)('matmul of %j and %j', async (a, b) => {
  await agree(matmul, product, [values(a), values(b)]);
});

test('matmul of vectors', async () => {
  const v = tensor([1, 2, 3], { requiresGrad: true });
  const m = tensor(
    [
      [1, 0, 2],
      [0, 1, 1],
    ],
    { requiresGrad: true },
  );
  expect(await matmul(v, v).item()).toBe(14);
  expect(await matmul(m, v).array()).toEqual([7, 5]);
  const y = matmul(tensor([1, 10]), m);
  expect(await y.array()).toEqual([1, 10, 12]);
  y.backward(tensor([1, 2, 3]));
  expect(await m.grad?.array()).toEqual([
    [1, 2, 3],
    [10, 20, 30],
  ]);
});

test('products without elements', async () => {
  expect(matmul(zeros([0, 3]), zeros([3, 2])).shape).toEqual([0, 2]);
  expect(await matmul(zeros([2, 0]), zeros([0, 2])).array()).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(await linear(zeros([2, 0]), zeros([3, 0]), tensor([1, 2, 3])).array()).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
  expect(conv2d(zeros([0, 2, 4, 4]), zeros([3, 2, 3, 3])).shape).toEqual([0, 3, 2, 2]);
});

test('products that do not fit name the shapes', () => {
  expect(() => matmul(zeros([2, 3]), zeros([4, 5]))).toThrow(
    'matmul: [2, 3] and [4, 5] do not multiply: 3 columns against 4 rows',
  );
  expect(() => matmul(zeros([2, 2, 3]), zeros([3, 3, 5]))).toThrow('batches do not broadcast');
  expect(() => matmul(zeros([]), zeros([3]))).toThrow('use mul');
  expect(() => matmul(zeros([2, 2], { dtype: 'i32' }), zeros([2, 2]))).toThrow('matmul: wants f32 tensors, got i32');
  expect(() => linear(zeros([2, 3]), zeros([5, 4]))).toThrow(
    'linear: input [2, 3] has 3 features, weight [5, 4] wants 4',
  );
  expect(() => linear(zeros([2, 4]), zeros([5, 4]), zeros([4]))).toThrow(
    'linear: weight [5, 4] wants bias [5], got [4]',
  );
  expect(() => conv2d(zeros([1, 3, 8, 8]), zeros([64, 32, 3, 3]))).toThrow(
    'conv2d: input has 3 channels, weight [64, 32, 3, 3] wants 32',
  );
  expect(() => conv2d(zeros([1, 4, 8, 8]), zeros([6, 4, 3, 3]), null, { groups: 4 })).toThrow('4 groups do not divide');
  expect(() => conv2d(zeros([1, 1, 2, 8]), zeros([1, 1, 3, 3]))).toThrow('does not fit [1, 1, 2, 8]');
  expect(() => conv2d(zeros([1, 1, 8, 8]), zeros([1, 1, 3, 3]), zeros([2]))).toThrow('wants bias [1], got [2]');
  expect(() => conv2d(zeros([1, 1, 8, 8]), zeros([1, 1, 3, 3]), null, { stride: 0 })).toThrow('stride');
});

test.each([[[4, 7]], [[2, 3, 7]], [[7]]] as const)('linear of %j', async (shape) => {
  const theirs = (x: Plain, w: Plain, b: Plain): Plain =>
    build([...shape.slice(0, -1), 5], (...c) => {
      const j = at(c, c.length - 1);
      return get(b, j) + sum(7, (k) => get(x, ...c.slice(0, -1), k) * get(w, j, k));
    });
  await agree((x, w, b) => linear(x, w, b), theirs, [values(shape), values([5, 7]), values([5])]);
});

test.each(CONVOLUTIONS.map((s) => [s]))('conv2d %j', async (s) => {
  const options = {
    stride: [s.strideH, s.strideW],
    padding: [s.padH, s.padW],
    dilation: [s.dilationH, s.dilationW],
    groups: s.groups,
  } as const;
  const inputs = operands(s);
  await agree(
    (x, w, b) => conv2d(x, w, b, options),
    (x, w, b) => convolution(s, x, w, b),
    inputs,
  );
  const none = plain([s.o], new Array(s.o).fill(0));
  const unbiased = (x: Plain, w: Plain): Plain => convolution(s, x, w, none);
  await agree((x, w) => conv2d(x, w, null, options), unbiased, inputs.slice(0, 2));
});

test("conv2d of one image, and padding 'same' and 'valid'", async () => {
  const [x, w, b] = operands(shapeOf({ c: 2, o: 3, kh: 2 }));
  const own = conv2d(toTensor({ ...x, shape: x.shape.slice(1) }), toTensor(w), toTensor(b), { padding: 'valid' });
  await close('one image', own, { ...convolution(shapeOf({ c: 2, o: 3, kh: 2 }), x, w, b), shape: [3, 4, 4] });
  // One row more below than above.
  const padded = build([1, 2, 6, 6], (_, c = 0, i = 0, j = 0) => (i < 5 ? get(x, 0, c, i, j) : 0));
  const wanted = convolution(shapeOf({ c: 2, o: 3, kh: 2, h: 6, padW: 1 }), padded, w, b);
  await close('same', conv2d(toTensor(x), toTensor(w), toTensor(b), { padding: 'same' }), wanted);
  expect(() => conv2d(toTensor(x), toTensor(w), null, { padding: 'same', stride: 2 })).toThrow('wants stride 1');
});
