/**
 * The bottom of the ladder: every kernel as one would first write it, one thread per output (softmax: per row), nothing
 * shared between threads, nothing kept in registers but a sum.
 */
import type { KernelSource } from 'kindling/profile';
import { type ConvShape, outSize } from '../peers/conv.js';

const WORKGROUP = 256;

/** A shader that runs `body` for every `i` below `count`. */
function perOutput(
  name: string,
  read: readonly string[],
  count: number,
  body: string,
  write: readonly string[] = ['y'],
): KernelSource {
  const f32 = (names: readonly string[]) => Object.fromEntries(names.map((key) => [key, 'f32' as const]));
  return {
    name: `naive.${name}`,
    read: f32(read),
    write: f32(write),
    workgroups: [Math.ceil(count / WORKGROUP), 1, 1],
    wgsl: `@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= ${count}u) { return; }
  ${body}
}`,
  };
}

/** a and b [n, n], each as it is or transposed. */
export const matmul = (n: number, transposeA: boolean, transposeB: boolean): KernelSource =>
  perOutput(
    'matmul',
    ['a', 'b'],
    n * n,
    `let row = i / ${n}u;
  let column = i % ${n}u;
  var sum = 0.0;
  for (var k = 0u; k < ${n}u; k++) {
    sum += a[${transposeA ? `k * ${n}u + row` : `row * ${n}u + k`}] * b[${transposeB ? `column * ${n}u + k` : `k * ${n}u + column`}];
  }
  y[i] = sum;`,
  );

export function conv2dForward(conv: ConvShape): KernelSource {
  const { batch, inChannels, size, outChannels, kernel, stride } = conv;
  const out = outSize(conv);
  return perOutput(
    'conv2d.forward',
    ['x', 'w'],
    batch * outChannels * out ** 2,
    `let column = i % ${out}u;
  let row = i / ${out}u % ${out}u;
  let o = i / ${out ** 2}u % ${outChannels}u;
  let n = i / ${out ** 2 * outChannels}u;
  var sum = 0.0;
  for (var c = 0u; c < ${inChannels}u; c++) {
    for (var p = 0u; p < ${kernel}u; p++) {
      for (var q = 0u; q < ${kernel}u; q++) {
        sum += x[((n * ${inChannels}u + c) * ${size}u + row * ${stride}u + p) * ${size}u + column * ${stride}u + q] *
          w[((o * ${inChannels}u + c) * ${kernel}u + p) * ${kernel}u + q];
      }
    }
  }
  y[i] = sum;`,
  );
}

export function conv2dInputGrad(conv: ConvShape): KernelSource {
  const { batch, inChannels, size, outChannels, kernel, stride } = conv;
  const out = outSize(conv);
  return perOutput(
    'conv2d.inputGrad',
    ['g', 'w'],
    batch * inChannels * size ** 2,
    `let column = i % ${size}u;
  let row = i / ${size}u % ${size}u;
  let c = i / ${size ** 2}u % ${inChannels}u;
  let n = i / ${size ** 2 * inChannels}u;
  var sum = 0.0;
  for (var o = 0u; o < ${outChannels}u; o++) {
    for (var p = 0u; p < ${kernel}u; p++) {
      for (var q = 0u; q < ${kernel}u; q++) {
        if (row < p || column < q || (row - p) % ${stride}u != 0u || (column - q) % ${stride}u != 0u) { continue; }
        let r = (row - p) / ${stride}u;
        let s = (column - q) / ${stride}u;
        if (r >= ${out}u || s >= ${out}u) { continue; }
        sum += g[((n * ${outChannels}u + o) * ${out}u + r) * ${out}u + s] *
          w[((o * ${inChannels}u + c) * ${kernel}u + p) * ${kernel}u + q];
      }
    }
  }
  y[i] = sum;`,
  );
}

export function conv2dWeightGrad(conv: ConvShape): KernelSource {
  const { batch, inChannels, size, outChannels, kernel, stride } = conv;
  const out = outSize(conv);
  return perOutput(
    'conv2d.weightGrad',
    ['g', 'x'],
    outChannels * inChannels * kernel ** 2,
    `let q = i % ${kernel}u;
  let p = i / ${kernel}u % ${kernel}u;
  let c = i / ${kernel ** 2}u % ${inChannels}u;
  let o = i / ${kernel ** 2 * inChannels}u;
  var sum = 0.0;
  for (var n = 0u; n < ${batch}u; n++) {
    for (var r = 0u; r < ${out}u; r++) {
      for (var s = 0u; s < ${out}u; s++) {
        sum += g[((n * ${outChannels}u + o) * ${out}u + r) * ${out}u + s] *
          x[((n * ${inChannels}u + c) * ${size}u + r * ${stride}u + p) * ${size}u + s * ${stride}u + q];
      }
    }
  }
  y[i] = sum;`,
  );
}

