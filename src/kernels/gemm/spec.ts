/**
 * The description of a matrix product that the variants of the gemm turn into WGSL; see gemm.ts for the mathematics.
 */
import type { Element } from '../kernel.js';

/**
 * How a tile is computed.
 * - `registers`: each invocation owns a block of outputs and reads both factors from storage. No barriers.
 * - `subgroups`: the same, but four lanes share what they read of the left factor. Needs the feature `subgroups`.
 * - `workgroup`: tiles of both factors in workgroup memory. For GPUs.
 */
export type GemmVariant = 'registers' | 'subgroups' | 'workgroup';

/** Outputs per invocation (rows × columns) and invocations per workgroup; a default is chosen from the shape. */
export interface GemmTile {
  rows: number;
  columns: number;
  /** `registers` and `subgroups`: lanes side by side along the columns. */
  lanes?: number;
  /** `workgroup`: invocations along the rows and along the columns. */
  threads?: readonly [number, number];
}

export interface Operand {
  /** Its name among what the product reads. */
  buffer: string;
  /** WGSL body of `fn (batch: u32, line: u32) -> vec3<u32>`: whatever about a line its runs need. */
  origin: string;
  /**
   * WGSL body of `fn (origin: vec3<u32>, outer: u32) -> vec3<u32>`: (offset of element 0, first, count). Elements outside
   * [first, first + count) are zero; only `checked` operands look at first and count. Offsets may wrap below zero.
   */
  run: string;
  checked: boolean;
  /** Elements between neighbours of a run. */
  stride: number;
  /** Whether the next address is the next element of the run or the next line: how threads of a GPU share the reading. */
  contiguous: 'inner' | 'line';
}

export interface Gemm {
  name: string;
  variant: GemmVariant;
  tile?: GemmTile | undefined;
  batches: number;
  rows: number;
  columns: number;
  outer: number;
  inner: number;
  /** What is bound before `output`: the factors' buffers, and what the biases read. */
  read: Readonly<Record<string, Element>>;
  left: Operand;
  right: Operand;
  /**
   * WGSL condition of (firstColumn, lastColumn, outer) under which no column of a tile has anything in its runs, so that
   * `registers` and `subgroups` may pass over them.
   */
  skip?: string | undefined;
  /** Parts that `outer` is cut into; the shader sees the part as `split`. */
  splits?: number;
  /** WGSL expressions whose sum is the address of an output: of (batch, split, row), and of (batch, column). */
  rowOffset: string;
  columnOffset: string;
  /** WGSL expressions added to an output: of (batch, row), or of column. */
  rowBias?: string | undefined;
  columnBias?: string | undefined;
  relu?: boolean | undefined;
  /** Functions that these expressions call. */
  module?: string;
  /** WGSL expression of (batch, split, row): where the sum over the left factor's row goes, if it is wanted too. */
  rowSum?: string | undefined;
}

/** What a variant makes of a gemm; {@link gemm} adds the rest. */
export interface Plan {
  rowsPerTile: number;
  columnsPerTile: number;
  threads: number;
  enable?: string;
  /** Declarations at module scope. */
  module?: string;
  /** Parameters of `main` beyond `group`, `groups` and `lane`. */
  builtins?: string;
  /** Body of `main` after `batch`, `split`, `rowTile`, `columnTile`, `outerStart` and `outerEnd` are known. */
  body: string;
}

/** WGSL of an output's value: the sum with what the epilogue does to it. */
export function finish(spec: Gemm, sum: string, rowBias: string, columnBias: string): string {
  const value = [sum, ...(spec.rowBias ? [rowBias] : []), ...(spec.columnBias ? [columnBias] : [])].join(' + ');
  return spec.relu ? `relu(${value})` : value;
}

/** NaN passes through, as in PyTorch. */
export const RELU = 'fn relu(value: f32) -> f32 { return select(value, 0.0, value < 0.0); }';
