/** matmul, linear, convolutions and attention against plain loops. */
import { matmul, type Tensor as T, tensor, zeros } from 'kindling';
import { conv1d, conv2d, convTranspose2d, linear, scaledDotProductAttention } from 'kindling/nn/functional';
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
  expect(() => matmul(zeros([2, 2, 3]), zeros([3, 3, 5]))).toThrow(
    'matmul: [2, 2, 3] and [3, 3, 5] do not multiply: shapes [2] and [3] do not broadcast',
  );
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

test.each([
  { stride: 1, padding: 0, dilation: 1, groups: 1 },
  { stride: 2, padding: 1, dilation: 1, groups: 2 },
  { stride: 1, padding: 2, dilation: 3, groups: 1 },
] as const)('conv1d %j', async ({ stride, padding, dilation, groups }) => {
  const length = Math.floor((11 + 2 * padding - 2 * dilation - 1) / stride) + 1;
  const theirs = (x: Plain, w: Plain, b: Plain): Plain =>
    build([2, 6, length], (n = 0, o = 0, i = 0) => {
      const first = Math.floor(o / (6 / groups)) * (4 / groups);
      const terms = sum((4 / groups) * 3, (t) => {
        const [c, k] = [Math.floor(t / 3), t % 3];
        const place = i * stride - padding + k * dilation;
        return place < 0 || place >= 11 ? 0 : get(x, n, first + c, place) * get(w, o, c, k);
      });
      return get(b, o) + terms;
    });
  const inputs = [values([2, 4, 11]), values([6, 4 / groups, 3]), values([6])];
  const options = { stride: [stride], padding, dilation, groups } as const;
  await agree((x, w, b) => conv1d(x, w, b, options), theirs, inputs);
});

test("conv1d of one signal, and padding 'same'", async () => {
  const [x, w] = [values([3, 7]), values([2, 3, 4])];
  // One zero before, two behind.
  const want = build([2, 7], (o = 0, i = 0) =>
    sum(12, (t) => {
      const [c, place] = [Math.floor(t / 4), i - 1 + (t % 4)];
      return place < 0 || place >= 7 ? 0 : get(x, c, place) * get(w, o, c, t % 4);
    }),
  );
  await close('same', conv1d(toTensor(x), toTensor(w), null, { padding: 'same' }), want);
  expect(() => conv1d(zeros([1, 3, 8]), zeros([4, 2, 3]))).toThrow('conv1d: input has 3 channels');
  expect(() => conv1d(zeros([3]), zeros([4, 2, 3]))).toThrow('conv1d: wants input [N, C, L] or [C, L]');
  expect(() => conv1d(zeros([1, 2, 8]), zeros([4, 2, 3]), null, { padding: 'same', stride: 2 })).toThrow(
    "conv1d: padding 'same' wants stride 1",
  );
});

const TURNED = { stride: [1, 1], padding: [0, 0], outputPadding: [0, 0], dilation: [1, 1], groups: 1 } as const;

test.each([
  TURNED,
  { ...TURNED, stride: [2, 3], padding: [1, 0], outputPadding: [1, 2] },
  { ...TURNED, stride: [2, 1], dilation: [1, 2], groups: 2 },
  // More rows at the end than a stride.
  { ...TURNED, dilation: [3, 2], padding: [2, 1], outputPadding: [2, 1] },
] as const)('convTranspose2d %j', async (options) => {
  const { stride: s, padding: p, outputPadding: more, dilation: d, groups } = options;
  const [h, w] = [3 * s[0] - 2 * p[0] + 2 * d[0] + more[0] + 1, 2 * s[1] - 2 * p[1] + d[1] + more[1] + 1];
  const [inputs, outputs] = [4 / groups, 6 / groups];
  const theirs = (x: Plain, weight: Plain, b: Plain): Plain => {
    const y = build([2, 6, h, w], (_, o = 0) => get(b, o));
    const data = [...y.data];
    build([2, 4, 4, 3, outputs, 3, 2], (n = 0, c = 0, i = 0, j = 0, o = 0, ky = 0, kx = 0) => {
      const [row, column] = [i * s[0] - p[0] + ky * d[0], j * s[1] - p[1] + kx * d[1]];
      if (row < 0 || row >= h || column < 0 || column >= w) return 0;
      const place = ((n * 6 + Math.floor(c / inputs) * outputs + o) * h + row) * w + column;
      data[place] = at(data, place) + get(x, n, c, i, j) * get(weight, c, o, ky, kx);
      return 0;
    });
    return { ...y, data };
  };
  const given = [values([2, 4, 4, 3]), values([4, outputs, 3, 2]), values([6])];
  await agree((x, weight, b) => convTranspose2d(x, weight, b, options), theirs, given);
});

