/** The kernels of matmul and conv2d against plain loops: what the tests of variants and of candidates look at. */
import { adapter, type Tensor } from 'kindling';
import { autocast } from 'kindling/amp';
import { expect } from 'vitest';
import { conv2dForward } from '../../src/kernels/conv2d/forward.js';
import { forwardInParts, inputGradInParts } from '../../src/kernels/conv2d/inParts.js';
import { conv2dInputGrad } from '../../src/kernels/conv2d/inputGrad.js';
import type { Conv2dShape } from '../../src/kernels/conv2d/shape.js';
import { conv2dWeightGrad } from '../../src/kernels/conv2d/weightGrad.js';
import type { Candidate } from '../../src/kernels/gemm/candidates.js';
import type { GemmVariant } from '../../src/kernels/gemm/spec.js';
import type { Split } from '../../src/kernels/gemm/split.js';
import type { Kernel } from '../../src/kernels/kernel.js';
import { type MatmulSpec, matmul as matmulKernel } from '../../src/kernels/matmul.js';
import { launch, launchMany } from '../../src/tensor/launch.js';
import { at, build, close, gated, gates, get, type Plain, plain, sizeOf, spoilt, toTensor, values } from './agree.js';
import { halves } from './halves.js';
import { convolution, everyProduct, operands, product, sum } from './products.js';
import { withTail } from './tails.js';

/** A row for `test.each`: hosts name rows by their first value. */
export const named = (how: Candidate): [string, Candidate] => {
  const { rows, columns, threads } = how.tile ?? { rows: 0, columns: 0 };
  return [`${how.variant}, ${rows} × ${columns}${threads ? ` by ${threads.join(' × ')} threads` : ''}`, how];
};

export const canRun = (variant: GemmVariant): boolean => variant !== 'subgroups' || adapter().subgroupSize >= 4;

let inHalves = false;

/** Checks products over f16: values are such that it has them, and launches are autocast's. */
export async function overHalves(check: () => Promise<void>): Promise<void> {
  inHalves = true;
  try {
    await check();
  } finally {
    inHalves = false;
  }
}

const held = (x: Plain): Plain => (inHalves ? halves(x) : x);
const drawn = (shape: readonly number[]): Plain => held(values(shape));

interface Sized {
  shape: readonly number[];
  dtype?: 'f32' | 'u32';
}

export function run(
  made: Kernel | Split,
  factors: readonly Plain[],
  rest: readonly Plain[],
  outputs: readonly Sized[],
) {
  const [read, others] = [factors.map(toTensor), rest.map(toTensor)];
  const launched = (): Tensor[] => {
    if (!('partial' in made)) return launchMany(made, [...read, ...others], outputs);
    return launchMany(made.reduce, [launch(made.partial, read, [made.partialSize]), ...others], outputs);
  };
  return inHalves ? autocast(launched) : launched();
}

export async function allClose(what: string, got: readonly Tensor[], want: readonly Plain[]): Promise<void> {
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
/** A product, and what follows it in the same launch. */
export interface Product extends Omit<MatmulSpec, 'variant'> {
  relu?: boolean;
  mask?: boolean;
}

export async function checkProduct(given: Product, how: Candidate, make = matmulKernel): Promise<void> {
  const { relu = false, mask: masked = false, ...spec } = given;
  const [left, b, bias] = [drawn([spec.m, spec.k]), drawn([spec.k, spec.n]), drawn([spec.n])];
  const a = relu ? spoilt(left) : left;
  const mask = gates([spec.m, spec.n]);
  const tail = [...(relu ? ['relu' as const] : []), ...(masked ? ['mask' as const] : [])];
  const made = withTail(make({ ...spec, ...how }), spec.m * spec.n, ...tail);
  const factors = [turned(a, spec.transA ?? false), turned(b, spec.transB ?? false)];
  const exact = product(a, b);
  const finished = exact.data.map((value, i) => {
    const sum = spec.bias ? value + at(bias.data, i % spec.n) : value;
    const positive = relu ? Math.max(sum, 0) : sum;
    return masked && at(mask.data, i) === 0 ? 0 : positive;
  });
  const rowSums = build([spec.m], (i = 0) => sum(spec.k, (k) => get(a, i, k)));
  const wanted = [plain(exact.shape, finished), ...(spec.rowSum ? [rowSums] : [])];
  const rest = [...(spec.bias ? [bias] : []), ...(masked ? [mask] : [])];
  await allClose(JSON.stringify(given), run(made, factors, rest, wanted), wanted);
}

const rectified = ({ shape, data }: Plain): Plain =>
  plain(
    shape,
    data.map((value) => Math.max(value, 0)),
  );

export async function checkConvolution(s: Conv2dShape, how: Candidate): Promise<void> {
  const [x, w, b] = operands(s).map(held) as [Plain, Plain, Plain];
  const exact = convolution(s, x, w, b);
  const name = JSON.stringify(s);
  const forward = withTail(conv2dForward({ shape: s, bias: true, ...how }), sizeOf(exact.shape), 'relu');
  await allClose(name, run(forward, [x, w], [b], [exact]), [rectified(exact)]);
  const dy = drawn(exact.shape);
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
    const plainly = conv2dInputGrad({ shape: s, ...how });
    const gradient = mask ? withTail(plainly, sizeOf(x.shape), 'mask') : plainly;
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

/** A convolution and its input gradient with their sums in parts, for GPUs. */
export async function checkParts(s: Conv2dShape, splits: number): Promise<void> {
  const [x, w, b] = operands(s);
  const exact = convolution(s, x, w, b);
  const dy = values(exact.shape);
  const dx = x.data.map(() => 0);
  everyProduct(s, (y, tap, pixel) => {
    dx[pixel] = at(dx, pixel) + at(dy.data, y) * at(w.data, tap);
  });
  const name = `${splits} parts of ${JSON.stringify(s)}`;
  const [forward, back] = [forwardInParts({ shape: s, bias: true, splits }), inputGradInParts({ shape: s, splits })];
  if (!forward || !back) throw new Error(`${name}: no parts`);
  const relu = withTail(forward, sizeOf(exact.shape), 'relu');
  await allClose(name, run(relu, [x, w], [b], [exact]), [rectified(exact)]);
  const wanted = plain(x.shape, dx);
  const gate = gates(x.shape);
  const masked = withTail(back, sizeOf(x.shape), 'mask');
  await allClose(`dx of ${name}`, run(masked, [dy, w], [gate], [x]), [gated(wanted, gate)]);
}

/** y and places of conv2d, relu and a pool of 2 × 2, from the value before the ReLU. */
function pooled(before: Plain): [Plain, Plain] {
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
  const places = best.data.map((place, i) => (at(values.data, i) <= 0 ? 0xffffffff : place));
  return [rectified(values), plain(shape, places)];
}

export async function checkPooled(s: Conv2dShape, { variant, tile }: Candidate): Promise<void> {
  const [whole, w, b] = operands(s).map(held) as [Plain, Plain, Plain];
  const x = spoilt(whole);
  const wanted = pooled(convolution(s, x, w, b));
  const [y, places] = wanted;
  const outputs = [{ shape: y.shape }, { shape: places.shape, dtype: 'u32' as const }];
  const made = conv2dForward({ shape: s, bias: true, pool: true, variant, ...(tile && { tile }) });
  await allClose(JSON.stringify(s), run(made, [x, w], [b], outputs), wanted);
}
