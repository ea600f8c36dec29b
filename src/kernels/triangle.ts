/**
 * The lower or upper triangle of matrices: y[.., r, c] = x[.., r, c] where c − r ≤ diagonal (lower) or ≥ diagonal (upper),
 * else a fill. Elements move as bits. Launch: see map.ts.
 */
import { bitsOf, type Flat, type Scalar, SOFTWARE_FLAT } from './flat.js';
import { interned, type Kernel } from './kernel.js';
import { mapKernel } from './map.js';

export interface TriangleSpec {
  readonly size: number;
  readonly rows: number;
  readonly columns: number;
  readonly diagonal: number;
  readonly lower: boolean;
  /** Of the elements outside the triangle: a value, or its name where JSON has none. */
  readonly fill: number | '-Infinity';
  readonly type: Scalar;
  readonly flat?: Flat;
}

/** [x] → y. */
export const triangleKernel = /* @__PURE__ */ interned((spec: TriangleSpec): Kernel => {
  const { size, rows, columns, diagonal, lower, fill, type, flat = SOFTWARE_FLAT } = spec;
  const away = 'i32(place % params.columns) - i32(place / params.columns % params.rows)';
  return mapKernel(
    {
      name: lower ? 'tril' : 'triu',
      shape: [size],
      inputs: [{ name: 'x', type: 'u32' }],
      result: 'u32',
      value: `select(params.fill, x, ${away} ${lower ? '<=' : '>='} i32(params.diagonal))`,
      params: { rows, columns, diagonal, fill: bitsOf(Number(fill), type) },
    },
    flat,
  );
});
