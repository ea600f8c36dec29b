/**
 * Sums in parts, for GPUs that would idle: a product of so few tiles that they leave most of a GPU without work, as a convolution
 * of one picture, whose sum is long.
 *
 * Launch: gemm.ts for the parts, split.ts for adding them in order, which is also where a bias and what follows go.
 */
import type { Kernel } from '../kernel.js';
import { gemm } from './gemm.js';
import type { Gemm, GemmTile } from './spec.js';
import { cut, UNIT } from './split.js';
import { workgroupTile } from './workgroup.js';

/** Steps of k to a part at least, and to a sum: what a second launch takes is as long as some hundred steps. */
const SHORTEST = 128;
const LONG = 4 * SHORTEST;

const groupsOf = ({ workgroups: [x, y] }: Kernel): number => x * y;

/**
 * The same product with a tile and a number of parts, 1 where workgroups are enough: 64, or one per 65,536 multiply-adds, less a
 * sixth, for which a second launch does not pay. First larger tiles are taken, which make 10.7 multiply-adds of each read, then
 * parts, and only where these would be short smaller tiles.
 */
export function inParts(spec: Gemm): Gemm & { splits: number } {
  const { batches, rows, columns, outer, inner, plan } = spec;
  const { flops = 2 * batches * rows * columns * outer * inner } = spec;
  const length = outer * inner;
  const wanted = Math.min(64, flops / 2 ** 17);
  const groups = (one: Gemm): number => groupsOf(gemm(one));
  if (length < LONG || groups(spec) >= (wanted * 5) / 6) return { ...spec, splits: 1 };
  const tiles: GemmTile[] = [
    ...(Math.min(rows, columns) > 32 ? [{ rows: 8, columns: 4, threads: [8, 8] } as const] : []),
    workgroupTile(spec),
    { rows: 4, columns: 4, threads: [4, 8], steps: 32 },
  ];
  const ways = (plan ? [spec] : tiles.map((tile) => ({ ...spec, tile }))).map((one) => {
    const parts = Math.min(Math.floor(length / SHORTEST), Math.ceil(wanted / groups(one)));
    return { ...one, splits: (outer === 1 ? cut(inner, parts, UNIT) : cut(outer, parts, 1)).splits };
  });
  return ways.find((one) => groups(one) >= wanted) ?? (ways.at(-1) as (typeof ways)[number]);
}
