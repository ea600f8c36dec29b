/** matmul, linear and conv2d against plain loops; then their kernels in each variant that this adapter can run. */
import { adapter, matmul, type Tensor, tensor, zeros } from 'kindling';
import { conv2d, linear } from 'kindling/nn/functional';
import { expect, test } from 'vitest';
import { conv2dForward } from '../../src/kernels/conv2d/forward.js';
import { conv2dInputGrad } from '../../src/kernels/conv2d/inputGrad.js';
import { type Conv2dShape, conv2dOutput } from '../../src/kernels/conv2d/shape.js';
import { conv2dWeightGrad } from '../../src/kernels/conv2d/weightGrad.js';
import type { GemmTile, GemmVariant } from '../../src/kernels/gemm/spec.js';
import type { Split } from '../../src/kernels/gemm/split.js';
import type { Kernel } from '../../src/kernels/kernel.js';
import { type MatmulSpec, matmul as matmulKernel, matmulShape } from '../../src/kernels/matmul.js';
import { launch, launchMany } from '../../src/tensor/launch.js';
import { agree, at, build, close, get, type Plain, plain, sizeOf, toTensor, values } from '../support/agree.js';

const sum = (count: number, term: (k: number) => number): number => {
  let total = 0;
  for (let k = 0; k < count; k++) total += term(k);
  return total;
};

/** torch.matmul of two arrays of two or more dimensions. */
function product(a: Plain, b: Plain): Plain {
  const rank = Math.max(a.shape.length, b.shape.length);
  const batch = Array.from({ length: rank - 2 }, (_, d) =>
    Math.max(a.shape[d - rank + a.shape.length] ?? 1, b.shape[d - rank + b.shape.length] ?? 1),
  );
  const [m, length, n] = [
    at(a.shape, a.shape.length - 2),
    at(a.shape, a.shape.length - 1),
    at(b.shape, b.shape.length - 1),
  ];
  return build([...batch, m, n], (...c) => {
    const [i, j, outer] = [at(c, rank - 2), at(c, rank - 1), c.slice(0, -2)];
    return sum(length, (k) => get(a, ...outer, i, k) * get(b, ...outer, k, j));
  });
}

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

const shapeOf = (given: Partial<Conv2dShape>): Conv2dShape => ({
  ...{ n: 1, c: 1, h: 5, w: 6, o: 1, kh: 3, kw: 3, strideH: 1, strideW: 1, padH: 0, padW: 0 },
  ...{ dilationH: 1, dilationW: 1, groups: 1 },
  ...given,
});

/** Calls `pair` with the places in y, weight and x of every product that the formula adds up. */
function everyProduct(s: Conv2dShape, pair: (y: number, weight: number, x: number) => void): void {
  const { oh, ow } = conv2dOutput(s);
  const cg = s.c / s.groups;
  for (let place = 0; place < s.n * s.o * oh * ow; place++) {
    const [j, i] = [place % ow, Math.floor(place / ow) % oh];
    const [o, n] = [Math.floor(place / (ow * oh)) % s.o, Math.floor(place / (ow * oh * s.o))];
    for (let tap = 0; tap < cg * s.kh * s.kw; tap++) {
      const [kx, ky, c] = [tap % s.kw, Math.floor(tap / s.kw) % s.kh, Math.floor(tap / (s.kw * s.kh))];
      const y = i * s.strideH - s.padH + ky * s.dilationH;
      const x = j * s.strideW - s.padW + kx * s.dilationW;
      if (y < 0 || y >= s.h || x < 0 || x >= s.w) continue;
      const channel = Math.floor(o / (s.o / s.groups)) * cg + c;
      pair(place, o * cg * s.kh * s.kw + tap, ((n * s.c + channel) * s.h + y) * s.w + x);
    }
  }
}

function convolution(s: Conv2dShape, x: Plain, weight: Plain, bias: Plain): Plain {
  const { oh, ow } = conv2dOutput(s);
  const exact = build([s.n, s.o, oh, ow], (_, o = 0) => get(bias, o));
  const data = [...exact.data];
  everyProduct(s, (y, w, v) => {
    data[y] = at(data, y) + at(weight.data, w) * at(x.data, v);
  });
  return { ...exact, data };
}

