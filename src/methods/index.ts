/**
 * kindling/methods: importing it gives tensors the rest of their methods, `x.tanh()`, `x.argmax({ dim: 1 })` and so on. Every
 * one is also a function, `tanh(x)`; they are apart because a program that does not need them should not carry them.
 *
 * @example
 * import 'kindling/methods';
 */

import { registerHook } from '../autograd/hooks.js';
import { defineMethods, type MethodsOf } from '../autograd/methods.js';
import * as binary from '../ops/binary.js';
import { cumsum, logsumexp } from '../ops/cumulative.js';
import { gather, indexSelect } from '../ops/indexing.js';
import * as reduce from '../ops/reduce.js';
import * as shape from '../ops/shape.js';
import { logSoftmax, softmax } from '../ops/softmax.js';
import { tril, triu } from '../ops/triangle.js';
import * as unary from '../ops/unary.js';
import type { Tensor } from '../tensor/tensor.js';

const { eq, ge, gt, le, lt, maximum, minimum, ne } = binary;
const { amax, amin, argmax, argmin, norm, prod, std, variance } = reduce;
const { chunk, clone, flip, maskedFill, narrow, select, slice, split, unbind } = shape;
const { abs, ceil, clamp, cos, elu, erf, floor, gelu, hardsigmoid, hardswish, leakyRelu, log1p, pow, reciprocal } =
  unary;
const { relu6, round, rsqrt, sigmoid, sign, silu, sin, softplus, square, tanh } = unary;
const { isfinite, isinf, isnan, nanToNum } = unary;

const METHODS = {
  ...{ eq, ge, gt, le, lt, maximum, minimum, ne, gather, indexSelect, logSoftmax, softmax, registerHook },
  ...{ amax, amin, argmax, argmin, norm, prod, std, variance, cumsum, logsumexp, tril, triu },
  ...{ chunk, clone, flip, maskedFill, narrow, select, slice, split, unbind },
  ...{ abs, ceil, clamp, cos, elu, erf, floor, gelu, hardsigmoid, hardswish, leakyRelu, log1p, pow, reciprocal },
  ...{ relu6, round, rsqrt, sigmoid, sign, silu, sin, softplus, square, tanh },
  ...{ isfinite, isinf, isnan, nanToNum },
};

export type { Tensor };

/** Methods that `kindling/methods` adds; each is the function of its name with the tensor as first argument. */
export interface MoreMethods extends MethodsOf<typeof METHODS> {}

declare module '../tensor/tensor.js' {
  interface Tensor extends MoreMethods {}
}

defineMethods(METHODS);
