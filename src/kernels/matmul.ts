/**
 * Batched matrix product: y[b, i, j] = relu?( Σ_k left[b, i, k] · right[b, k, j] + bias[j] ).
 *
 * Layout: row-major. left is [.., m, k], or [.., k, m] with transA; right is [.., k, n], or [.., n, k] with transB; y is
 * [.., m, n]. Batch dimensions broadcast as in PyTorch: a dimension that a factor lacks has stride 0.
 * Launch: tiles of y, see gemm/gemm.ts. Where k is long and y is small, the sum is cut into parts (gemm/split.ts).
 */
import { gemm } from './gemm/gemm.js';
import type { GemmTile, GemmVariant, Operand } from './gemm/spec.js';
import { type Split, splitsFor, sumParts } from './gemm/split.js';
import { type Element, interned, type Kernel } from './kernel.js';

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
  { transA = false, transB = false }: { transA?: boolean; transB?: boolean } = {},
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
 * The kernel [left, right, bias?] → y, or a {@link Split}: partial [left, right] → parts, reduce [parts, bias?] → y.
 * No size may be zero.
 */
export const matmul = interned((spec: MatmulSpec): Kernel | Split => {
  const { m, n, k, transA = false, transB = false, batch = [], leftStrides = [], rightStrides = [], variant } = spec;
  const batches = batch.reduce((a, b) => a * b, 1);
  const wanted = spec.splits ?? splitsFor(variant, { rows: m, columns: n, batches }, k);
  const inner = Math.ceil(k / wanted);
  const splits = Math.ceil(k / inner);
  const factor = (buffer: string, strides: readonly number[], alongK: boolean, lines: number): Operand => {
    const stride = alongK ? 1 : lines;
    const start = `(${matrixOffset(batch, strides)}) + line${alongK ? ` * ${k}u` : ''}`;
    return {
      buffer,
      origin: `return vec3(${start}, 0u, 0u);`,
      run: `return vec3(origin.x + outer * ${inner * stride}u, 0u, min(${inner}u, ${k}u - outer * ${inner}u));`,
      checked: splits * inner !== k,
      stride,
      contiguous: alongK ? 'inner' : 'line',
    };
  };
  const product = {
    name: 'matmul',
    variant,
    tile: spec.tile,
    batches,
    rows: m,
    columns: n,
    outer: splits,
    inner,
    left: factor('left', leftStrides, !transA, m),
    right: factor('right', rightStrides, transB, n),
    columnOffset: 'column',
  };
  const factors = { left: 'f32', right: 'f32' } as const;
  const extra: Record<string, Element> = spec.bias ? { bias: 'f32' as const } : {};
  if (splits === 1) {
    return gemm({
      ...product,
      rowOffset: `(batch * ${m}u + row) * ${n}u`,
      read: { ...factors, ...extra },
      columnBias: spec.bias ? 'bias[column]' : undefined,
      relu: spec.relu,
    });
  }
  const size = batches * m * n;
  const rowOffset = `split * ${size}u + (batch * ${m}u + row) * ${n}u`;
  return {
    partial: gemm({ ...product, name: 'matmul.partial', splits, rowOffset, read: factors }),
    partialSize: splits * size,
    reduce: sumParts({
      name: 'matmul.reduce',
      parts: splits,
      outputs: { output: size },
      extra,
      bias: spec.bias ? `bias[i % ${n}u]` : undefined,
      relu: spec.relu,
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
