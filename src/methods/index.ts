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
import { type AlongDim, kthvalue, max, median, min, type Whole } from '../ops/extremes.js';
import { gather, indexSelect } from '../ops/indexing.js';
import type { Found } from '../ops/ordered.js';
import { chunk, flip, narrow, select, slice, split, unbind } from '../ops/parts.js';
import { baddbmm, bmm, dot, mv, outer } from '../ops/products.js';
import { clone, maskedFill } from '../ops/shape.js';
import { logSoftmax, softmax } from '../ops/softmax.js';
import { tril, triu } from '../ops/triangle.js';
import { unfold } from '../ops/windows.js';
import type { Tensor } from '../tensor/tensor.js';
import * as whole from './whole.js';

const METHODS = {
  ...whole,
  ...{
    baddbmm,
    bmm,
    chunk,
    clone,
    dot,
    flip,
    gather,
    indexSelect,
    kthvalue,
    logSoftmax,
    maskedFill,
    movedim,
    mv,
    narrow,
  },
  ...{ outer, registerHook, roll, rot90, select, slice, softmax, split, tril, triu, unbind, unflatten, unfold },
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