test('convTranspose2d of one image, of none, and of shapes that do not fit', async () => {
  const y = convTranspose2d(tensor([[[1, 2]]]), tensor([[[[1, 10]]]]), tensor([100]), { stride: 2 });
  expect(await y.array()).toEqual([[[101, 110, 102, 120]]]);
  expect(convTranspose2d(zeros([0, 2, 4, 4]), zeros([2, 3, 3, 3])).shape).toEqual([0, 3, 6, 6]);
  expect(() => convTranspose2d(zeros([1, 3, 8, 8]), zeros([4, 2, 3, 3]))).toThrow(
    'convTranspose2d: input has 3 channels, weight [4, 2, 3, 3] wants 4',
  );
  expect(() => convTranspose2d(zeros([1, 4, 8, 8]), zeros([4, 2, 3, 3]), zeros([2]), { groups: 2 })).toThrow(
    'wants bias [4], got [2]',
  );
  expect(() => convTranspose2d(zeros([1, 4, 8, 8]), zeros([4, 2, 3, 3]), null, { outputPadding: 1 })).toThrow(
    'convTranspose2d: outputPadding [1, 1] is whole and less than stride or dilation',
  );
  expect(() => convTranspose2d(zeros([1, 1, 1, 1]), zeros([1, 1, 2, 2]), null, { padding: 1 })).toThrow(
    'make an output of 0 by 0',
  );
});

/** softmax(scale · q kᵀ + mask) v for q, k, v of [2, 3, L or S, 4]. */
function attention(q: Plain, k: Plain, v: Plain, scale: number, mask: (i: number, j: number) => number): Plain {
  const keys = at(k.shape, 2);
  return build(q.shape, (n = 0, head = 0, i = 0, e = 0) => {
    const powers = Array.from({ length: keys }, (_, j) =>
      Math.exp(scale * sum(4, (c) => get(q, n, head, i, c) * get(k, n, head, j, c)) + mask(i, j)),
    );
    return sum(keys, (j) => at(powers, j) * get(v, n, head, j, e)) / sum(keys, (j) => at(powers, j));
  });
}

test('scaledDotProductAttention: plain, causal, with masks, with a scale', async () => {
  const inputs = [values([2, 3, 5, 4]), values([2, 3, 6, 4]), values([2, 3, 6, 4])];
  const hidden = (seen: boolean): number => (seen ? 0 : Number.NEGATIVE_INFINITY);
  const sees = (i: number, j: number): boolean => (i + j) % 3 !== 1;
  const allowed = tensor(Array.from({ length: 5 }, (_, i) => Array.from({ length: 6 }, (_, j) => sees(i, j))));
  const added = values([5, 6]);
  const cases = [
    [{}, 0.5, () => 0],
    [{ isCausal: true }, 0.5, (i: number, j: number) => hidden(j <= i)],
    [{ attnMask: allowed }, 0.5, (i: number, j: number) => hidden(sees(i, j))],
    [{ attnMask: toTensor(added), scale: 2 }, 2, (i: number, j: number) => get(added, i, j)],
  ] as const;
  for (const [options, scale, mask] of cases) {
    await agree(
      (q, k, v) => scaledDotProductAttention(q, k, v, options),
      (q, k, v) => attention(q, k, v, scale, mask),
      inputs,
      { rtol: 1e-4, atol: 1e-5 },
    );
  }
});

test('scaledDotProductAttention gives 0 to a query that sees no key, drops out weights, and refuses what does not fit', async () => {
  const attend = (
    given: object,
    shapes = [
      [2, 1],
      [2, 1],
      [2, 1],
    ],
  ) => scaledDotProductAttention(...(shapes.map((shape) => zeros(shape).add(1)) as [T, T, T]), given);
  expect(await attend({ attnMask: tensor([[true], [false]]) }).array()).toEqual([[1], [0]]);
  expect(await attend({ dropoutP: 1 }).array()).toEqual([[0], [0]]);
  const name = 'scaledDotProductAttention: ';
  const mask = tensor([[true, true]]);
  expect(() => attend({ isCausal: true, attnMask: mask })).toThrow(`${name}attnMask and isCausal exclude each other`);
  expect(() => attend({ attnMask: zeros([2, 2], { dtype: 'i32' }) })).toThrow(`${name}attnMask is bool or f32`);
  expect(() =>
    attend({}, [
      [2, 3],
      [2, 4],
      [2, 4],
    ]),
  ).toThrow(`${name}wants query [..., L, E]`);
  expect(() =>
    attend({}, [
      [2, 3],
      [2, 3],
      [4, 3],
    ]),
  ).toThrow(`${name}there are not as many keys as values`);
});
