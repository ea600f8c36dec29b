/** Functions that move elements without changing them. All are differentiable. */

import { refuse } from '../gpu/errors.js';
import { atMost, ofTensor, text, wantOperand, wantTensor } from '../gpu/options.js';
import { gatherKernel, whereKernel } from '../kernels/copy.js';
import { launch } from '../tensor/launch.js';
import { differentiable } from '../tensor/remember.js';
import { at, broadcast, broadcastStrides, dimOf, show, sizeOf, stridesOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { reshape, sumTo } from './broadcast.js';
import { type Operand, promote } from './elementwise/make.js';

/** Dimensions from `startDim` to `endDim` made one. Defaults: all. */
export function flatten(x: Tensor, startDim = 0, endDim = -1): Tensor {
  ofTensor('flatten', 3, arguments);
  const from = dimOf('flatten', startDim, x.ndim);
  const to = dimOf('flatten', endDim, x.ndim);
  if (from > to) refuse(`flatten: startDim ${startDim} comes after endDim ${endDim}`);
  return reshape(x, x.shape.toSpliced(from, to + 1 - from, sizeOf(x.shape.slice(from, to + 1))));
}

/** Without dimension `dim`, which must have length 1 to go; without all of length 1 where none is given. */
export function squeeze(x: Tensor, dim?: number): Tensor {
  ofTensor('squeeze', 2, arguments);
  const only = dim === undefined ? dim : dimOf('squeeze', dim, x.ndim);
  return reshape(
    x,
    x.shape.filter((n, d) => n !== 1 || (only !== undefined && d !== only)),
  );
}

/** With a new dimension of length 1 at `dim`. */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  ofTensor('unsqueeze', 2, arguments);
  return reshape(x, x.shape.toSpliced(dimOf('unsqueeze', dim, x.ndim + 1), 0, 1));
}

/** Dimensions in another order. */
export function permute(x: Tensor, dims: readonly number[]): Tensor {
  ofTensor('permute', 2, arguments);
  const order: readonly number[] = Array.isArray(dims) ? dims.map((dim) => dimOf('permute', dim, x.ndim)) : [];
  if (dims?.length !== x.ndim || new Set(order).size !== x.ndim) {
    refuse(`permute: ${text(dims)} does not order the dimensions of ${show(x.shape)}; give an array of them all`);
  }
  const strides = stridesOf(x.shape);
  const shape = order.map((d) => at(x.shape, d));
  const kernel = gatherKernel({ shape, strides: order.map((d) => at(strides, d)), offset: 0 });
  const back = order.map((_, d) => order.indexOf(d));
  return differentiable(
    'permute',
    [x],
    launch(kernel, [x], shape, x.dtype),
    { by: [(g) => permute(g, back)] },
    { order },
  );
}

/** Two dimensions swapped. */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  ofTensor('transpose', 3, arguments);
  const a = dimOf('transpose', dim0, x.ndim);
  const b = dimOf('transpose', dim1, x.ndim);
  return permute(
    x,
    x.shape.map((_, d) => (d === a ? b : d === b ? a : d)),
  );
}

/** A copy with memory of its own. */
export function clone(x: Tensor): Tensor {
  ofTensor('clone', 1, arguments);
  const kernel = gatherKernel({ shape: x.shape, strides: stridesOf(x.shape), offset: 0 });
  return differentiable('clone', [x], launch(kernel, [x], x.shape, x.dtype), { by: [(g) => g] }, {});
}

/** x, and `value` where the mask, which broadcasts, holds. */
export function maskedFill(x: Tensor, mask: Tensor, value: Operand): Tensor {
  ofTensor('maskedFill', 3, arguments);
  wantTensor('maskedFill', 'mask', mask);
  return choose('maskedFill', mask, wantOperand('maskedFill', 'value', value), x);
}

/** Elements of `a` where `condition`, a bool tensor, holds, of `b` elsewhere; all three broadcast. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  atMost('where', 3, arguments);
  wantTensor('where', 'condition', condition);
  return choose('where', condition, wantOperand('where', 'a', a), wantOperand('where', 'b', b));
}

function choose(name: string, condition: Tensor, a: Operand, b: Operand): Tensor {
  if (condition.dtype !== 'bool') {
    refuse(`${name}: wants a bool tensor to choose by, got ${condition.dtype}; write ne(x, 0) or x.to('bool')`);
  }
  const [x, y] = promote(a, b);
  const shape = broadcast(name, condition.shape, broadcast(name, x.shape, y.shape));
  const operands = [condition, x, y];
  const strides = operands.map((t) => broadcastStrides(t.shape, shape));
  const value = launch(whereKernel({ shape, strides }), operands, shape, x.dtype);
  const by = [
    (g: Tensor) => sumTo(where(condition, g, 0), x.shape),
    (g: Tensor) => sumTo(where(condition, 0, g), y.shape),
  ];
  return differentiable('where', [x, y], value, { by }, { condition });
}
