/**
 * How an operator of WebNN is computed, a line per op: its name, how far results may lie apart, and the functions of
 * kindling that make it. Arguments and options are those of WebNN's `MLGraphBuilder`, all in one object.
 *
 * @see https://www.w3.org/TR/webnn/
 */

import type { DType, ReduceOptions, Tensor } from 'kindling';
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { NotImplemented } from '../parity/ops.js';
import { type Bound, exact, ulps, within } from './bounds.js';

/** What the operators take; each has those of its own. */
export interface Arguments {
  input: Tensor;
  a: Tensor;
  b: Tensor;
  inputs: Tensor[];
  indices: Tensor;
  mean: Tensor;
  variance: Tensor;
  filter: Tensor;
  scale?: Tensor;
  bias?: Tensor;
  epsilon?: number;
  axis?: number;
  axes?: number[];
  keepDimensions?: boolean;
  alpha?: number;
  beta?: number;
  minValue?: number;
  maxValue?: number;
  newShape: number[];
  permutation?: number[];
  starts: number[];
  sizes: number[];
  splits: number | number[];
  strides?: number[];
  dilations?: number[];
  /** Rows before, rows after, columns before, columns after. */
  padding?: number[];
  outputPadding?: number[];
  outputSizes?: number[];
  groups?: number;
  inputLayout?: string;
  filterLayout?: string;
  layout?: string;
  type: string;
}

export interface Operator {
  run(args: Arguments): Tensor | Tensor[];
  bound(args: Arguments, result: Tensor): Bound;
}

const op = (bound: Bound | Operator['bound'], run: Operator['run']): Operator => ({
  run,
  bound: typeof bound === 'function' ? bound : () => bound,
});
const unary = (bound: Bound, f: (x: Tensor) => Tensor): Operator => op(bound, ({ input }) => f(input));
const binary = (bound: Bound, f: (a: Tensor, b: Tensor) => Tensor): Operator => op(bound, ({ a, b }) => f(a, b));

/** A reduction, and its bound for so many elements in one result. */
const reduction = (bound: (n: number) => number, f: (x: Tensor, options: ReduceOptions) => Tensor): Operator =>
  op(
    ({ input }, result) => ulps(bound(input.size / result.size)),
    ({ input, axes, keepDimensions }) => f(input, { dim: axes, keepdim: keepDimensions }),
  );

/** The dimensions named by the letters of `from`, in the order of `to`. */
const relaid = (x: Tensor, from: string, to: string): Tensor =>
  from === to
    ? x
    : k.permute(
        x,
        [...to].map((letter) => from.indexOf(letter)),
      );

/** The dimensions in the order that `order` says, what `f` makes of that, and the order undone. */
const reordered = (x: Tensor, order: number[], f: (x: Tensor) => Tensor): Tensor =>
  k.permute(
    f(k.permute(x, order)),
    order.map((_, d) => order.indexOf(d)),
  );

/** Entry `index` along `axis` for every index; negative ones count from the end, those beyond the ends are clamped. */
function gather({ input, indices, axis = 0 }: Arguments): Tensor {
  const length = input.shape[axis] ?? 1;
  const inside = k.minimum(k.maximum(k.cast(indices, 'i32'), -length), length - 1);
  const picks = k.where(k.lt(inside, 0), k.add(inside, length), inside);
  const taken = k.indexSelect(input, axis, k.reshape(picks, [picks.size]));
  return k.reshape(taken, [...input.shape.slice(0, axis), ...indices.shape, ...input.shape.slice(axis + 1)]);
}

function batchNormalization({ input, mean, variance, scale, bias, axis = 1, epsilon = 1e-5 }: Arguments): Tensor {
  const order = [axis, ...[...input.shape.keys()].filter((d) => d !== axis)];
  return reordered(input, order, (x) => {
    const rows = k.reshape(x, [1, mean.size, -1]);
    const options = { runningMean: mean, runningVar: variance, weight: scale, bias, eps: epsilon };
    return k.reshape(F.batchNorm(rows, options), x.shape);
  });
}

function instanceNormalization({ input, scale, bias, epsilon = 1e-5, layout = 'nchw' }: Arguments): Tensor {
  const x = relaid(input, layout, 'nchw');
  return relaid(F.groupNorm(x, x.shape[1] ?? 1, { weight: scale, bias, eps: epsilon }), 'nchw', layout);
}

