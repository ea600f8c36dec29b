/** Products under the names that they have in PyTorch besides `matmul`. */

import { refuse } from '../gpu/errors.js';
import { atMost, checked, type Known, wantTensor } from '../gpu/options.js';
import { broadcast, type Shape, sameShape, show, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { reshape, sum } from './broadcast.js';
import { add, mul } from './elementwise/arithmetic.js';
import { checkFloat, linear, matmul } from './matmul.js';

function wantRanks(name: string, a: Tensor, b: Tensor, ranks: readonly [number, number], usage: string): void {
  wantTensor(name, 'a', a);
  wantTensor(name, 'b', b);
  if (a.ndim !== ranks[0] || b.ndim !== ranks[1]) {
    refuse(`${name}: wants ${usage}, got ${show(a.shape)} and ${show(b.shape)}`);
  }
}

function batches(name: string, a: Tensor, b: Tensor): Tensor {
  wantRanks(name, a, b, [3, 3], '[B, n, m] and [B, m, p]');
  checkFloat(name, a, b);
  if (a.shape[0] !== b.shape[0] || a.shape[2] !== b.shape[1]) {
    refuse(`${name}: ${show(a.shape)} and ${show(b.shape)} are not [B, n, m] and [B, m, p]`);
  }
  return matmul(a, b);
}

/**
 * Products of matrices, batch by batch; nothing broadcasts.
 *
 * @param a [B, n, m]
 * @param b [B, m, p]
 * @returns [B, n, p]
 * @see https://pytorch.org/docs/stable/generated/torch.bmm.html
 */
export function bmm(a: Tensor, b: Tensor): Tensor {
  atMost('bmm', 2, arguments);
  return batches('bmm', a, b);
}

export interface BaddbmmOptions {
  /** Factor of the input; with 0 the input is not read, NaN or not, and gets no gradient. Default: 1. */
  beta?: number | undefined;
  /** Factor of the products. Default: 1. */
  alpha?: number | undefined;
}

const BADDBMM: Known<BaddbmmOptions> = { beta: 'number', alpha: 'number' };

/**
 * beta · input + alpha · (a · b), batch by batch.
 *
 * @param input what broadcasts to [B, n, p]
 * @param a [B, n, m]
 * @param b [B, m, p]
 * @returns [B, n, p]
 * @see https://pytorch.org/docs/stable/generated/torch.baddbmm.html
 */
export function baddbmm(input: Tensor, a: Tensor, b: Tensor, options: BaddbmmOptions = {}): Tensor {
  wantTensor('baddbmm', 'input', input);
  checkFloat('baddbmm', input);
  const { beta = 1, alpha = 1 } = checked('baddbmm', options, BADDBMM);
  const product = batches('baddbmm', a, b);
  if (!sameShape(broadcast('baddbmm', input.shape, product.shape), product.shape)) {
    refuse(`baddbmm: input ${show(input.shape)} does not broadcast to ${show(product.shape)}`);
  }
  const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : mul(x, factor));
  const y = scaled(product, alpha);
  return beta === 0 ? y : add(scaled(input, beta), y);
}

/**
 * y[i, j] = a[i] · b[j].
 * @see https://pytorch.org/docs/stable/generated/torch.outer.html
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  atMost('outer', 2, arguments);
  wantRanks('outer', a, b, [1, 1], 'two vectors');
  return mul(reshape(a, [a.size, 1]), b);
}

/**
 * Σ a[i] · b[i] of two vectors of one length and type.
 * @see https://pytorch.org/docs/stable/generated/torch.dot.html
 */
export function dot(a: Tensor, b: Tensor): Tensor {
  atMost('dot', 2, arguments);
  wantRanks('dot', a, b, [1, 1], 'two vectors');
  if (a.size !== b.size || a.dtype !== b.dtype) {
    refuse(`dot: ${show(a.shape)} ${a.dtype} and ${show(b.shape)} ${b.dtype} are not of one length and type`);
  }
  return a.dtype === 'f32' ? matmul(a, b) : sum(mul(a, b));
}

/**
 * A matrix times a vector.
 *
 * @param a [n, m]
 * @param b [m]
 * @returns [n]
 * @see https://pytorch.org/docs/stable/generated/torch.mv.html
 */
export function mv(a: Tensor, b: Tensor): Tensor {
  atMost('mv', 2, arguments);
  wantRanks('mv', a, b, [2, 1], 'a matrix [n, m] and a vector [m]');
  checkFloat('mv', a, b);
  if (a.shape[1] !== b.size) refuse(`mv: ${show(a.shape)} and ${show(b.shape)} do not multiply`);
  return matmul(a, b);
}

/**
 * y[.., k] = Σ_ij x1[.., i] · weight[k, i, j] · x2[.., j] + bias[k].
 *
 * @param x1 [..., in1]
 * @param x2 [..., in2], with the same leading dimensions
 * @param weight [out, in1, in2]
 * @param bias [out]
 * @returns [..., out]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html
 */
export function bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  atMost('bilinear', 4, arguments);
  wantTensor('bilinear', 'x1', x1);
  wantTensor('bilinear', 'x2', x2);
  wantTensor('bilinear', 'weight', weight);
  if (bias !== null) wantTensor('bilinear', 'bias', bias);
  checkFloat('bilinear', x1, x2, weight, ...(bias ? [bias] : []));
  const [out = 0, in1 = 0, in2 = 0] = weight.shape;
  const lead: Shape = x1.shape.slice(0, -1);
  if (weight.ndim !== 3) refuse(`bilinear: wants weight [out, in1, in2], got ${show(weight.shape)}`);
  if (!sameShape(x1.shape, [...lead, in1]) || !sameShape(x2.shape, [...lead, in2])) {
    refuse(
      `bilinear: weight ${show(weight.shape)} wants [..., ${in1}] and [..., ${in2}], got ${show(x1.shape)} and ${show(x2.shape)}`,
    );
  }
  if (bias && !sameShape(bias.shape, [out])) {
    refuse(`bilinear: weight ${show(weight.shape)} wants bias [${out}], got ${show(bias.shape)}`);
  }
  const rows = sizeOf(lead);
  // Every row of x2 with all in1 · out rows of the weights, and then a matrix by a vector for each row of x1.
  const half = linear(reshape(x2, [rows, in2]), reshape(weight, [out * in1, in2]));
  const y = reshape(matmul(reshape(half, [rows, out, in1]), reshape(x1, [rows, in1, 1])), [...lead, out]);
  return bias ? add(y, bias) : y;
}
