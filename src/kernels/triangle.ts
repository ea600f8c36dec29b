/**
 * The lower or upper triangle of matrices: y[.., r, c] = x[.., r, c] where c − r ≤ diagonal (lower) or ≥ diagonal (upper),
 * else a fill. Elements move as bits. Launch: see flat.ts; four columns at once where rows are a multiple of four long.
 */
import { bitsOf, type Flat, flatKernel, type Scalar, SOFTWARE_FLAT, scalarsOnly } from './flat.js';
import { interned, type Kernel } from './kernel.js';

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
  return flatKernel({
    name: lower ? 'tril' : 'triu',
    read: { xs: { walked: 'u32' } },
    write: { ys: { walked: 'u32' } },
    params: { rows, columns, diagonal, fill: bitsOf(Number(fill), type) },
    size,
    flat: columns % 4 === 0 ? flat : scalarsOnly(flat),
    body: (vector) => {
      const typed = (name: string): string => (vector ? `vec4<${name}>` : name);
      return `let at = i * ${vector ? 4 : 1}u;
let column = ${vector ? 'vec4<u32>(0, 1, 2, 3) + ' : ''}at % params.columns;
let away = ${typed('i32')}(column) - ${typed('i32')}(i32(at / params.columns % params.rows));
ys[i] = select(${typed('u32')}(params.fill), xs[i], away ${lower ? '<=' : '>='} ${typed('i32')}(i32(params.diagonal)));`;
    },
  });
});
