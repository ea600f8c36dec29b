/** kindling's functions as ONNX's operators. A rule adds nodes for one call and returns the name of the result. */

import type { Conv2dShape } from '../kernels/conv2d/shape.js';
import type { AvgPoolSpec, PoolAxis, PoolSpec } from '../kernels/pool.js';
import type { Shape } from '../tensor/shape.js';
import { at, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Graph, Operand, Rule } from './graph.js';
import { type Attribute, ELEMENT } from './model.js';
import type { Call } from './trace.js';

interface Reduced {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

interface Normalised {
  readonly weight?: Tensor | null;
  readonly bias?: Tensor | null;
  readonly eps: number;
}

/** Beyond any length: a slice to the end, or before the beginning. */
const END = Number.MAX_SAFE_INTEGER;

const first = ({ inputs }: Call): Tensor => inputs[0] as Tensor;

/** An operator that takes the same inputs. */
const same =
  (op: string, attributes?: Readonly<Record<string, Attribute>>): Rule =>
  (graph, { inputs }) =>
    graph.node(op, inputs, attributes);

/** A formula in the one input. */
const formula =
  (write: (x: Tensor, node: Graph['node']) => string): Rule =>
  (graph, call) =>
    write(first(call), (...args) => graph.node(...args));

/** A formula in the one input and the parameter that came with it. */
const withParameter =
  (write: (x: Tensor, p: number, node: Graph['node']) => string): Rule =>
  (graph, call, { parameter }: { parameter: number }) =>
    write(first(call), parameter, (...args) => graph.node(...args));

const castTo = (graph: Graph, x: Operand, dtype: keyof typeof ELEMENT): string =>
  graph.node('Cast', [x], { to: ELEMENT[dtype] });

/** Until opset 18 only a sum took its dimensions as an input. */
function reduced(graph: Graph, op: string, x: Operand, dims: readonly number[], keepdim: boolean): string {
  const keepdims = Number(keepdim);
  if (op === 'ReduceSum' || graph.opset >= 18) return graph.node(op, [x, dims], { keepdims });
  return graph.node(op, [x], { axes: dims, keepdims });
}

const reduction =
  (op: string): Rule =>
  (graph, call, { dims, keepdim }: Reduced) => {
    const x = first(call);
    return reduced(graph, op, x.dtype === 'bool' ? castTo(graph, x, 'i32') : x, dims, keepdim);
  };

/** Position of the extreme, in i32. Without `dim` it counts through all elements. */
const position =
  (op: string): Rule =>
  (graph, call, { dims }: Pick<Reduced, 'dims'>) => {
    const x = first(call);
    const one = dims.length === 1;
    const found = graph.node(op, [one ? x : graph.reshape(x, [x.size])], {
      axis: at(one ? dims : [0], 0),
      keepdims: 0,
    });
    return graph.reshape(castTo(graph, found, 'i32'), call.value.shape);
  };

/** ONNX pools batches of images only. */
function onBatches(graph: Graph, x: Tensor, pool: (x: Operand) => string): string {
  if (x.ndim === 4) return pool(x);
  return graph.node('Squeeze', [pool(graph.node('Unsqueeze', [x, [0]])), [0]]);
}

const pads = (...before: readonly number[]): number[] => [...before, ...before];

const pooling =
  (op: string): Rule =>
  (graph, call, { y, x, ...rest }: PoolSpec & Partial<AvgPoolSpec>) =>
    onBatches(graph, first(call), (images) =>
      graph.node(op, [images], {
        kernel_shape: [y.kernel, x.kernel],
        strides: [y.stride, x.stride],
        pads: pads(y.padding, x.padding),
        ...(op === 'MaxPool'
          ? { dilations: [y.dilation, x.dilation] }
          : { count_include_pad: Number(rest.countIncludePad) }),
      }),
    );

/** A matrix [output, input] whose rows take the means of an adaptive pooling along one dimension, row by row. */
function means({ input, output }: PoolAxis): number[] {
  return Array.from({ length: output * input }, (_, k) => {
    const row = Math.floor(k / input);
    const [from, to] = [Math.floor((row * input) / output), Math.ceil(((row + 1) * input) / output)];
    return k % input >= from && k % input < to ? 1 / (to - from) : 0;
  });
}

/** Windows of different sizes are no pooling in ONNX: products with the matrices of their means. */
const adaptive: Rule = (graph, call, { y, x }: PoolSpec) => {
  if (y.output === 1 && x.output === 1) return reduced(graph, 'ReduceMean', first(call), [-2, -1], true);
  const matrix = (axis: PoolAxis): Operand => ({ dtype: 'f32', shape: [axis.output, axis.input], data: means(axis) });
  const columns = graph.node('Transpose', [matrix(x)], { perm: [1, 0] });
  return graph.node('MatMul', [graph.node('MatMul', [matrix(y), first(call)]), columns]);
};

const filled = (shape: Shape, value: number): Operand => ({
  dtype: 'f32',
  shape,
  data: new Float32Array(sizeOf(shape)).fill(value),
});

interface BatchNorm extends Normalised {
  readonly means: Tensor;
  readonly variances: Tensor;
  readonly training: boolean;
}

const batchNorm: Rule = (graph, call, { means, variances, training, eps, weight, bias }: BatchNorm) => {
  const x = first(call);
  const channels = [at(x.shape, 1)];
  if (!training) {
    const vectors = [weight ?? filled(channels, 1), bias ?? filled(channels, 0), means, variances];
    return graph.node('BatchNormalization', [x, ...vectors], { epsilon: { float: eps } });
  }
  const others = x.shape.flatMap((_, d) => (d === 1 ? [] : [d]));
  const centred = graph.node('Sub', [x, reduced(graph, 'ReduceMean', x, others, true)]);
  const variance = reduced(graph, 'ReduceMean', graph.node('Mul', [centred, centred]), others, true);
  const normal = graph.node('Div', [centred, graph.node('Sqrt', [graph.node('Add', [variance, eps])])]);
  const column = (vector: Tensor): string =>
    graph.reshape(vector, [at(vector.shape, 0), ...others.slice(1).map(() => 1)]);
  const scaled = weight ? graph.node('Mul', [normal, column(weight)]) : normal;
  return bias ? graph.node('Add', [scaled, column(bias)]) : scaled;
};

/** Names of functions and, where no function owns them, of kernels. */
export const RULES: Readonly<Record<string, Rule>> = {
  add: same('Add'),
  sub: same('Sub'),
  mul: same('Mul'),
  div: same('Div'),
  maximum: same('Max'),
  minimum: same('Min'),
  pow: same('Pow'),
  eq: same('Equal'),
  ne: (graph, { inputs }) => graph.node('Not', [graph.node('Equal', inputs)]),
  lt: same('Less'),
  le: same('LessOrEqual'),
  gt: same('Greater'),
  ge: same('GreaterOrEqual'),
  cast: (graph, call) => castTo(graph, first(call), call.value.dtype),

  neg: same('Neg'),
  abs: same('Abs'),
  exp: same('Exp'),
  log: same('Log'),
  log1p: formula((x, node) => node('Log', [node('Add', [x, 1])])),
  sqrt: same('Sqrt'),
  rsqrt: formula((x, node) => node('Reciprocal', [node('Sqrt', [x])])),
  reciprocal: same('Reciprocal'),
  square: formula((x, node) => node('Mul', [x, x])),
  sin: same('Sin'),
  cos: same('Cos'),
  tanh: same('Tanh'),
  sigmoid: same('Sigmoid'),
  erf: same('Erf'),
  floor: same('Floor'),
  ceil: same('Ceil'),
  round: same('Round'),
  sign: same('Sign'),
  relu: same('Relu'),
  relu6: formula((x, node) => node('Clip', [x, 0, 6])),
  leakyRelu: withParameter((x, p, node) => node('LeakyRelu', [x], { alpha: { float: p } })),
  elu: withParameter((x, p, node) => node('Elu', [x], { alpha: { float: p } })),
  silu: formula((x, node) => node('Mul', [x, node('Sigmoid', [x])])),
  softplus: same('Softplus'),
  gelu: formula((x, node) => {
    const phi = node('Add', [node('Erf', [node('Mul', [x, Math.SQRT1_2])]), 1]);
    return node('Mul', [node('Mul', [x, 0.5]), phi]);
  }),
  geluTanh: formula((x, node) => {
    const cube = node('Mul', [node('Mul', [node('Mul', [x, x]), x]), 0.044715]);
    const bend = node('Tanh', [node('Mul', [node('Add', [x, cube]), Math.sqrt(2 / Math.PI)])]);
    return node('Mul', [node('Mul', [x, 0.5]), node('Add', [bend, 1])]);
  }),
  hardsigmoid: same('HardSigmoid', { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  hardswish: same('HardSwish'),
  clampMin: withParameter((x, p, node) => node('Clip', [x, p])),
  clampMax: withParameter((x, p, node) => node('Clip', [x, '', p])),
  powScalar: withParameter((x, p, node) => node('Pow', [x, p])),

  sum: reduction('ReduceSum'),
  mean: reduction('ReduceMean'),
  prod: reduction('ReduceProd'),
  amax: reduction('ReduceMax'),
  amin: reduction('ReduceMin'),
  argmax: position('ArgMax'),
  argmin: position('ArgMin'),

  reshape: (graph, call) => graph.reshape(first(call), call.value.shape),
  // A length of 1 keeps what the input has there.
  expand: (graph, call) => {
    const { shape } = call.value;
    const from = first(call).shape;
    const lead = shape.length - from.length;
    return graph.node('Expand', [first(call), shape.map((n, d) => (n === from[d - lead] ? 1 : n))]);
  },
  permute: (graph, call, { order }: { order: readonly number[] }) =>
    graph.node('Transpose', [first(call)], { perm: order }),
  slice: (graph, call, a: { dim: number; from: number; to: number; step: number }) => {
    const to = a.to === first(call).shape[a.dim] ? END : a.to;
    return graph.node('Slice', [first(call), [a.from], [to], [a.dim], [a.step]]);
  },
  flip: (graph, call, { dims }: { dims: readonly number[] }) => {
    const [last, before, back] = [-1, -END, -1].map((n) => dims.map(() => n));
    return graph.node('Slice', [first(call), ...([last, before, dims, back] as number[][])]);
  },
  cat: (graph, { inputs }, { dim }: { dim: number }) => graph.node('Concat', inputs, { axis: dim }),
  pad: (graph, call, { before, value }: { before: readonly number[]; value: number }) => {
    const from = first(call);
    const after = call.value.shape.map((n, d) => n - at(before, d) - at(from.shape, d));
    const filling: Operand = { dtype: from.dtype, shape: [], data: [value] };
    return graph.node('Pad', [from, [...before, ...after], filling]);
  },
  where: (graph, { inputs }, { condition }: { condition: Tensor }) =>
    graph.node('Where', [condition.dtype === 'bool' ? condition : castTo(graph, condition, 'bool'), ...inputs]),
  indexSelect: (graph, call, { dim, picks }: { dim: number; picks: Tensor }) =>
    graph.node('Gather', [first(call), picks], { axis: dim }),
  gather: (graph, call, { dim, picks }: { dim: number; picks: Tensor }) =>
    graph.node('GatherElements', [first(call), picks], { axis: dim }),

  matmul: same('MatMul'),
  linear: same('Gemm', { transB: 1 }),
  conv2d: (graph, { inputs }, s: Conv2dShape) =>
    graph.node('Conv', inputs, {
      kernel_shape: [s.kh, s.kw],
      strides: [s.strideH, s.strideW],
      pads: pads(s.padH, s.padW),
      dilations: [s.dilationH, s.dilationW],
      group: s.groups,
    }),
  maxPool2d: pooling('MaxPool'),
  avgPool2d: pooling('AveragePool'),
  adaptiveAvgPool2d: adaptive,
  batchNorm,
  layerNorm: (graph, call, a: Normalised & { normalizedShape: Shape }) =>
    graph.node(
      'LayerNormalization',
      [first(call), a.weight ?? filled(a.normalizedShape, 1), ...(a.bias ? [a.bias] : [])],
      { axis: -a.normalizedShape.length, epsilon: { float: a.eps } },
    ),
  softmax: (graph, call, { dim }: { dim: number }) => graph.node('Softmax', [first(call)], { axis: dim }),
  logSoftmax: (graph, call, { dim }: { dim: number }) => graph.node('LogSoftmax', [first(call)], { axis: dim }),
};
