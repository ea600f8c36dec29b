/**
 * What a tuner may choose from for a product: variants, tiles and parts, the default first, a dozen at most. All give the
 * same results up to the order of their sums. The defaults are what the kernels choose themselves where `tile` and `splits`
 * are left out.
 */
import type { Gemm, GemmTile, GemmVariant } from './spec.js';
import { splitsFor } from './split.js';

export interface Candidate {
  variant: GemmVariant;
  tile?: GemmTile;
  splits?: number;
}

/** What adapters differ in. */
export interface Abilities {
  /** It computes on the CPU. */
  software: boolean;
  /** Shaders may use subgroups of four lanes or more. */
  subgroups: boolean;
}

/** The product's sizes; `splittable` where the kernel takes `splits`. */
export type ProductSize = Pick<Gemm, 'batches' | 'rows' | 'columns' | 'outer' | 'inner'> & { splittable: boolean };

/** Software adapters want registers and no barriers, sharing loads in a quad where they can; GPUs workgroup memory. */
export function defaultVariant({ software, subgroups }: Abilities): GemmVariant {
  if (!software) return 'workgroup';
  return subgroups ? 'subgroups' : 'registers';
}

const register = (rows: number, columns: number, lanes = 4): GemmTile => ({ rows, columns, lanes });
const SOFTWARE = /* @__PURE__ */ (() => ({
  subgroups: [register(32, 8), register(64, 8), register(32, 16), register(16, 8), register(8, 8), register(8, 4)],
  registers: [register(8, 8, 8), register(16, 4, 8), register(4, 8, 8), register(8, 4, 8), register(8, 8)],
}))();

const WORKGROUP: readonly GemmTile[] = [
  { rows: 8, columns: 8, threads: [16, 8] },
  { rows: 8, columns: 4, threads: [8, 16] },
  { rows: 8, columns: 4, threads: [8, 8] },
  { rows: 4, columns: 4, threads: [8, 16], steps: 32 },
  { rows: 4, columns: 4, threads: [8, 8] },
  { rows: 4, columns: 4, threads: [4, 16] },
  { rows: 4, columns: 4, threads: [4, 8], steps: 32 },
];

/** Tiles that are more than half empty are left out. */
const fits = (size: ProductSize, height: number, width: number): boolean =>
  height < 2 * Math.max(size.rows, 8) && width < 2 * Math.max(size.columns, 16);

export function candidates(size: ProductSize, abilities: Abilities): Candidate[] {
  const variant = defaultVariant(abilities);
  const tiles =
    variant === 'workgroup'
      ? WORKGROUP.filter(({ rows, columns, threads: [down, across] = [1, 1] }) =>
          fits(size, rows * down, columns * across),
        )
      : SOFTWARE[variant].filter(({ rows, columns, lanes = 4 }) => fits(size, rows, columns * lanes));
  const made: Candidate[] = [{ variant }, ...tiles.map((tile) => ({ variant, tile }))];
  // On a GPU a product too small for workgroups may still be best from registers.
  if (variant === 'workgroup') made.push({ variant: 'registers', tile: register(4, 4) });
  if (!size.splittable) return made;
  const own = splitsFor(variant, size, size.outer * size.inner);
  const others = [Math.floor(own / 2), own * 2].filter(
    (splits) => splits >= 1 && splits <= (size.outer * size.inner) / 16,
  );
  return [...made, ...others.map((splits) => ({ variant, splits }))];
}
