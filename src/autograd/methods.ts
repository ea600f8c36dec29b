/**
 * Gives `Tensor` its methods: every function of the first floor that is a method in PyTorch, and `backward`. Imported once, by
 * the package's entry.
 */
import { refuse } from '../gpu/errors.js';
import { Tensor } from '../tensor/tensor.js';
import * as binary from './binary.js';
import * as broadcast from './broadcast.js';
import { cast } from './cast.js';
import { cumsum, logsumexp } from './cumulative.js';
import { registerHook } from './hooks.js';
import { gather, indexSelect } from './indexing.js';
import { matmul } from './matmul.js';
import * as reduce from './reduce.js';
import * as shape from './shape.js';
import { logSoftmax, softmax } from './softmax.js';
import { backward } from './tape.js';
import { tril, triu } from './triangle.js';
import * as unary from './unary.js';

const { add, div, eq, ge, gt, le, lt, maximum, minimum, mul, ne, sub } = binary;
const { amax, amin, argmax, argmin, mean, norm, prod, std, variance } = reduce;
const { chunk, clone, flatten, flip, maskedFill, narrow, select, slice, split, squeeze, transpose, unbind, unsqueeze } =
  shape;
const { abs, ceil, clamp, cos, elu, erf, exp, floor, gelu, hardsigmoid, hardswish, leakyRelu, log, log1p, neg } = unary;
const { isfinite, isinf, isnan, nanToNum } = unary;
const { pow, reciprocal, relu, relu6, round, rsqrt, sigmoid, sign, silu, sin, softplus, sqrt, square, tanh } = unary;

/** Methods whose arguments are the function's own. */
const METHODS = {
  ...{ add, div, eq, ge, gt, le, lt, maximum, minimum, mul, ne, sub, matmul, sum: broadcast.sum, to: cast },
  ...{ amax, amin, argmax, argmin, mean, norm, prod, std, variance, cumsum, logsumexp, logSoftmax, softmax },
  ...{ chunk, clone, flatten, flip, maskedFill, narrow, select, slice, split, squeeze, transpose, unbind, unsqueeze },
  ...{ gather, indexSelect, tril, triu, registerHook, backward },
  ...{ abs, ceil, clamp, cos, elu, erf, exp, floor, gelu, hardsigmoid, hardswish, leakyRelu, log, log1p, neg },
  ...{ isfinite, isinf, isnan, nanToNum },
  ...{ pow, reciprocal, relu, relu6, round, rsqrt, sigmoid, sign, silu, sin, softplus, sqrt, square, tanh },
};

type Rest<F> = F extends (x: Tensor, ...rest: infer R) => infer Result ? (...rest: R) => Result : never;

/** Functions as methods: the tensor is their first argument. */
export type MethodsOf<Functions> = { [Name in keyof Functions]: Rest<Functions[Name]> };

/** Methods of tensors that are the function of their name with the tensor as first argument. */
export interface Methods extends MethodsOf<typeof METHODS> {}

declare module '../tensor/tensor.js' {
  interface Tensor extends Methods {
    reshape(...shape: number[] | [readonly number[]]): Tensor;
    /** {@link Tensor.reshape} under its other name. */
    view(...shape: number[] | [readonly number[]]): Tensor;
    permute(...dims: number[] | [readonly number[]]): Tensor;
    expand(...shape: number[] | [readonly number[]]): Tensor;
    /** The transpose of a matrix. */
    readonly T: Tensor;
  }
}

/** Methods that take a shape as one array or as numbers. */
const SHAPED = {
  reshape: broadcast.reshape,
  view: broadcast.reshape,
  permute: shape.permute,
  expand: broadcast.expand,
} satisfies Record<string, (x: Tensor, shape: readonly number[]) => Tensor>;

function define(name: string, method: (this: Tensor, ...rest: never[]) => unknown): void {
  Object.defineProperty(Tensor.prototype, name, { value: method, configurable: true, writable: true });
}

for (const [name, call] of Object.entries<(x: Tensor, ...rest: never[]) => unknown>(METHODS)) {
  define(name, function (...rest) {
    return call(this, ...rest);
  });
}
for (const [name, call] of Object.entries(SHAPED)) {
  define(name, function (this: Tensor, ...given: (number | readonly number[])[]) {
    return call(this, given.flat() as number[]);
  });
}
Object.defineProperty(Tensor.prototype, 'T', {
  configurable: true,
  get(this: Tensor) {
    return shape.transpose(this, 0, 1);
  },
});

// What PyTorch's users write out of habit. Without these JavaScript says "not a function", or nothing at all.
const advise = (name: string, instead: string): void =>
  define(name, () => refuse(`Tensor has no ${name}(): ${instead}`));

/** What to write for methods that have another name here, or no need to be. */
const ELSEWHERE = {
  'tensors are on the device already': 'cuda cpu',
  'await data() or array()': 'numpy tolist',
  'see shape, size (the number of elements) and ndim': 'numel nelement dim',
  "to('f32')": 'float double half',
  "to('i32')": 'int long',
  "to('bool')": 'bool',
  'elements lie in row-major order without gaps already': 'contiguous',
  'amax() and amin(), argmax() and argmin()': 'max min',
  'variance()': 'var',
  'ops return a new tensor: x = x.add(y)': 'add_ sub_ mul_ div_ neg_ exp_ clamp_ relu_ pow_ sqrt_',
  'copy_() writes a leaf': 'zero_ fill_',
};
for (const [instead, names] of Object.entries(ELSEWHERE)) for (const name of names.split(' ')) advise(name, instead);
for (const name of ['requiresGrad_', 'retainGrad', ...Object.keys(METHODS)]) {
  const theirs = name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
  if (theirs !== name) advise(theirs, `it is ${name}() here`);
}
const noSuchField = (): never => refuse('Tensor has no requires_grad: it is requiresGrad here');
Object.defineProperty(Tensor.prototype, 'requires_grad', { configurable: true, get: noSuchField, set: noSuchField });