export const relu = (size: number): KernelSource => perOutput('relu', ['x'], size, 'y[i] = max(x[i], 0.0);');

export const add = (size: number): KernelSource => perOutput('add', ['a', 'b'], size, 'y[i] = a[i] + b[i];');

export const sum = (size: number): KernelSource =>
  perOutput('sum', ['x'], 1, `var sum = 0.0;\n  for (var k = 0u; k < ${size}u; k++) { sum += x[k]; }\n  y[0] = sum;`);

export const softmax = (rows: number, columns: number, log: boolean): KernelSource =>
  perOutput(
    log ? 'logSoftmax' : 'softmax',
    ['x'],
    rows,
    `let start = i * ${columns}u;
  var top = x[start];
  for (var k = 1u; k < ${columns}u; k++) { top = max(top, x[start + k]); }
  var sum = 0.0;
  for (var k = 0u; k < ${columns}u; k++) { sum += exp(x[start + k] - top); }
  for (var k = 0u; k < ${columns}u; k++) {
    y[start + k] = ${log ? 'x[start + k] - top - log(sum)' : 'exp(x[start + k] - top) / sum'};
  }`,
  );

/** Windows of 2 by 2 over `maps` pictures of `size` by `size`. */
export function maxPool2d(maps: number, size: number): KernelSource {
  const out = Math.floor(size / 2);
  return perOutput(
    'maxPool2d',
    ['x'],
    maps * out ** 2,
    `let at = (i / ${out ** 2}u * ${size}u + i / ${out}u % ${out}u * 2u) * ${size}u + i % ${out}u * 2u;
  y[i] = max(max(x[at], x[at + 1u]), max(x[at + ${size}u], x[at + ${size + 1}u]));`,
  );
}

/** As `optimizer.adam` in its first step, with PyTorch's defaults. */
export const adam = (size: number): KernelSource =>
  perOutput(
    'adam',
    ['g'],
    size,
    `m[i] = 0.9 * m[i] + 0.1 * g[i];
  v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
  y[i] -= 1e-3 * (m[i] / 0.1) / (sqrt(v[i] / 0.001) + 1e-8);`,
    ['y', 'm', 'v'],
  );

/** Rows of x [*, columns] by index; an index is a float here. */
export const gather = (rows: number, columns: number): KernelSource =>
  perOutput(
    'gather',
    ['x', 'index'],
    rows * columns,
    `y[i] = x[u32(index[i / ${columns}u]) * ${columns}u + i % ${columns}u];`,
  );

/** Sums of the rows of g [picks, length] that name a row of the table. */
export const embeddingGrad = (picks: number, rows: number, length: number): KernelSource =>
  perOutput(
    'embeddingGrad',
    ['g', 'index'],
    rows * length,
    `let row = f32(i / ${length}u);
  var total = 0.0;
  for (var k = 0u; k < ${picks}u; k++) { if (index[k] == row) { total += g[k * ${length}u + i % ${length}u]; } }
  y[i] = total;`,
  );

export interface DepthwiseShape {
  readonly batch: number;
  readonly channels: number;
  readonly size: number;
}

/** x [batch, channels, size, size], w [channels, 1, 3, 3]: each channel by its own window, turned or not, padded by 1. */
export const depthwise = ({ batch, channels, size }: DepthwiseShape, turned: boolean): KernelSource =>
  perOutput(
    'depthwise',
    ['x', 'w'],
    batch * channels * size ** 2,
    `let c = i / ${size ** 2}u % ${channels}u;
  var total = 0.0;
  for (var tap = 0u; tap < 9u; tap++) {
    let row = i / ${size}u % ${size}u + tap / 3u - 1u;
    let column = i % ${size}u + tap % 3u - 1u;
    if (row < ${size}u && column < ${size}u) {
      total += x[(i / ${size ** 2}u * ${size}u + row) * ${size}u + column] * w[c * 9u + ${turned ? '8u - tap' : 'tap'}];
    }
  }
  y[i] = total;`,
  );

/** Its gradient by w, of x and the gradient g by the result. */
export const depthwiseWeightGrad = ({ batch, channels, size }: DepthwiseShape): KernelSource =>
  perOutput(
    'depthwise.weightGrad',
    ['x', 'g'],
    channels * 9,
    `var total = 0.0;
  for (var k = 0u; k < ${batch * size ** 2}u; k++) {
    let plane = (k / ${size ** 2}u * ${channels}u + i / 9u) * ${size}u;
    let row = k / ${size}u % ${size}u;
    let column = k % ${size}u;
    let y1 = row + i % 9u / 3u - 1u;
    let x1 = column + i % 3u - 1u;
    if (y1 < ${size}u && x1 < ${size}u) {
      total += x[(plane + y1) * ${size}u + x1] * g[(plane + row) * ${size}u + column];
    }
  }
  y[i] = total;`,
  );
