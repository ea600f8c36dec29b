/** The kernels of matmul and conv2d, in each variant and tile that this adapter can run, against plain loops. */
import { adapter, type Tensor } from 'kindling';
import { expect, test } from 'vitest';
import { conv2dForward } from '../../src/kernels/conv2d/forward.js';
import { conv2dInputGrad } from '../../src/kernels/conv2d/inputGrad.js';
import type { Conv2dShape } from '../../src/kernels/conv2d/shape.js';
import { conv2dWeightGrad } from '../../src/kernels/conv2d/weightGrad.js';
import { type Candidate, candidates } from '../../src/kernels/gemm/candidates.js';
import type { GemmVariant } from '../../src/kernels/gemm/spec.js';
import type { Split } from '../../src/kernels/gemm/split.js';
import type { Kernel } from '../../src/kernels/kernel.js';
import { type MatmulSpec, matmul as matmulKernel, matmulShape } from '../../src/kernels/matmul.js';
import { launch, launchMany } from '../../src/tensor/launch.js';
import {
  at,
  build,
  close,
  gated,
  gates,
  get,
  type Plain,
  plain,
  sizeOf,
  spoilt,
  toTensor,
  values,
} from '../support/agree.js';
import { CONVOLUTIONS, convolution, everyProduct, operands, product, shapeOf, sum } from '../support/products.js';

/** A row for `test.each`: hosts name rows by their first value. */
const named = (how: Candidate): [string, Candidate] => {
  const { rows, columns, threads } = how.tile ?? { rows: 0, columns: 0 };
  return [`${how.variant}, ${rows} × ${columns}${threads ? ` by ${threads.join(' × ')} threads` : ''}`, how];
};

/** Small tiles compile fast and leave ragged edges; default ones run in the tests above. */
const VARIANTS = (
  [
    { variant: 'registers', tile: { rows: 3, columns: 4, lanes: 4 } },
    { variant: 'subgroups', tile: { rows: 4, columns: 4, lanes: 4 } },
    { variant: 'workgroup', tile: { rows: 4, columns: 4, threads: [4, 4] } },
    { variant: 'workgroup', tile: { rows: 8, columns: 4, threads: [2, 4], steps: 12 } },
  ] satisfies Candidate[]
).map(named);
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
  // Parts enough for several to be read at once, and some left over.
  { m: 3, n: 5, k: 37 * 16 - 7, splits: 37, rowSum: true, bias: true },
  // Whole vec4 of both factors, in every transposition.
  { m: 12, n: 36, k: 20, rowSum: true },
  { m: 12, n: 36, k: 20, transA: true, transB: true, rowSum: true, splits: 1 },
  { m: 20, n: 8, k: 36, transB: true, bias: true, splits: 2 },
  { m: 36, n: 12, k: 4, transA: true },
];

async function checkProduct(spec: Omit<MatmulSpec, 'variant'>, how: Candidate): Promise<void> {
  const [left, b, bias] = [values([spec.m, spec.k]), values([spec.k, spec.n]), values([spec.n])];
  const a = spec.relu ? spoilt(left) : left;
  const mask = gates([spec.m, spec.n]);
  const made = matmulKernel({ ...spec, ...how });
  const factors = [turned(a, spec.transA ?? false), turned(b, spec.transB ?? false)];
  const exact = product(a, b);
  const finished = exact.data.map((value, i) => {
    const sum = spec.bias ? value + at(bias.data, i % spec.n) : value;
    const positive = spec.relu ? Math.max(sum, 0) : sum;
    return spec.mask && at(mask.data, i) === 0 ? 0 : positive;
  });
  const rowSums = build([spec.m], (i = 0) => sum(spec.k, (k) => get(a, i, k)));
  const wanted = [plain(exact.shape, finished), ...(spec.rowSum ? [rowSums] : [])];
  const rest = [...(spec.bias ? [bias] : []), ...(spec.mask ? [mask] : [])];
  await allClose(JSON.stringify(spec), run(made, factors, rest, wanted), wanted);
}

test.each(VARIANTS)('matmul kernels: %s', async (_, how) => {
  if (!canRun(how.variant)) return;
  for (const spec of PRODUCTS) await checkProduct(spec, how);
});

test.each(VARIANTS)('matmul kernels: batches cut into parts: %s', async (_, how) => {
  if (!canRun(how.variant)) return;
  const [a, b] = [values([2, 3, 40]), values([2, 40, 4])];
  const fitting = matmulShape(a.shape, b.shape);
  if (!fitting) throw new Error('the shapes fit');
  const wanted = [product(a, b)];
  await allClose('y', run(matmulKernel({ ...fitting.spec, ...how, splits: 3 }), [a, b], [], wanted), wanted);
});

const rectified = ({ shape, data }: Plain): Plain =>
  plain(
    shape,
    data.map((value) => Math.max(value, 0)),
  );

