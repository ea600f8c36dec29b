/** Norms of vectors and of matrices. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, text, wantTensor } from '../gpu/options.js';
import { dimsOf, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { REDUCE, type ReduceOptions, reducedShape, reshape, sum } from './broadcast.js';
import { cast } from './cast.js';
import { abs } from './elementwise/arithmetic.js';
import { eq, ne } from './elementwise/comparison.js';
import { pow } from './elementwise/pow.js';
import { amax, amin, norm as positiveNorm } from './reduce.js';
import { permute, where } from './shape.js';
import { singularValues } from './singular.js';
import { any } from './truth.js';

export interface VectorNormOptions extends ReduceOptions {
  /** The exponent. Default: 2. */
  ord?: number | undefined;
}

export interface MatrixNormOptions {
  /**
   * 'fro' is the root of all squares; 1 and −1 the largest and least sum of a column, ±Infinity of a row; 2 and −2 the largest and
   * least singular value, 'nuc' the sum of these. Default: 'fro'.
   */
  ord?: 'fro' | 'nuc' | 1 | -1 | 2 | -2 | number | undefined;
  /** Rows and columns. Default: [-2, -1]. */
  dim?: readonly number[] | undefined;
  /** Keep reduced dimensions with length 1. Default: false. */
  keepdim?: boolean | undefined;
}

export interface NormOptions extends ReduceOptions {
  /** As that of {@link vectorNorm} or {@link matrixNorm}. Default: the root of all squares, over any dimensions. */
  ord?: 'fro' | 'nuc' | number | undefined;
}

const VECTOR: Known<VectorNormOptions> = { ...REDUCE, ord: 'number' };

/**
 * (Σ |x|^ord)^(1/ord) over dimensions; the largest and least |x| of ±Infinity, the number of elements that are not 0 of 0. Where
 * there is an infinite slope, at 0, its gradient is 0.
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html
 */
export function vectorNorm(x: Tensor, options: VectorNormOptions = {}): Tensor {
  wantTensor('vectorNorm', 'x', x);
  return ofVectors(x, checked('vectorNorm', options, VECTOR));
}

function ofVectors(given: Tensor, { ord = 2, ...along }: VectorNormOptions): Tensor {
  const x = cast(given, 'f32');
  if (Number.isNaN(ord)) refuse('vectorNorm: ord is NaN');
  if (ord > 0) return positiveNorm(x, { ...along, p: ord });
  if (ord === 0) return sum(cast(ne(x, 0), 'f32'), along);
  const sizes = abs(x);
  if (ord === Number.NEGATIVE_INFINITY) return amin(sizes, along);
  const none = eq(sizes, 0);
  const total = sum(pow(where(none, 1, sizes), ord), along);
  return where(any(none, along), 0, pow(total, 1 / ord));
}

/**
 * Norms of matrices. Those of singular values take matrices as large as {@link svdvals} does; the gradient where several are the
 * extreme is shared among them, and the second derivative there is NaN.
 *
 * @throws KindlingError for orders that are none, and as {@link svdvals}
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.matrix_norm.html
 */
export function matrixNorm(x: Tensor, options: MatrixNormOptions = {}): Tensor {
  wantTensor('matrixNorm', 'x', x);
  return ofMatrices('matrixNorm', x, checked('matrixNorm', options, { ...REDUCE, ord: 'any' }));
}

function ofMatrices(
  name: string,
  x: Tensor,
  { ord = 'fro', dim = [-2, -1], keepdim = false }: MatrixNormOptions,
): Tensor {
  if (!Array.isArray(dim) || dim.length !== 2) refuse(`${name}: dim ${text(dim)} are not those of rows and columns`);
  const dims = dimsOf(name, dim, x.ndim);
  const [rows = 0, columns = 0] = dim;
  if (ord === 'fro') return ofVectors(x, { dim: dims, keepdim });
  const shape = reducedShape(x.shape, dims, keepdim);
  if (ord === 'nuc' || ord === 2 || ord === -2) {
    const others = x.shape.map((_, d) => d).filter((d) => !dims.includes(d));
    const matrices = permute(cast(x, 'f32'), [...others, ...dims]);
    const values = singularValues(name, matrices, ord === 'nuc' ? 'sum' : 'extreme');
    return reshape((ord === 'nuc' ? sum : ord > 0 ? amax : amin)(values, { dim: -1 }), shape);
  }
  const size = Math.abs(ord);
  if (size !== 1 && size !== Number.POSITIVE_INFINITY) {
    refuse(`${name}: order ${text(ord)} of matrices is none of 'fro', 'nuc', 1, -1, 2, -2, Infinity and -Infinity`);
  }
  const [along, across] = size === 1 ? [rows, columns] : [columns, rows];
  const sums = sum(abs(cast(x, 'f32')), { dim: along, keepdim: true });
  return reshape((ord > 0 ? amax : amin)(sums, { dim: across, keepdim: true }), shape);
}

/**
 * Without `ord` the root of all squares. With it that of vectors, {@link vectorNorm}, along one `dim` or of a vector, else that of
 * matrices, {@link matrixNorm}, along two or of a matrix.
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.norm.html
 */
export function norm(x: Tensor, options: NormOptions = {}): Tensor {
  wantTensor('norm', 'x', x);
  const { ord, dim, keepdim = false } = checked('norm', options, { ...REDUCE, ord: 'any' });
  if (ord === undefined) return ofVectors(x, { dim, keepdim });
  if (dim === undefined && x.ndim !== 1 && x.ndim !== 2) {
    refuse(`norm: an order without dim is of a vector or a matrix, got ${show(x.shape)}; name one dim or two`);
  }
  const dims = dim === undefined ? x.shape.map((_, d) => d) : [dim].flat();
  if (dims.length !== 1) return ofMatrices('norm', x, { ord, dim: dims, keepdim });
  if (typeof ord !== 'number') refuse(`norm: order ${text(ord)} is of matrices, and dim ${text(dims)} of vectors`);
  return ofVectors(x, { ord, dim: dims, keepdim });
}
