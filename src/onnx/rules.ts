/** kindling's functions as ONNX's operators, with the names of kernels where no function owns them. */

import type { AvgPoolSpec } from '../kernels/avgPool.js';
import type { Conv2dShape } from '../kernels/conv2d/shape.js';
import { overhang, type PoolAxis } from '../kernels/pool.js';
import {
  type Attribute,
  type OnnxGraph as Graph,
  type OnnxOperand as Operand,
  type OnnxRule as Rule,
  scalar,
} from '../ops/onnx.js';
import { at, type Shape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ELEMENTWISE } from './elementwise.js';
import { ELEMENT } from './model.js';

const same =
  (op: string, attributes?: Readonly<Record<string, Attribute>>): Rule =>
  (graph, { inputs }) =>
    graph.node(op, inputs, attributes);

type Dims = { readonly dims: readonly number[]; readonly keepdim: boolean };
type Dim = { readonly dim: number; readonly picks: Tensor };
type Affine = { readonly weight?: Tensor | null; readonly bias?: Tensor | null; readonly eps: number };

/** Beyond any length: a slice to the end, or to before the beginning. */
const END = Number.MAX_SAFE_INTEGER;

const cast = (graph: Graph, x: Operand, dtype: keyof typeof ELEMENT): string =>
  graph.node('Cast', [x], { to: ELEMENT[dtype] });

/** Until opset 18 only a sum took its dimensions as an input. */
function reduce(graph: Graph, op: string, x: Operand, { dims, keepdim }: Dims): string {
  const keepdims = Number(keepdim);
  if (op === 'ReduceSum' || graph.opset >= 18) return graph.node(op, [x, dims], { keepdims });
  return graph.node(op, [x], { axes: dims, keepdims });
}

const reduction =
  (op: string): Rule =>
  (graph, { x }, dims: Dims) =>
    reduce(graph, op, x.dtype === 'bool' ? cast(graph, x, 'i32') : x, dims);

/** The place of an extreme, in i32. */
const place =
  (op: string): Rule =>
  (graph, { x, value }, { dims }: Dims) => {
    const [axis = 0, ...others] = dims;
    const flat = others.length > 0;
    const found = graph.node(op, [flat ? graph.reshape(x, [x.size]) : x], { axis: flat ? 0 : axis, keepdims: 0 });
    return graph.reshape(cast(graph, found, 'i32'), value.shape);
  };

const picked: Rule = (graph, { x }, { dim, picks }: Dim) => graph.node('GatherElements', [x, picks], { axis: dim });

/** Of all elements, or of rows, where it is known by now where they are. */
const extreme =
  (op: string): Rule =>
  (graph, call, attributes: Dims | Dim) =>
    'picks' in attributes ? picked(graph, call, attributes as never) : reduction(op)(graph, call, attributes as never);

const pads = (...before: readonly number[]): number[] => [...before, ...before];

/** ONNX pools batches of images only. Sizes that were rounded up are had by more padding at the end. */
const pooling =
  (op: string): Rule =>
  (graph, { x: images }, { y, x, countIncludePad, divisor }: AvgPoolSpec) => {
    const end = (axis: PoolAxis): number => Math.max(0, axis.padding + Math.max(0, overhang(axis)));
    const window = {
      kernel_shape: [y.kernel, x.kernel],
      strides: [y.stride, x.stride],
      pads: [y.padding, x.padding, end(y), end(x)],
    };
    const whole = countIncludePad || divisor !== undefined;
    const rest: Record<string, Attribute> =
      op === 'MaxPool' ? { dilations: [y.dilation, x.dilation] } : { count_include_pad: Number(whole) };
    const batched = images.ndim === 4;
    let y4 = graph.node(op, [batched ? images : graph.node('Unsqueeze', [images, [0]])], { ...window, ...rest });
    const shares = op === 'AveragePool' && whole ? sharesOf(y, x, divisor) : null;
    if (shares) y4 = graph.node('Mul', [y4, shares]);
    return batched ? y4 : graph.node('Squeeze', [y4, [0]]);
  };

/** What windows' means by their whole size are to be multiplied by, or null where that is their divisor. */
function sharesOf(y: PoolAxis, x: PoolAxis, divisor: number | undefined): Operand | null {
  const size = y.kernel * x.kernel;
  if (divisor !== undefined) return divisor === size ? null : { dtype: 'f32', shape: [], data: [size / divisor] };
  if (overhang(y) <= 0 && overhang(x) <= 0) return null;
  const counted = ({ input, output, kernel, stride, padding }: PoolAxis): number[] =>
    Array.from({ length: output }, (_, o) => Math.min(kernel, input + 2 * padding - o * stride));
  const data = counted(y).flatMap((rows) => counted(x).map((columns) => size / (rows * columns)));
  return { dtype: 'f32', shape: [y.output, x.output], data };
}