async function checkConvolution(s: Conv2dShape, how: Candidate): Promise<void> {
  const [x, w, b] = operands(s);
  const exact = convolution(s, x, w, b);
  const name = JSON.stringify(s);
  const forward = conv2dForward({ shape: s, bias: true, relu: true, ...how });
  await allClose(name, run(forward, [x, w], [b], [exact]), [rectified(exact)]);
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
    const gate = gates(x.shape);
    const got = run(gradient, [dy, w], mask ? [gate] : [], [x]);
    await allClose(`dx of ${name}`, got, [mask ? gated(wanted, gate) : wanted]);
  }
  const gradients = [plain(w.shape, dw), plain(b.shape, db)];
  for (const splits of [1, 3]) {
    const made = conv2dWeightGrad({ shape: s, bias: true, splits, ...how });
    await allClose(`${splits} parts of dw of ${name}`, run(made, [dy, x], [], gradients), gradients);
  }
}

test.each(VARIANTS)('conv2d kernels: %s', async (_, how) => {
  if (!canRun(how.variant)) return;
  // On a software adapter each of the tall tiles compiles for a second or two: every third shape shows them.
  const shapes = how.tile?.rows === 8 ? CONVOLUTIONS.filter((_, i) => i % 3 === 0) : CONVOLUTIONS;
  for (const s of shapes) await checkConvolution(s, how);
});

/** y and places of conv2d, relu and a pool of 2 × 2, from the value before the ReLU. */
function pooled(before: Plain, relu: boolean): [Plain, Plain] {
  const [n = 0, o = 0, oh = 0, ow = 0] = before.shape;
  const shape = [n, o, Math.floor(oh / 2), Math.floor(ow / 2)];
  const best = build(shape, (image = 0, channel = 0, i = 0, j = 0) => {
    const cells = [0, 1, 2, 3].map((q) => [2 * i + (q >> 1), 2 * j + (q & 1)] as const);
    const found = cells.map(([y, x]) => get(before, image, channel, y, x));
    const largest = Math.max(...found);
    const first = Number.isNaN(largest) ? found.findLastIndex(Number.isNaN) : found.indexOf(largest);
    const [y, x] = cells[first] ?? [0, 0];
    return y * ow + x;
  });
  const values = build(shape, (image = 0, channel = 0, i = 0, j = 0) => {
    const place = get(best, image, channel, i, j);
    return get(before, image, channel, Math.floor(place / ow), place % ow);
  });
  if (!relu) return [values, best];
  const places = best.data.map((place, i) => (at(values.data, i) <= 0 ? 0xffffffff : place));
  return [rectified(values), plain(shape, places)];
}

const POOLED: readonly Conv2dShape[] = [
  shapeOf({ n: 2, c: 3, o: 4, h: 9, w: 8 }),
  shapeOf({ n: 3, c: 2, o: 5, h: 4, w: 12, padH: 1, padW: 2, strideW: 2 }),
  shapeOf({ n: 2, c: 4, o: 6, h: 9, w: 7, groups: 2, dilationH: 2, padW: 1 }),
];

async function checkPooled(s: Conv2dShape, relu: boolean, { variant, tile }: Candidate): Promise<void> {
  const [whole, w, b] = operands(s);
  const x = spoilt(whole);
  const wanted = pooled(convolution(s, x, w, b), relu);
  const [y, places] = wanted;
  const outputs = [{ shape: y.shape }, { shape: places.shape, dtype: 'u32' as const }];
  const made = conv2dForward({ shape: s, bias: true, relu, pool: true, variant, ...(tile && { tile }) });
  await allClose(JSON.stringify(s), run(made, [x, w], [b], outputs), wanted);
}

test.each(VARIANTS)('conv2d with ReLU and pool: %s', async (_, how) => {
  if (!canRun(how.variant)) return;
  for (const s of POOLED) for (const relu of [true, false]) await checkPooled(s, relu, how);
});

/** Every candidate that a tuner may choose, on any adapter. */
const CANDIDATES = [true, false].flatMap((software) =>
  [true, false].flatMap((subgroups) =>
    candidates(
      { batches: 1, rows: 512, columns: 512, outer: 1, inner: 512, splittable: false },
      { software, subgroups },
    ),
  ),
);
const each = [...new Map(CANDIDATES.map((how) => [JSON.stringify(how), how])).values()]
  .filter(({ tile }) => tile)
  .map(named);

test.each(each)('the candidate %s', { timeout: 300_000 }, async (_, how) => {
  if (!canRun(how.variant)) return;
  const ragged = shapeOf({ n: 3, c: 5, o: 7, h: 12, w: 9, padH: 1, strideW: 2 });
  await checkProduct({ m: 37, n: 75, k: 29, rowSum: true, mask: true, bias: true, splits: 1 }, how);
  await checkProduct({ m: 68, n: 132, k: 36, transA: true, rowSum: true, splits: 2 }, how);
  await checkConvolution(ragged, how);
  await checkPooled(ragged, true, how);
});