const CONVOLUTIONS: readonly Conv2dShape[] = [
  shapeOf({ n: 2, c: 3, o: 4 }),
  shapeOf({ n: 2, c: 2, o: 3, kh: 2, kw: 1, strideH: 2, padW: 1 }),
  shapeOf({ c: 2, o: 2, strideW: 2, padH: 1, padW: 2, dilationH: 2, groups: 2 }),
  shapeOf({ c: 4, o: 6, h: 4, w: 4, kh: 2, kw: 2, strideH: 2, strideW: 3, padH: 1, padW: 1, dilationW: 2, groups: 2 }),
  shapeOf({ n: 3, c: 5, o: 2, h: 2, w: 3, kh: 1, kw: 1 }),
  // Taps that fall beside the image for every output, and images enough to be taken together.
  shapeOf({ c: 2, o: 2, h: 4, w: 2, kw: 5, padH: 2, padW: 2, strideH: 2 }),
  shapeOf({ n: 17, c: 2, o: 3, h: 5, w: 5, padH: 1, padW: 1, strideH: 2, strideW: 2 }),
  // Whole vec4 of weights.
  shapeOf({ n: 2, c: 4, o: 5, h: 6, w: 5, padH: 1 }),
];
const operands = (s: Conv2dShape): [Plain, Plain, Plain] => [
  values([s.n, s.c, s.h, s.w]),
  values([s.o, s.c / s.groups, s.kh, s.kw]),
  values([s.o]),
];

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

/** Small tiles compile fast and leave ragged edges; default ones run in the tests above. */
const VARIANTS: readonly { variant: GemmVariant; tile: GemmTile }[] = [
  { variant: 'registers', tile: { rows: 3, columns: 4, lanes: 4 } },
  { variant: 'subgroups', tile: { rows: 4, columns: 4, lanes: 4 } },
  { variant: 'workgroup', tile: { rows: 4, columns: 4, threads: [4, 4] } },
  { variant: 'workgroup', tile: { rows: 8, columns: 8, threads: [2, 4] } },
];
const canRun = (variant: GemmVariant): boolean => variant !== 'subgroups' || adapter().subgroupSize >= 4;

interface Sized {
  shape: readonly number[];
  dtype?: 'f32' | 'u32';
}

function run(made: Kernel | Split, factors: readonly Plain[], rest: readonly Plain[], outputs: readonly Sized[]) {
  const [read, others] = [factors.map(toTensor), rest.map(toTensor)];
  if (!('partial' in made)) return launchMany(made, [...read, ...others], outputs);
  return launchMany(made.reduce, [launch(made.partial, read, [made.partialSize]), ...others], outputs);
}

async function allClose(what: string, got: readonly Tensor[], want: readonly Plain[]): Promise<void> {
  expect(got.length).toBe(want.length);
  for (const [i, tensor] of got.entries()) {
    const exact = want[i];
    if (exact) await close(`output ${i} of ${what}`, tensor, exact, { atol: 1e-5 });
  }
}

const turned = (x: Plain, turn: boolean): Plain => {
  const [rows = 1, columns = 1] = x.shape;
  return turn ? build([columns, rows], (i = 0, j = 0) => get(x, j, i)) : x;
};
const PRODUCTS: readonly Omit<MatmulSpec, 'variant'>[] = [
  { m: 10, n: 41, k: 11, mask: true },
  { m: 17, n: 9, k: 10, transA: true },
  { m: 5, n: 35, k: 9, transB: true, bias: true, relu: true },
  { m: 6, n: 5, k: 7, transA: true, transB: true, rowSum: true },
  { m: 9, n: 7, k: 50, bias: true, relu: true, splits: 4 },
  { m: 9, n: 20, k: 72, transA: true, rowSum: true, mask: true, bias: true, splits: 3 },
  { m: 3, n: 18, k: 1, splits: 1 },
  // Whole vec4 of both factors, in every transposition.
  { m: 12, n: 36, k: 20, rowSum: true },
  { m: 12, n: 36, k: 20, transA: true, transB: true, rowSum: true, splits: 1 },
  { m: 20, n: 8, k: 36, transB: true, bias: true, splits: 2 },
  { m: 36, n: 12, k: 4, transA: true },
];

test.each(VARIANTS)('matmul kernels: $variant, $tile', async ({ variant, tile }) => {
  if (!canRun(variant)) return;
  for (const spec of PRODUCTS) {
    const [a, b, bias] = [values([spec.m, spec.k]), values([spec.k, spec.n]), values([spec.n])];
    const mask = values([spec.m, spec.n]);
    const made = matmulKernel({ ...spec, variant, tile });
    const factors = [turned(a, spec.transA ?? false), turned(b, spec.transB ?? false)];
    const exact = product(a, b);
    const finished = exact.data.map((value, i) => {
      const sum = spec.bias ? value + at(bias.data, i % spec.n) : value;
      const positive = spec.relu ? Math.max(sum, 0) : sum;
      return spec.mask && at(mask.data, i) <= 0 ? 0 : positive;
    });
    const rowSums = build([spec.m], (i = 0) => sum(spec.k, (k) => get(a, i, k)));
    const wanted = [plain(exact.shape, finished), ...(spec.rowSum ? [rowSums] : [])];
    const rest = [...(spec.bias ? [bias] : []), ...(spec.mask ? [mask] : [])];
    await allClose(JSON.stringify(spec), run(made, factors, rest, wanted), wanted);
  }
});

