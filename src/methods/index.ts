/**
 * kindling/methods: importing it gives tensors the rest of their methods, `x.tanh()`, `x.argmax({ dim: 1 })` and so on. Every
 * one is also a function, `tanh(x)`; they are apart because a program that does not need them should not carry them.
 *
 * @example
 * import 'kindling/methods';
 */

import { registerHook } from '../autograd/hooks.js';
import { defineMethods, type MethodsOf } from '../autograd/methods.js';
import { movedim, roll, rot90, unflatten } from '../ops/arrange.js';
import * as products from '../ops/cumprod.js';
import * as cumulative from '../ops/cumulative.js';
import { diag, diagonal } from '../ops/diagonal.js';
import * as activations from '../ops/elementwise/activations.js';
import * as arithmetic from '../ops/elementwise/arithmetic.js';
import * as comparison from '../ops/elementwise/comparison.js';
import * as exponential from '../ops/elementwise/exponential.js';
import * as hyperbolic from '../ops/elementwise/hyperbolic.js';
import * as logical from '../ops/elementwise/logical.js';
import { pow } from '../ops/elementwise/pow.js';
import * as powers from '../ops/elementwise/powers.js';
import * as remainders from '../ops/elementwise/remainder.js';
import * as trigonometric from '../ops/elementwise/trigonometric.js';
import { type AlongDim, kthvalue, max, median, min, type Whole } from '../ops/extremes.js';
import { gather, indexSelect } from '../ops/indexing.js';
import type { Found } from '../ops/ordered.js';
import * as parts from '../ops/parts.js';
import { baddbmm, bmm, dot, mv, outer } from '../ops/products.js';
import * as reduce from '../ops/reduce.js';
import * as repeats from '../ops/repeat.js';
import * as scattering from '../ops/scatter.js';
import * as selecting from '../ops/select.js';
import { clone, maskedFill } from '../ops/shape.js';
import { logSoftmax, softmax } from '../ops/softmax.js';
import * as ordering from '../ops/sort.js';
import { tril, triu } from '../ops/triangle.js';
import * as truth from '../ops/truth.js';
import { unfold } from '../ops/windows.js';
import * as written from '../ops/written.js';
import type { Tensor } from '../tensor/tensor.js';

const { eq, ge, gt, le, lt, ne, isfinite, isinf, isnan } = comparison;
const { abs, ceil, floor, maximum, minimum, reciprocal, round, rsqrt, sign, square } = arithmetic;
const { cos, erf, log1p, sigmoid, sin, tanh } = exponential;
const { clamp, elu, gelu, hardsigmoid, hardswish, leakyRelu, nanToNum, relu6, silu, softplus } = activations;
const { amax, amin, argmax, argmin, norm, prod, std, variance } = reduce;
const { chunk, flip, narrow, select, slice, split, unbind } = parts;

const METHODS = {
  ...{ eq, ge, gt, le, lt, maximum, minimum, ne, gather, indexSelect, logSoftmax, softmax, registerHook },
  ...{ amax, amin, argmax, argmin, norm, prod, std, variance, tril, triu },
  ...{ chunk, clone, flip, kthvalue, maskedFill, narrow, select, slice, split, unbind },
  ...{ diag, diagonal, movedim, roll, rot90, unflatten, unfold },
  ...{ baddbmm, bmm, dot, mv, outer },
  ...{ abs, ceil, clamp, cos, elu, erf, floor, gelu, hardsigmoid, hardswish, leakyRelu, log1p, pow, reciprocal },
  ...{ relu6, round, rsqrt, sigmoid, sign, silu, sin, softplus, square, tanh },
  ...{
    isfinite,
    isinf,
    isnan,
    nanToNum,
    ...cumulative,
    ...hyperbolic,
    ...logical,
    ...ordering,
    ...powers,
    ...products,
    ...remainders,
    ...repeats,
    ...scattering,
    ...selecting,
    ...trigonometric,
    ...truth,
    ...written,
  },
};

/** Methods that give one tensor or two. */
const EXTREMES = { max, median, min };

export type { Tensor };

/** Methods that `kindling/methods` adds; each is the function of its name with the tensor as first argument. */
export interface MoreMethods extends MethodsOf<typeof METHODS> {
  max(options?: Whole): Tensor;
  max(options: AlongDim): Found;
  median(options?: Whole): Tensor;
  median(options: AlongDim): Found;
  min(options?: Whole): Tensor;
  min(options: AlongDim): Found;
}

declare module '../tensor/tensor.js' {
  interface Tensor extends MoreMethods {}
}

defineMethods(METHODS);
defineMethods(EXTREMES);