function layerNormalization({ input, scale, bias, axes, epsilon = 1e-5 }: Arguments): Tensor {
  const last = axes ?? [...input.shape.keys()].slice(1);
  const order = [...[...input.shape.keys()].filter((d) => !last.includes(d)), ...last];
  // No axes at all: every element is a layer of its own.
  const shape = last.length === 0 ? [1] : last.map((d) => input.shape[d] ?? 1);
  const [weight, shift] = [scale, bias].map((t) => t && k.reshape(t, shape));
  return reordered(input, order, (x) => {
    const layers = last.length === 0 ? k.unsqueeze(x, x.ndim) : x;
    return k.reshape(F.layerNorm(layers, shape, { weight, bias: shift, eps: epsilon }), x.shape);
  });
}

const CONV_LAYOUT = 'oihw';

/** Products in one result of a convolution. */
const taps = (filter: Tensor, layout: string): number =>
  [...'ihw'].reduce((product, letter) => product * (filter.shape[layout.indexOf(letter)] ?? 1), 1);

/** Padding for kindling, which pads alike on both sides, and what is over after it: [left, right, top, bottom]. */
function uneven([top = 0, bottom = 0, left = 0, right = 0]: number[]): { even: [number, number]; rest: number[] } {
  const even: [number, number] = [Math.min(top, bottom), Math.min(left, right)];
  return { even, rest: [left - even[1], right - even[1], top - even[0], bottom - even[0]] };
}

const pair = ([a = 1, b = 1]: number[] = []): [number, number] => [a, b];

function conv2d(args: Arguments): Tensor {
  const { input, filter, bias, groups, inputLayout = 'nchw', filterLayout = CONV_LAYOUT, padding = [] } = args;
  const { even, rest } = uneven(padding);
  const x = relaid(input, inputLayout, 'nchw');
  const y = F.conv2d(rest.some((n) => n > 0) ? F.pad(x, rest) : x, relaid(filter, filterLayout, 'oihw'), bias, {
    stride: pair(args.strides),
    dilation: pair(args.dilations),
    padding: even,
    groups,
  });
  return relaid(y, 'nchw', inputLayout);
}

const TRANSPOSED_LAYOUT = 'iohw';

/** kindling cuts off alike on both sides; what uneven padding cuts off more, `narrow` does. */
function convTranspose2d(args: Arguments): Tensor {
  const { input, bias, groups, inputLayout = 'nchw', filterLayout = TRANSPOSED_LAYOUT, padding = [] } = args;
  const { even, rest } = uneven(padding);
  const [left = 0, right = 0, top = 0, bottom = 0] = rest;
  const x = relaid(input, inputLayout, 'nchw');
  const filter = relaid(args.filter, filterLayout, 'iohw');
  const [stride, dilation] = [pair(args.strides), pair(args.dilations)];
  const cut = [2 * even[0] + top + bottom, 2 * even[1] + left + right];
  const [moreH = 0, moreW = 0] =
    args.outputSizes?.map((size, i) => {
      const reached =
        ((x.shape[i + 2] ?? 1) - 1) * (stride[i] ?? 1) + (dilation[i] ?? 1) * ((filter.shape[i + 2] ?? 1) - 1);
      return size - (reached + 1 - (cut[i] ?? 0));
    }) ??
    args.outputPadding ??
    [];
  const y = F.convTranspose2d(x, filter, bias, {
    stride,
    dilation,
    padding: even,
    outputPadding: [moreH, moreW],
    groups,
  });
  const [h = 0, w = 0] = y.shape.slice(2);
  const inside = k.narrow(k.narrow(y, 2, top, h - top - bottom), 3, left, w - left - right);
  return relaid(inside, 'nchw', inputLayout);
}

function slice({ input, starts, sizes, strides = [] }: Arguments): Tensor {
  return starts.reduce((x, start, d) => k.slice(x, d, start, start + (sizes[d] ?? 0), strides[d] ?? 1), input);
}

function split({ input, splits, axis = 0 }: Arguments): Tensor[] {
  const length = input.shape[axis] ?? 1;
  const sizes = typeof splits === 'number' ? new Array<number>(splits).fill(length / splits) : splits;
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return k.narrow(input, axis, start - size, size);
  });
}

/** Types of WebNN that kindling has. */
export const TYPES: Readonly<Record<string, DType>> = { float32: 'f32', int32: 'i32', uint32: 'u32' };

function cast({ input, type }: Arguments): Tensor {
  const dtype = TYPES[type];
  if (!dtype) throw new NotImplemented(`to ${type}`);
  return k.cast(input, dtype);
}

/** A bound of `clamp`: NaN bounds nothing. */
const limit = (value: number | undefined, none: number): number =>
  value === undefined || Number.isNaN(value) ? none : value;