test.each(VARIANTS)('matmul kernels: batches cut into parts: $variant, $tile', async (how) => {
  if (!canRun(how.variant)) return;
  const [a, b] = [values([2, 3, 40]), values([2, 40, 4])];
  const fitting = matmulShape(a.shape, b.shape);
  if (!fitting) throw new Error('the shapes fit');
  const wanted = [product(a, b)];
  await allClose('y', run(matmulKernel({ ...fitting.spec, ...how, splits: 3 }), [a, b], [], wanted), wanted);
});

const with0 = ({ shape, data }: Plain, keep: Plain): Plain =>
  plain(
    shape,
    data.map((value, i) => (at(keep.data, i) > 0 ? value : 0)),
  );

test.each(VARIANTS)('conv2d kernels: $variant, $tile', async (how) => {
  if (!canRun(how.variant)) return;
  for (const s of CONVOLUTIONS) {
    const [x, w, b] = operands(s);
    const exact = convolution(s, x, w, b);
    const name = JSON.stringify(s);
    const forward = conv2dForward({ shape: s, bias: true, relu: true, ...how });
    await allClose(name, run(forward, [x, w], [b], [exact]), [with0(exact, exact)]);
    const dy = values(exact.shape);
    const [dx, dw] = [x, w].map((like) => like.data.map(() => 0));
    if (!dx || !dw) throw new Error('two gradients');
    everyProduct(s, (y, tap, pixel) => {
      dx[pixel] = at(dx, pixel) + at(dy.data, y) * at(w.data, tap);
      dw[tap] = at(dw, tap) + at(dy.data, y) * at(x.data, pixel);
    });
    const channel = sizeOf(exact.shape.slice(2));
    const db = b.data.map((_, o) =>
      sum(dy.data.length, (y) => (Math.floor(y / channel) % s.o === o ? at(dy.data, y) : 0)),
    );
    for (const mask of [false, true]) {
      const gradient = conv2dInputGrad({ shape: s, mask, ...how });
      const wanted = plain(x.shape, dx);
      const got = run(gradient, [dy, w], mask ? [x] : [], [x]);
      await allClose(`dx of ${name}`, got, [mask ? with0(wanted, x) : wanted]);
    }
    const gradients = [plain(w.shape, dw), plain(b.shape, db)];
    for (const splits of [1, 3]) {
      const made = conv2dWeightGrad({ shape: s, bias: true, splits, ...how });
      await allClose(`${splits} parts of dw of ${name}`, run(made, [dy, x], [], gradients), gradients);
    }
  }
});

/** y and places of conv2d, relu and a pool of 2 × 2, from the value before the ReLU. */
function pooled(before: Plain, relu: boolean): [Plain, Plain] {
  const [n = 0, o = 0, oh = 0, ow = 0] = before.shape;
  const shape = [n, o, Math.floor(oh / 2), Math.floor(ow / 2)];
  const best = build(shape, (image = 0, channel = 0, i = 0, j = 0) => {
    const cells = [0, 1, 2, 3].map((q) => [2 * i + (q >> 1), 2 * j + (q & 1)] as const);
    const found = cells.map(([y, x]) => get(before, image, channel, y, x));
    const first = found.indexOf(Math.max(...found));
    const [y, x] = cells[first] ?? [0, 0];
    return y * ow + x;
  });
  const values = build(shape, (image = 0, channel = 0, i = 0, j = 0) => {
    const place = get(best, image, channel, i, j);
    return get(before, image, channel, Math.floor(place / ow), place % ow);
  });
  if (!relu) return [values, best];
  const places = best.data.map((place, i) => (at(values.data, i) > 0 ? place : 0xffffffff));
  return [with0(values, values), plain(shape, places)];
}

const POOLED: readonly Conv2dShape[] = [
  shapeOf({ n: 2, c: 3, o: 4, h: 9, w: 8 }),
  shapeOf({ n: 3, c: 2, o: 5, h: 4, w: 12, padH: 1, padW: 2, strideW: 2 }),
  shapeOf({ n: 2, c: 4, o: 6, h: 9, w: 7, groups: 2, dilationH: 2, padW: 1 }),
];

test.each(VARIANTS)('conv2d with ReLU and pool: $variant, $tile', async (how) => {
  if (!canRun(how.variant)) return;
  for (const s of POOLED) {
    const [x, w, b] = operands(s);
    for (const relu of [true, false]) {
      const wanted = pooled(convolution(s, x, w, b), relu);
      const [y, places] = wanted;
      const outputs = [{ shape: y.shape }, { shape: places.shape, dtype: 'u32' as const }];
      const made = conv2dForward({ shape: s, bias: true, relu, pool: true, ...how });
      await allClose(JSON.stringify(s), run(made, [x, w], [b], outputs), wanted);
    }
  }
});
