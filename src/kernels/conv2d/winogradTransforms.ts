/**
 * The linear maps of Winograd's minimal filtering F(2, 3), for one dimension, and WGSL that applies one to both dimensions
 * of a tile. With points 0, ±1 and infinity, for 2 outputs y, their 4 inputs x and a window w of 3,
 *
 *   y[i] = Σ_k w[k] · x[i + k]  is  y = output · ((weight · w) ⊙ (input · x))                          F(2, 3)
 *   w[k] = Σ_i y[i] · x[i + k]  is  w = weightGrad · ((outputGrad · y) ⊙ (input · x))                   F(3, 2)
 *
 * Both have the same `input`, since it depends on the points alone.
 *
 * Not F(4, 3) along one dimension (points ±2 too; half of the multiplications and less to store than F(2 × 2, 3 × 3)): within
 * a tenth of its time on SwiftShader, but errors 3 to 8 times those of the direct sum (1.7e-4 beside values of 20, for 32
 * channels), where 2 × 2 has those of the direct sum or less.
 */
import { f32 } from '../kernel.js';

type Matrix = readonly (readonly number[])[];

export const MAPS = {
  input: [
    [1, 0, -1, 0],
    [0, 1, 1, 0],
    [0, -1, 1, 0],
    [0, -1, 0, 1],
  ],
  weight: [
    [1, 0, 0],
    [1 / 2, 1 / 2, 1 / 2],
    [1 / 2, -1 / 2, 1 / 2],
    [0, 0, 1],
  ],
  output: [
    [1, 1, 1, 0],
    [0, 1, -1, 1],
  ],
  outputGrad: [
    [1, 0],
    [1 / 2, 1 / 2],
    [1 / 2, -1 / 2],
    [0, 1],
  ],
  weightGrad: [
    [1, 1, 1, 0],
    [0, 1, -1, 0],
    [0, 1, 1, 1],
  ],
} as const satisfies Record<string, Matrix>;

/** WGSL of Σ coefficients[k] · name(k). */
function combination(coefficients: readonly number[], name: (k: number) => string): string {
  const terms = coefficients.flatMap((value, k) => {
    if (value === 0) return [];
    const size = Math.abs(value);
    return [{ sign: value < 0 ? '-' : '+', term: size === 1 ? name(k) : `${f32(size)} * ${name(k)}` }];
  });
  return terms.map(({ sign, term }, k) => (k > 0 ? ` ${sign} ${term}` : sign === '-' ? `-${term}` : term)).join('');
}

/**
 * WGSL lines that map a tile, map · tile · mapᵀ, into `name`a_b for row a and column b, by way of `downA_c` for each
 * column c from `firstColumn` on. `known` holds the columns that a tile beside this one has left there.
 */
export function mapped(
  name: string,
  map: Matrix,
  source: (row: number, column: number) => string,
  firstColumn = 0,
  known = new Set<string>(),
): string[] {
  const lines: string[] = [];
  const between = (row: number, column: number): string => `down${row}_${firstColumn + column}`;
  for (const [row, coefficients] of map.entries()) {
    for (const column of coefficients.keys()) {
      if (known.has(between(row, column))) continue;
      known.add(between(row, column));
      lines.push(`let ${between(row, column)} = ${combination(coefficients, (k) => source(k, firstColumn + column))};`);
    }
  }
  for (const row of map.keys()) {
    for (const [column, coefficients] of map.entries()) {
      lines.push(`let ${name}${row}_${column} = ${combination(coefficients, (k) => between(row, k))};`);
    }
  }
  return lines;
}
