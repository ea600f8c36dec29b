/**
 * Products with few rows or columns, and convolutions of few pixels, as GPUs compute them where `useFewRows` asks for it, against
 * plain loops in doubles; what is chosen is a GPU's with `KINDLING_ASSUME=gpu`.
 */
import { adapter, capture, matmul, type Tensor, transpose } from 'kindling';
import { useFewRows } from 'kindling/fewRows';
import * as F from 'kindling/nn/functional';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { matmulFew } from '../../src/kernels/fewRows.js';
import { matmulShape } from '../../src/ops/matmulShape.js';
import { watching } from '../../src/tensor/launch.js';
import { build, close, get, plain, toTensor, values } from '../support/agree.js';
import { allClose, checkParts, checkProduct, type Product, run } from '../support/productChecks.js';
import { CONVOLUTIONS, convolution, operands, product, shapeOf, sum } from '../support/products.js';

beforeEach(() => useFewRows());
afterEach(() => useFewRows(false));

const GPU = { variant: 'workgroup' } as const;
const TURNS = [false, true].flatMap((transA) => [false, true].map((transB) => ({ transA, transB })));

/** Few rows, and few columns; whole vec4 of both factors, of one, of neither; lanes enough to take one turn, and more. */
const SIZES: readonly (readonly [m: number, n: number, k: number])[] = [
  [1, 37, 51],
  [3, 20, 36],
  [8, 130, 33],
  [5, 9, 300],
  [70, 1, 64],
  [41, 7, 45],
  [132, 2, 20],
  [1, 1, 600],
];

test.each(SIZES)('%d × %d sums of %d, in every transposition', async (m, n, k) => {
  for (const turned of TURNS) await checkProduct({ m, n, k, ...turned, bias: turned.transB }, GPU, matmulFew);
});

test('what follows, biases and parts', async () => {
  const specs: readonly Product[] = [
    { m: 6, n: 29, k: 40, transB: true, bias: true, relu: true },
    { m: 2, n: 24, k: 40, bias: true, relu: true, mask: true },
    { m: 31, n: 3, k: 90, bias: true, mask: true, splits: 3 },
    { m: 2, n: 24, k: 90, transA: true, relu: true, bias: true, splits: 4 },
    { m: 1, n: 3, k: 1100, transB: true, bias: true, splits: 5 },
  ];
  for (const spec of specs) await checkProduct(spec, GPU, matmulFew);
});

test('batches, of which a factor has fewer', async () => {
  for (const [left, right] of [
    [
      [3, 2, 1, 40],
      [2, 40, 12],
    ],
    [
      [2, 30, 17],
      [3, 2, 17, 1],
    ],
    [
      [5, 1, 33],
      [5, 33, 20],
    ],
  ] as const) {
    const [a, b] = [values([...left]), values([...right])];
    const wanted = [product(a, b)];
    const { spec } = matmulShape(a.shape, b.shape);
    for (const splits of [1, 2]) {
      await allClose(`${left} × ${right}`, run(matmulFew({ ...spec, ...GPU, splits }), [a, b], [], wanted), wanted);
    }
  }
});

/** Strides, padding, groups, phases of different numbers of taps, a plain product: sums that end within a slice, and parts without any. */
test.each([1, 3, 7, 9, 10, 11])('parts of convolution %d', async (i) => {
  await checkParts(CONVOLUTIONS[i] ?? shapeOf({}), 3);
});

/** The launches of what `body` runs. */
function launched(body: () => unknown): string[] {
  const names: string[] = [];
  watching((kernel) => void names.push(kernel.name), body);
  return names;
}

test('on GPUs, until it is asked for no more', async () => {
  const x = toTensor(values([1, 64, 6, 6]));
  const weight = toTensor(values([64, 64, 3, 3]));
  const inParts = ['conv2d.forward.partial', 'conv2d.forward.reduce'];
  const few = (): string[] => launched(() => F.conv2d(x, weight));
  expect(few()).toEqual(adapter().isSoftware ? ['conv2d.forward'] : inParts);
  useFewRows(false);
  expect(few()).toEqual(['conv2d.forward']);
});

test.each([1, 3, 8])('a linear layer of %d rows, and its gradients', async (rows) => {
  const [x, w, b, g] = [values([rows, 70]), values([45, 70]), values([45]), values([rows, 45])];
  const [tx, tw, tb, tg] = [x, w, b, g].map(toTensor) as [Tensor, Tensor, Tensor, Tensor];
  const inputs = [tx, tw, tb].map((one) => one.requiresGrad_());
  const train = capture(() => {
    for (const one of inputs) one.grad = null;
    const y = F.linear(tx, tw, tb);
    y.backward(tg);
    return [y, ...inputs.map((one) => one.grad as Tensor)];
  });
  const wanted = [
    build([rows, 45], (i = 0, o = 0) => get(b, o) + sum(70, (k) => get(x, i, k) * get(w, o, k))),
    build([rows, 70], (i = 0, k = 0) => sum(45, (o) => get(g, i, o) * get(w, o, k))),
    build([45, 70], (o = 0, k = 0) => sum(rows, (i) => get(g, i, o) * get(x, i, k))),
    build([45], (o = 0) => sum(rows, (i) => get(g, i, o))),
  ];
  for (let turn = 0; turn < 3; turn++) await allClose('linear', train(), wanted);
});

test('one query attends: scores of keys, and their weights by values', async () => {
  const [q, keys, v] = [values([2, 3, 1, 20]), values([2, 3, 37, 20]), values([2, 3, 37, 20])];
  const turned = plain(
    [2, 3, 20, 37],
    build([2, 3, 20, 37], (n = 0, h = 0, d = 0, t = 0) => get(keys, n, h, t, d)).data,
  );
  const scores = product(q, turned);
  await allClose('scores', [matmul(toTensor(q), transpose(toTensor(keys), 2, 3))], [scores]);
  await allClose('values', [matmul(toTensor(scores), toTensor(v))], [product(scores, v)]);
});

test('one picture, with bias and ReLU', async () => {
  const s = shapeOf({ c: 72, o: 40, h: 7, w: 5, padH: 1, padW: 1 });
  const [x, w, b] = operands(s);
  const exact = convolution(s, x, w, b);
  const [tx, tw, tb] = [x, w, b].map(toTensor) as [Tensor, Tensor, Tensor];
  const rectified = plain(
    exact.shape,
    exact.data.map((value) => Math.max(value, 0)),
  );
  const run = capture(() => F.relu(F.conv2d(tx, tw, tb, { padding: 1 })));
  // Sums of 648 terms, of which many cancel.
  for (let turn = 0; turn < 3; turn++) await close('relu', run(), rectified, { atol: 2e-4 });
});
