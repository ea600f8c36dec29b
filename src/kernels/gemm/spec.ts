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

/** Products of fewer multiply-adds are small: on software adapters larger tiles do not pay what compiling them takes. */
export const SMALL = 1e7;

/** Outputs per invocation (rows × columns) and invocations per workgroup; a default is chosen from the shape. */
export interface GemmTile {
  rows: number;
  columns: number;
  /** `registers` and `subgroups`: lanes side by side along the columns. */
  lanes?: number;
  /** Steps of k per turn of the loop: of `workgroup`, between barriers, a multiple of 4. */
  steps?: number;
  /** `workgroup`: invocations along the rows and along the columns. */
  threads?: readonly [number, number];
}

/**
 * Whether the numbers of a shape that the loop over k needs are data of the kernel rather than constants of its text. Software
 * adapters compile for a long time and divide as slowly by a constant as by a variable; on GPUs it is the other way round. Those
 * that it does not need, as the size of a batch, are always data.
 */
export const shapeIsData = (variant: GemmVariant): boolean => variant !== 'workgroup';

export interface Operand {
  /** Its name among what the product reads. */
  buffer: string;
  /** WGSL body of `fn (batch: u32, line: u32) -> vec3<u32>`: whatever about a line its runs need. */
  origin: string;
  /**
   * WGSL body of `fn (batch: u32, origin: vec3<u32>, outer: u32) -> vec3<u32>`: (offset of the run, first, count). Elements outside
   * [first, first + count) are zero; only `inside` looks at first and count. Offsets may wrap below zero. By default the
   * run is the origin.
   */
  run?: string;
  /**
   * WGSL condition under which element `k` of `run` lies in the factor, and is not zero; always, by default. Of `workgroup`
   * it may know `origin` and, of a walk, `at` too.
   */
  inside?: ((run: string, k: string) => string) | undefined;
  /** Where the elements of a run lie from its offset: a distance between neighbours as WGSL, or a {@link Walk}. */
  along: string | Walk;
  /** Whether the next address is the next element of the run or the next line: how threads of a GPU share the reading. */
  contiguous: 'inner' | 'line';
  /** Whether four neighbours, the first at a multiple of four, lie in one vec4 of the buffer: `workgroup` binds it so. */
  aligned?: boolean;
}

/** Whether a run lies in the factor as a whole, and whether an element of a part of one does. */
export const runInside = (run: string): string => `${run}.z != 0u`;
export const partInside = (run: string, k: string): string => `${k} - ${run}.y < ${run}.z`;

/** Elements of a run at distances that are not constant, but the same for all lines: WGSL for the operand of a side. */
export interface Walk {
  /** Functions that the rest calls. */
  functions: (side: string) => string;
  /** `registers` and `subgroups`: where a walk begins, and the distance of its next element, s steps ahead, as `side` and s. */
  begin: (side: string) => string;
  step: (side: string, s: number) => string;
  /** `workgroup`: `at`, of which x is the distance of element k. */
  at: (side: string) => string;
}

export interface Gemm {
  name: string;
  variant: GemmVariant;
  tile?: GemmTile | undefined;
  /** Another way to compute it than its variant's. */
  plan?: ((spec: Gemm, size: GemmSizes) => Plan) | undefined;
  batches: number;
  rows: number;
  columns: number;
  outer: number;
  inner: number;
  /** WGSL of how many of the `outer` a batch has, where that is not all of them. */
  taps?: string | undefined;
  /** Where not all outputs have all of the sum. */
  flops?: number;
  /** Numbers that the WGSL below may name as `params.name`, see {@link shapeIsData}. */
  sizes: Readonly<Record<string, number>>;
  /** What is bound before `output`: the factors' buffers, and what the epilogue reads. */
  read: Readonly<Record<string, Element>>;
  left: Operand;
  right: Operand;
  /**
   * WGSL of whether `registers` and `subgroups` may pass over a run, because none of a tile's columns, from `firstColumn` to
   * `lastColumn`, has anything in it.
   */
  skip?: string | undefined;
  /** The sum goes over a batch: the text does not count on its length. */
  overBatch?: boolean;
  /** Parts that `inner`, or `outer` where there is more than one run, is cut into; the shader sees the part as `split`. */
  splits?: number;
  /** A training step has no other product of this text, so that its compilation is all its own. */
  alone?: boolean;
  /** WGSL expressions whose sum is the address of an output: of (batch, split, row), and of (batch, column). */
  rowOffset: string;
  columnOffset: string;
  /** WGSL expressions added to an output: of (batch, row), or of column. */
  rowBias?: string | undefined;
  columnBias?: string | undefined;
  /**
   * Four columns, the first a multiple of four, are a 2 × 2 window, of whose ReLU only the maximum is written, at the address of
   * the first; its place goes to `places`: `first` (WGSL of column) is the place of the first, `down` that of the third
   * from there. Where the maximum is 0 the place is 0xffffffff. The rest is that of pooled.ts, which
   * programs without pooling do not carry.
   */
  pool?: ({ first: string; down: string } & Pooling) | undefined;
  /** Functions that these expressions call. */
  module?: string;
  /**
   * The sum over the left factor's row, if it is wanted too: the buffer that it goes to, `output` or one more, and WGSL of
   * (batch, split, row).
   */
  rowSum?: { buffer: string; at: string } | undefined;
}

/** What the kernels from registers store: rows × columns sums to a lane, and where they belong. */
export interface Storing {
  rows: number;
  columns: number;
  rowOf: (r: string) => string;
  columnOf: (j: number) => string;
}

/** How pooled windows are stored: one, and all of a lane of the registers. */
export interface Pooling {
  /** From `workgroup`: of a vec4 of sums, for the first `column` of the four. */
  storeFour(spec: Gemm, sum: string, column: string, columns: string): string;
  storeAll(spec: Gemm, storing: Storing): string;
}

/** WGSL of the address at which a row begins, and of its bias. */
export const rowStart = ({ rowOffset, rowBias }: Gemm): string =>
  `let at = ${rowOffset};${rowBias ? `\n      let rowBias = ${rowBias};` : ''}`;

/** A product's sizes as WGSL. */
export type GemmSizes = Readonly<Record<'rows' | 'columns' | 'outer' | 'inner', string>>;

/** What a variant makes of a gemm; {@link gemm} adds the rest. */
export interface Plan {
  rowsPerTile: number;
  columnsPerTile: number;
  threads: number;
  /** Declarations at module scope, each with a line break behind it. */
  module?: string;
  /** Parameters of `main` beyond `group`, `groups` and `lane`. */
  builtins?: string;
  /**
   * Body of `main` after `batch`, `split`, `rowTile`, `columnTile` and the ranges [outerStart, outerEnd) and
   * [innerStart, innerEnd) are known.
   */
  body: string;
}

/** WGSL of an output's value: the sum and its biases. */
export const finish = (spec: Gemm, sum: string, rowBias: string, columnBias: string): string =>
  [sum, ...(spec.rowBias ? [rowBias] : []), ...(spec.columnBias ? [columnBias] : [])].join(' + ');

/** WGSL that writes an output: through `put`, where maps may follow (kernel.ts). */
export const write = (spec: Gemm, value: string, address: string): string =>
  spec.rowSum ? `output[${address}] = ${value};` : `put(${value}, ${address});`;
