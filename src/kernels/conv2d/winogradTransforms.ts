/**
 * The linear maps of Winograd's minimal filtering F(m, 3), for one dimension, and WGSL that applies two of them to a tile:
 * with points 0, ±1 (and ±2 for m = 4) and infinity, for m outputs y, their m + 2 inputs x and a window w of 3,
 *
 *   y[i] = Σ_k w[k] · x[i + k]  is  y = output · ((weight · w) ⊙ (input · x))                          F(m, 3)
 *   w[k] = Σ_i y[i] · x[i + k]  is  w = weightGrad · ((outputGrad · y) ⊙ (input · x))                   F(3, m)
 *
 * Both have the same `input`, since it depends on the points alone. m = 1 stands for a dimension that is left as it is: its
 * window stays 3 long, and its only position is the element itself.
 */
import { f32 } from '../kernel.js';

export type Matrix = readonly (readonly number[])[];

interface Maps {
  input: Matrix;
  weight: Matrix;
  output: Matrix;
  outputGrad: Matrix;
  weightGrad: Matrix;
}

const IDENTITY: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

export const MAPS = {
  1: { input: [[1]], weight: IDENTITY, output: [[1]], outputGrad: [[1]], weightGrad: IDENTITY },
  2: {
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
  },
  4: {
    input: [
      [4, 0, -5, 0, 1, 0],
      [0, -4, -4, 1, 1, 0],
      [0, 4, -4, -1, 1, 0],
      [0, -2, -1, 2, 1, 0],
      [0, 2, -1, -2, 1, 0],
      [0, 4, 0, -5, 0, 1],
    ],
    weight: [
      [1 / 4, 0, 0],
      [-1 / 6, -1 / 6, -1 / 6],
      [-1 / 6, 1 / 6, -1 / 6],
      [1 / 24, 1 / 12, 1 / 6],
      [1 / 24, -1 / 12, 1 / 6],
      [0, 0, 1],
    ],
    output: [
      [1, 1, 1, 1, 1, 0],
      [0, 1, -1, 2, -2, 0],
      [0, 1, 1, 4, 4, 0],
      [0, 1, -1, 8, -8, 1],
    ],
    outputGrad: [
      [1 / 4, 0, 0, 0],
      [-1 / 6, -1 / 6, -1 / 6, -1 / 6],
      [-1 / 6, 1 / 6, -1 / 6, 1 / 6],
      [1 / 24, 1 / 12, 1 / 6, 1 / 3],
      [1 / 24, -1 / 12, 1 / 6, -1 / 3],
      [0, 0, 0, 1],
    ],
    weightGrad: [
      [1, 1, 1, 1, 1, 0],
      [0, 1, -1, 2, -2, 0],
      [0, 1, 1, 4, 4, 1],
    ],
  },
} as const satisfies Record<number, Maps>;

/** Outputs of a tile along one dimension. */
export type TileSize = keyof typeof MAPS;

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
 * WGSL lines that map a tile, down · tile · acrossᵀ, into `name`a_b for row a and column b, by way of names that begin with
 * `between`. `columns` are the names' columns to read: where two tiles share some, `known` holds what is computed already.
 */
export function mapped(
  name: string,
  [down, across]: readonly [Matrix, Matrix],
  source: (row: number, column: number) => string,
  firstColumn = 0,
  known = new Set<string>(),
): string[] {
  const lines: string[] = [];
  const between = (row: number, column: number): string => `down${row}_${firstColumn + column}`;
  for (const [row, coefficients] of down.entries()) {
    for (const column of across[0]?.keys() ?? []) {
      if (known.has(between(row, column))) continue;
      known.add(between(row, column));
      lines.push(`let ${between(row, column)} = ${combination(coefficients, (k) => source(k, firstColumn + column))};`);
    }
  }
  for (const row of down.keys()) {
    for (const [column, coefficients] of across.entries()) {
      lines.push(`let ${name}${row}_${column} = ${combination(coefficients, (k) => between(row, k))};`);
    }
  }
  return lines;
}
