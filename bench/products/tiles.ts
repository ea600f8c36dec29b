/** The tiles that are tried, and parts that a sum is cut into. */
import type { GemmTile } from '../../src/kernels/gemm/spec.js';

const tile = (rows: number, columns: number, down: number, across: number): GemmTile => ({
  rows,
  columns,
  threads: [down, across],
});

/** Outputs per thread, and threads, from large tiles to small. */
const SHAPES = [
  tile(4, 4, 8, 8),
  tile(4, 4, 16, 16),
  tile(8, 8, 16, 16),
  tile(8, 8, 16, 8),
  tile(8, 8, 8, 8),
  tile(8, 4, 16, 16),
  tile(8, 4, 8, 16),
  tile(8, 4, 8, 8),
  tile(4, 8, 8, 8),
  tile(4, 4, 8, 16),
  tile(4, 4, 4, 16),
  tile(4, 4, 4, 8),
];

/** Bytes of both slices: every adapter has 16 KiB. */
const slices = ({ rows, columns, threads: [down, across] = [1, 1] }: GemmTile, steps: number): number =>
  4 * steps * (rows * down + columns * across + 8);

export const TILES: readonly GemmTile[] = SHAPES.flatMap((shape) =>
  [8, 16, 32].flatMap((steps) => (slices(shape, steps) > 16384 ? [] : [{ ...shape, steps }])),
);

export const SPLITS = [null, 1, 4, 16, 32, 64, 128, 256];