const affine = (x: Tensor, alpha: number, beta: number): Tensor => k.add(k.mul(x, alpha), beta);

export const OPERATORS: Readonly<Record<string, Operator>> = {
  // elementwise
  abs: unary(exact, k.abs),
  ceil: unary(exact, k.ceil),
  floor: unary(exact, k.floor),
  neg: unary(exact, k.neg),
  relu: unary(exact, k.relu),
  exp: unary(ulps(32), k.exp),
  log: unary(within(1 / 1024), k.log),
  sqrt: unary(ulps(5), k.sqrt),
  sigmoid: unary(ulps(34), k.sigmoid),
  tanh: unary(within(1 / 1024), k.tanh),
  hardSwish: unary(ulps(4), F.hardswish),
  elu: op(within(1 / 1024), ({ input, alpha }) => F.elu(input, { alpha })),
  leakyRelu: op(ulps(2), ({ input, alpha }) => F.leakyRelu(input, { negativeSlope: alpha })),
  linear: op(ulps(2), ({ input, alpha = 1, beta = 0 }) => affine(input, alpha, beta)),
  hardSigmoid: op(ulps(2), ({ input, alpha = 0.2, beta = 0.5 }) =>
    k.clamp(affine(input, alpha, beta), { min: 0, max: 1 }),
  ),
  clamp: op(exact, ({ input, minValue, maxValue }) =>
    k.clamp(input, { min: limit(minValue, -Infinity), max: limit(maxValue, Infinity) }),
  ),
  cast: op(exact, cast),
  add: binary(ulps(1), k.add),
  sub: binary(ulps(1), k.sub),
  mul: binary(ulps(1), k.mul),
  div: binary(ulps(3), k.div),
  max: binary(exact, k.maximum),
  min: binary(exact, k.minimum),
  pow: binary(ulps(32), k.pow),
  equal: binary(exact, k.eq),
  notEqual: binary(exact, k.ne),
  greater: binary(exact, k.gt),
  greaterOrEqual: binary(exact, k.ge),
  lesser: binary(exact, k.lt),
  lesserOrEqual: binary(exact, k.le),
  // reductions
  reduceMax: reduction(() => 0, k.amax),
  reduceMin: reduction(() => 0, k.amin),
  reduceSum: reduction((n) => n, k.sum),
  reduceMean: reduction((n) => n + 2, k.mean),
  reduceProduct: reduction((n) => n, k.prod),
  reduceL1: reduction(
    (n) => n,
    (x, options) => k.sum(k.abs(x), options),
  ),
  reduceL2: reduction(
    (n) => 2 * n + 1,
    (x, options) => k.sqrt(k.sum(k.square(x), options)),
  ),
  reduceSumSquare: reduction(
    (n) => 2 * n,
    (x, options) => k.sum(k.square(x), options),
  ),
  reduceLogSum: reduction(
    (n) => n + 18,
    (x, options) => k.log(k.sum(x, options)),
  ),
  reduceLogSumExp: reduction((n) => 2 * n + 18, k.logsumexp),
  // shape
  concat: op(exact, ({ inputs, axis }) => k.cat(inputs, axis)),
  expand: op(exact, ({ input, newShape }) => k.expand(input, newShape)),
  gather: op(exact, gather),
  reshape: op(exact, ({ input, newShape }) => k.reshape(input, newShape)),
  slice: op(exact, slice),
  split: op(exact, split),
  transpose: op(exact, ({ input, permutation }) => k.permute(input, permutation ?? [...input.shape.keys()].reverse())),
  // products, softmax, normalisation
  matmul: op(
    ({ a }) => ulps(2 * (a.shape.at(-1) ?? 1)),
    ({ a, b }) => k.matmul(a, b),
  ),
  conv2d: op(({ filter, filterLayout = CONV_LAYOUT }) => ulps(2 * taps(filter, filterLayout)), conv2d),
  convTranspose2d: op(
    ({ filter, groups = 1, filterLayout = TRANSPOSED_LAYOUT }) => ulps((2 * taps(filter, filterLayout)) / groups),
    convTranspose2d,
  ),
  softmax: op(
    ({ input, axis = 0 }) => ulps(3 * (input.shape[axis] ?? 1) + 3),
    ({ input, axis = 0 }) => k.softmax(input, axis),
  ),
  batchNormalization: op(within(1e-5, 6), batchNormalization),
  instanceNormalization: op(within(1e-5, 6), instanceNormalization),
  layerNormalization: op(within(1e-5, 6), layerNormalization),
};
