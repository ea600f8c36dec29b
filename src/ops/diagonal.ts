/** Diagonals: blocks whose stride is that of two dimensions together. */

import { refuse } from '../gpu/errors.js';
import { checked, type Known, ofTensor, required, wantTensor } from '../gpu/options.js';
import { at, dimOf, show, stridesOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { putBlock, takeBlock } from './blocks.js';

export interface DiagonalOptions {
  /** 0 is the main diagonal, above 0 those right of it, below 0 those under it. Default: 0. */
  offset?: number | undefined;
  /** The dimension of the rows. Default: 0. */
  dim1?: number | undefined;
  /** The dimension of the columns. Default: 1. */
  dim2?: number | undefined;
}

const DIAGONAL: Known<DiagonalOptions> = { offset: 'whole', dim1: 'whole', dim2: 'whole' };

/**
 * A diagonal of two dimensions, which go away; it becomes the last one.
 *
 * @param options.offset default 0, the main diagonal
 * @param options.dim1 default 0
 * @param options.dim2 default 1
 * @see https://pytorch.org/docs/stable/generated/torch.diagonal.html
 */
export function diagonal(x: Tensor, options: DiagonalOptions = {}): Tensor {
  wantTensor('diagonal', 'x', x);
  const { offset = 0, dim1 = 0, dim2 = 1 } = checked('diagonal', options, DIAGONAL);
  if (x.ndim < 2) refuse(`diagonal: wants two dimensions or more, got ${show(x.shape)}`);
  const [row, column] = [dimOf('diagonal', dim1, x.ndim), dimOf('diagonal', dim2, x.ndim)];
  if (row === column) refuse(`diagonal: dim1 ${dim1} and dim2 ${dim2} are one dimension of ${show(x.shape)}`);
  const strides = stridesOf(x.shape);
  const down = Math.max(0, -offset);
  const right = Math.max(0, offset);
  const length = Math.max(0, Math.min(at(x.shape, row) - down, at(x.shape, column) - right));
  const others = <T>(values: readonly T[]): T[] => values.filter((_, d) => d !== row && d !== column);
  return takeBlock('diagonal', x, {
    shape: [...others(x.shape), length],
    strides: [...others(strides), at(strides, row) + at(strides, column)],
    offset: length && down * at(strides, row) + right * at(strides, column),
  });
}

/**
 * Of a vector the matrix with it on a diagonal, zeros elsewhere; of a matrix its diagonal.
 *
 * @param diagonal which one, see {@link DiagonalOptions}. Default: 0
 * @see https://pytorch.org/docs/stable/generated/torch.diag.html
 */
export function diag(x: Tensor, diagonal = 0): Tensor {
  ofTensor('diag', 2, arguments);
  required('diag', { diagonal }, { diagonal: 'whole' });
  if (x.ndim === 2) return diagonalOf(x, diagonal);
  if (x.ndim !== 1) refuse(`diag: wants a vector or a matrix, got ${show(x.shape)}`);
  const side = x.size + Math.abs(diagonal);
  const offset = diagonal > 0 ? diagonal : -diagonal * side;
  return putBlock(x, { shape: x.shape, strides: [side + 1], offset }, [side, side], 'diag');
}

const diagonalOf = (x: Tensor, offset: number): Tensor => diagonal(x, { offset });
