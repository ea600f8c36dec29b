/**
 * Batched matrix product: y[b, i, j] = Σ_k left[b, i, k] · right[b, k, j] + bias[j],
 * and, where wanted, rowSums[i] = Σ_k left[i, k]: of dW = gᵀ·x that is the bias gradient.
 *
 * Layout: row-major. left is [.., m, k], or [.., k, m] with transA; right is [.., k, n], or [.., n, k] with transB; y is
 * [.., m, n]. Batch dimensions broadcast as in PyTorch: a dimension that a factor lacks has stride 0.
 * Launch: tiles of y, see gemm/gemm.ts. Where k is long and y is small, the sum is cut into parts (gemm/split.ts).
 */
import { splitGemm } from './gemm/gemm.js';
import { type GemmTile, type GemmVariant, type Operand, shapeIsData } from './gemm/spec.js';
import { cut, type Split, splitsFor, UNIT } from './gemm/split.js';
import { interned, type Kernel, numbers } from './kernel.js';
import { indexed } from './strided.js';

export interface MatmulSpec {
  m: number;
  n: number;
  k: number;
  transA?: boolean;
  transB?: boolean;
  /** Batch dimensions of the result, and for each the elements from one matrix of a factor to its next (0: broadcast). */
  batch?: readonly number[];
  leftStrides?: readonly number[];
  rightStrides?: readonly number[];
  /** Adds bias[j]; bound third. */
  bias?: boolean;
  /** Writes the sums of the left factor's rows to a second output; for a product without batch. */
  rowSum?: boolean;
  variant: GemmVariant;
  tile?: GemmTile;
  /** Parts to cut the sum over k into; chosen from the shape by default. */
  splits?: number;
}

/**
 * The kernel [left, right, bias?] → y, rowSums?, or a {@link Split}: partial [left, right] → parts,
 * reduce [parts, bias?] → y, rowSums?. No size may be zero.
 */
export const matmul = /* @__PURE__ */ interned((spec: MatmulSpec) => matmulBy(spec, splitGemm));

/** Makes something else of the product. */
export function matmulBy(spec: MatmulSpec, make: typeof splitGemm): Kernel | Split {
  const { m, n, k, transA = false, transB = false, batch = [], leftStrides = [], rightStrides = [], variant } = spec;
  const batches = batch.reduce((a, b) => a * b, 1);
  if (spec.rowSum && batches > 1) throw new RangeError('matmul: row sums are for one matrix');
  const wanted = spec.splits ?? splitsFor(variant, { rows: m, columns: n, batches }, k);
  const { splits } = cut(k, wanted, UNIT);
  const outputs = batches * m * n;
  const size = outputs + (spec.rowSum ? m : 0);
  const sizes = {
    ...{ m, n, size, outputs },
    ...{ leftLine: transA ? 1 : k, leftStep: transA ? m : 1, rightLine: transB ? k : 1, rightStep: transB ? 1 : n },
  };
  const u = numbers(sizes, shapeIsData(variant));
  const factor = (side: 'left' | 'right', strides: readonly number[], alongK: boolean, lines: number): Operand => ({
    buffer: side,
    origin: `return vec3(${indexed(batch, strides, 'batch')} + line * ${u[`${side}Line`]}, 0u, 0u);`,
    along: u[`${side}Step`],
    contiguous: alongK ? 'inner' : 'line',
    aligned: (alongK ? k : lines) % 4 === 0,
  });
  const left = factor('left', leftStrides, !transA, m);
  const right = factor('right', rightStrides, transB, n);
  return make(
    {
      ...{ name: 'matmul', variant, tile: spec.tile, sizes, batches, splits },
      ...{ rows: m, columns: n, outer: 1, inner: k, left, right, overBatch: transA && !transB },
      read: { left: 'f32', right: 'f32' },
      rowOffset: `(batch * params.m + row) * ${u.n}`,
      columnOffset: 'column',
      rowSum: spec.rowSum ? { buffer: 'rowSums', at: 'row' } : undefined,
    },
    { output: outputs, ...(spec.rowSum && { rowSums: m }) },
    spec.bias ? { read: { bias: 'f32' }, sizes: { n }, ofColumn: 'bias[column]', of: 'bias[i % params.n]' } : undefined,
  );
}