/** A matrix [output, input] whose rows take the means of an adaptive pooling along one dimension. */
function means({ input, output }: PoolAxis): Operand {
  const data = Array.from({ length: output * input }, (_, k) => {
    const row = Math.floor(k / input);
    const [from, to] = [Math.floor((row * input) / output), Math.ceil(((row + 1) * input) / output)];
    return k % input >= from && k % input < to ? 1 / (to - from) : 0;
  });
  return { dtype: 'f32', shape: [output, input], data };
}

const filled = (shape: Shape, value: number): Operand => ({
  dtype: 'f32',
  shape,
  data: new Float32Array(sizeOf(shape)).fill(value),
});

type BatchNorm = Affine & { readonly means: Tensor; readonly variances: Tensor; readonly training: boolean };

/** By its own statistics x is normalized in plain operators: a constant of as many channels as it has may hold the batch. */
const batchNorm: Rule = (graph, { x }, { means, variances, training, eps, weight, bias }: BatchNorm) => {
  const channels = [at(x.shape, 1)];
  if (!training) {
    const affine = [weight ?? filled(channels, 1), bias ?? filled(channels, 0)];
    return graph.node('BatchNormalization', [x, ...affine, means, variances], { epsilon: { float: eps } });
  }
  const dims = x.shape.flatMap((_, d) => (d === 1 ? [] : [d]));
  const mean = (input: Operand): string => reduce(graph, 'ReduceMean', input, { dims, keepdim: true });
  const centred = graph.node('Sub', [x, mean(x)]);
  const variance = mean(graph.node('Mul', [centred, centred]));
  let y = graph.node('Div', [centred, graph.node('Sqrt', [graph.node('Add', [variance, eps])])]);
  const perChannel = (vector: Tensor): string => graph.reshape(vector, [...channels, ...x.shape.slice(2).fill(1)]);
  if (weight) y = graph.node('Mul', [y, perChannel(weight)]);
  return bias ? graph.node('Add', [y, perChannel(bias)]) : y;
};

/** Of images, and of signals as images of one row. */
const conv =
  (op: string): Rule =>
  (g, { inputs }, { outputPadding, ...s }: Conv2dShape & { outputPadding?: readonly number[] }) =>
    g.node(op, inputs, {
      kernel_shape: [s.kh, s.kw],
      strides: [s.strideH, s.strideW],
      pads: pads(s.padH, s.padW),
      dilations: [s.dilationH, s.dilationW],
      group: s.groups,
      ...(outputPadding && { output_padding: outputPadding }),
    });

/** ONNX Runtime has triangles of f32 and bool; others, and those not of zeros, are picked by one. */
const triangle =
  (upper: number): Rule =>
  (g, { x }, { diagonal, fill }: { diagonal: number; fill: number | string }) => {
    const of = (source: Operand) => g.node('Trilu', [source, scalar('i64', diagonal)], { upper });
    if (fill === 0 && (x.dtype === 'f32' || x.dtype === 'bool')) return of(x);
    const shape = x.shape.slice(-2);
    const inside = of({ dtype: 'bool', shape, data: Array(sizeOf(shape)).fill(1) });
    return g.node('Where', [inside, x, scalar(x.dtype, Number(fill))]);
  };

/** A product of factors that may be read transposed. */
const turnedProduct: Rule = (g, { inputs: [a, b] }, { transA, transB }: { transA?: boolean; transB?: boolean }) => {
  const turned = (x: Tensor, isTurned = false): Operand => {
    const dims = x.shape.map((_, d) => d);
    const perm = [...dims.slice(0, -2), dims.length - 1, dims.length - 2];
    return isTurned ? g.node('Transpose', [x], { perm }) : x;
  };
  return g.node('MatMul', [turned(a as Tensor, transA), turned(b as Tensor, transB)]);
};

/** A text is an operator of the same inputs. */
const rule = (of: Rule | string): Rule => (typeof of === 'string' ? same(of) : of);

