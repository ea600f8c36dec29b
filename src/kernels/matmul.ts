/**
 * Batched matrix product: y[b, i, j] = mask?( relu?( Σ_k left[b, i, k] · right[b, k, j] + bias[j] ) ),
 * and, where wanted, rowSums[i] = Σ_k left[i, k]: of dW = gᵀ·x that is the bias gradient.
 *
 * Layout: row-major. left is [.., m, k], or [.., k, m] with transA; right is [.., k, n], or [.., n, k] with transB; y is
 * [.., m, n]. Batch dimensions broadcast as in PyTorch: a dimension that a factor lacks has stride 0.
 * Launch: tiles of y, see gemm/gemm.ts. Where k is long and y is small, the sum is cut into parts (gemm/split.ts).
 */
import { gemm } from './gemm/gemm.js';
import { type GemmTile, type GemmVariant, type Operand, shapeIsData } from './gemm/spec.js';
import { cut, type Split, splitsFor, sumParts, UNIT } from './gemm/split.js';
import { readsVec4 } from './gemm/workgroup.js';
import { type Element, interned, type Kernel, numbers } from './kernel.js';

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
  relu?: boolean;
  /** Makes y 0 where the buffer of y's shape that is bound after the bias, a ReLU's, is 0: ReLU's backward. */
  mask?: boolean;
  /** Writes the sums of the left factor's rows to a second output; for a product without batch. */
  rowSum?: boolean;
  variant: GemmVariant;
  tile?: GemmTile;
  /** Parts to cut the sum over k into; chosen from the shape by default. */
  splits?: number;
}

/**
 * Sizes and strides of a product of two tensors of rank 2 or more, with the shape of its result. Returns null where the
 * shapes do not fit. A right factor without batch is multiplied by all rows of the left at once.
 */
export function matmulShape(
  left: readonly number[],
  right: readonly number[],
  { transA = false, transB = false }: { transA?: boolean | undefined; transB?: boolean } = {},
): { spec: Omit<MatmulSpec, 'variant'>; shape: number[] } | null {
  const [leftRows = 0, leftColumns = 0] = left.slice(-2);
  const [rightRows = 0, rightColumns = 0] = right.slice(-2);
  const [m, k] = transA ? [leftColumns, leftRows] : [leftRows, leftColumns];
  const [inner, n] = transB ? [rightColumns, rightRows] : [rightRows, rightColumns];
  if (left.length < 2 || right.length < 2 || k !== inner) return null;
  const rank = Math.max(left.length, right.length) - 2;
  const padded = (shape: readonly number[]): number[] => [
    ...Array(rank - (shape.length - 2)).fill(1),
    ...shape.slice(0, -2),
  ];
  const [leftBatch, rightBatch] = [padded(left), padded(right)];
  const batch: number[] = [];
  for (const [d, a] of leftBatch.entries()) {
    const b = rightBatch[d] ?? 1;
    if (a !== b && a !== 1 && b !== 1) return null;
    batch.push(a === 1 ? b : a);
  }
  const shape = [...batch, m, n];
  const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
  const base = { n, k, transA, transB };
  if (!transA && product(rightBatch) === 1) return { spec: { ...base, m: m * product(batch) }, shape };
  const strides = (dims: readonly number[], matrix: number): number[] =>
    dims.map((size, d) => (size === 1 ? 0 : matrix * product(dims.slice(d + 1))));
  const leftStrides = strides(leftBatch, m * k);
  return { spec: { ...base, m, batch, leftStrides, rightStrides: strides(rightBatch, k * n) }, shape };
}

/**
 * The kernel [left, right, bias?, mask?] → y, rowSums?, or a {@link Split}: partial [left, right] → parts,
 * reduce [parts, bias?, mask?] → y, rowSums?. No size may be zero.
 */
export const matmul = /* @__PURE__ */ interned((spec: MatmulSpec): Kernel | Split => {
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
    origin: `return vec3(${matrixOffset(batch, strides)} + line * ${u[`${side}Line`]}, 0u, 0u);`,
    checked: false,
    along: u[`${side}Step`],
    contiguous: alongK ? 'inner' : 'line',
    aligned: (alongK ? k : lines) % 4 === 0,
  });
  const left = factor('left', leftStrides, !transA, m);
  const right = factor('right', rightStrides, transB, n);
  const element = (operand: Operand): Element => (readsVec4(variant, operand) ? 'vec4<f32>' : 'f32');
  const product = {
    ...{ name: 'matmul', variant, tile: spec.tile, sizes, batches },
    ...{ rows: m, columns: n, outer: 1, inner: k, left, right },
    columnOffset: 'column',
  };
  const factors = { left: element(left), right: element(right) };
  const extra: Record<string, Element> = { ...(spec.bias && { bias: 'f32' }), ...(spec.mask && { mask: 'f32' }) };
  if (splits === 1) {
    return gemm({
      ...product,
      rowOffset: `(batch * ${u.m} + row) * ${u.n}`,
      read: { ...factors, ...extra },
      columnBias: spec.bias ? 'bias[column]' : undefined,
      relu: spec.relu,
      mask: spec.mask ? 'mask' : undefined,
      rowSum: spec.rowSum ? { buffer: 'rowSums', at: 'row' } : undefined,
    });
  }
  return {
    partial: gemm({
      ...product,
      name: 'matmul.partial',
      splits,
      rowOffset: `split * ${u.size} + (batch * ${u.m} + row) * ${u.n}`,
      read: factors,
      rowSum: spec.rowSum ? { buffer: 'output', at: `split * ${u.size} + ${u.outputs} + row` } : undefined,
    }),
    partialSize: splits * size,
    reduce: sumParts({
      name: 'matmul.reduce',
      parts: splits,
      outputs: { output: outputs, ...(spec.rowSum && { rowSums: m }) },
      extra,
      sizes: { n },
      bias: spec.bias ? 'bias[i % params.n]' : undefined,
      relu: spec.relu,
      mask: spec.mask ? 'mask' : undefined,
    }),
  };
});

/** WGSL of the first element of a factor's matrix in `batch`. */
function matrixOffset(batch: readonly number[], strides: readonly number[]): string {
  let inside = 1;
  const terms: string[] = [];
  for (const d of [...batch.keys()].reverse()) {
    const size = batch[d] ?? 1;
    if (size > 1 && strides[d]) terms.push(`batch / ${inside}u % ${size}u * ${strides[d]}u`);
    inside *= size;
  }
  return terms.join(' + ') || '0u';
}