export const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(Object.entries(ELEMENTWISE).map(([name, of]) => [name, rule(of)])),
  cast: (g, { x, value }) => cast(g, x, value.dtype),

  sum: reduction('ReduceSum'),
  mean: reduction('ReduceMean'),
  prod: reduction('ReduceProd'),
  amax: reduction('ReduceMax'),
  amin: reduction('ReduceMin'),
  max: extreme('ReduceMax'),
  min: extreme('ReduceMin'),
  logsumexp: reduction('ReduceLogSumExp'),
  cumsum: (g, { x }, { dim }: Dim) => (x.ndim === 0 ? g.nameOf(x) : g.node('CumSum', [x, scalar('i64', dim)])),
  argmax: place('ArgMax'),
  argmin: place('ArgMin'),

  reshape: (g, { x, value }) => g.reshape(x, value.shape),
  // A length of 1 keeps what the input has there, be it the batch.
  expand: (g, { x, value: { shape } }) => {
    const lead = shape.length - x.ndim;
    return g.node('Expand', [x, shape.map((n, d) => (n === x.shape[d - lead] ? 1 : n))]);
  },
  permute: (g, { x }, { order }: { order: readonly number[] }) => g.node('Transpose', [x], { perm: order }),
  slice: (g, { x }, { dim, from, to, step }: Dim & { from: number; to: number; step: number }) =>
    g.node('Slice', [x, [from], [to === x.shape[dim] ? END : to < 0 ? -END : to], [dim], [step]]),
  clone: (g, { x }) => g.node('Identity', [x]),
  flip: (g, { x }, { dims }: Dims) =>
    g.node('Slice', [x, dims.map(() => -1), dims.map(() => -END), dims, dims.map(() => -1)]),
  cat: (g, { inputs }, { dim }: Dim) => g.node('Concat', inputs, { axis: dim }),
  pad: (g, { x, value: padded }, { before, value }: { before: readonly number[]; value: number }) => {
    const after = padded.shape.map((n, d) => n - at(before, d) - at(x.shape, d));
    return g.node('Pad', [x, [...before, ...after], scalar(x.dtype, value)]);
  },
  where: (g, { inputs }, { condition }: { condition: Tensor }) =>
    g.node('Where', [condition.dtype === 'bool' ? condition : cast(g, condition, 'bool'), ...inputs]),
  indexSelect: (g, { x }, { dim, picks }: Dim) => g.node('Gather', [x, picks], { axis: dim }),
  tril: triangle(0),
  triu: triangle(1),
  gather: picked,
  scatterAdd: (g, { inputs: [x, source] }, { dim, picks }: Dim) =>
    g.node('ScatterElements', [x as Tensor, picks, source as Tensor], { axis: dim, reduction: 'add' }),

  matmul: same('MatMul'),
  einsum: turnedProduct,
  scaledDotProductAttention: turnedProduct,
  linear: same('Gemm', { transB: 1 }),
  conv1d: conv('Conv'),
  conv2d: conv('Conv'),
  conv3d: conv('Conv'),
  convTranspose1d: conv('ConvTranspose'),
  convTranspose2d: conv('ConvTranspose'),
  maxPool2d: pooling('MaxPool'),
  avgPool2d: pooling('AveragePool'),
  // ONNX's windows are of one size: products with the matrices of their means.
  adaptiveAvgPool2d: (g, { x: images }, { y, x }: AvgPoolSpec) => {
    if (y.output === 1 && x.output === 1) return reduce(g, 'ReduceMean', images, { dims: [-2, -1], keepdim: true });
    const columns = g.node('Transpose', [means(x)], { perm: [1, 0] });
    return g.node('MatMul', [g.node('MatMul', [means(y), images]), columns]);
  },
  batchNorm,
  layerNorm: (g, { x }, { weight, bias, eps, normalizedShape: shape }: Affine & { normalizedShape: Shape }) => {
    const affine = [weight ?? filled(shape, 1), ...(bias ? [bias] : [])];
    return g.node('LayerNormalization', [x, ...affine], { axis: -shape.length, epsilon: { float: eps } });
  },
  rmsNorm: (g, { x }, { weight, eps, normalizedShape }: Affine & { normalizedShape: Shape }) => {
    const dims = normalizedShape.map((_, d) => d - normalizedShape.length);
    const squares = reduce(g, 'ReduceMean', g.node('Mul', [x, x]), { dims, keepdim: true });
    const y = g.node('Div', [x, g.node('Sqrt', [g.node('Add', [squares, eps])])]);
    return weight ? g.node('Mul', [y, weight]) : y;
  },
  softmax: (g, { x }, { dim }: Dim) => g.node('Softmax', [x], { axis: dim }),
  logSoftmax: (g, { x }, { dim }: Dim) => g.node('LogSoftmax', [x], { axis: dim }),
};
