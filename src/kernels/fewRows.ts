/**
 * Product of a matrix by few vectors, eight at most, for GPUs. Whichever factor has few lines, they are called vectors here:
 *
 *   output[v, j] = finish( Σ_k vector[v, k] · matrix[j, k] )
 *
 * An element of the matrix is used so seldom that a tile would share nothing. So each is loaded once, next to its neighbours, by
 * lanes enough to keep memory busy; the vectors come from caches.
 *
 * Layout: of a workgroup's lanes `across` lie along the lines of the matrix, `deep` along k, and those take turns at k. A load is
 * four elements where they are aligned, else one: four steps of k of a line where the matrix is contiguous along k, and then
 * neighbouring lanes lie along k; otherwise four lines at a step, and neighbours lie along the lines. In the end lanes of the same
 * lines add up their sums, in a tree of fixed shape.
 *
 * Launch: one workgroup of at most 128 lanes for the lines of `across`, and all vectors. Where these are few, the sum is cut (gemm/inParts.ts).
 */

import { splitGemm } from './gemm/gemm.js';
import { inParts } from './gemm/inParts.js';
import { finish, type Gemm, type GemmSizes, type Operand, type Plan, rowStart, write } from './gemm/spec.js';
import type { Split } from './gemm/split.js';
import { interned, type Kernel } from './kernel.js';
import { type MatmulSpec, matmulBy } from './matmul.js';
import { range } from './range.js';

/** Whether a product is computed so: sums of two or three terms are none that lanes could share. */
export const fewFits = ({ m, n, k, rowSum }: Omit<MatmulSpec, 'variant'>): boolean =>
  Math.min(m, n) <= 8 && k > 8 && !rowSum;

/** As matmul.ts. */
export const matmulFew = /* @__PURE__ */ interned((spec: MatmulSpec): Kernel | Split =>
  matmulBy({ ...spec, variant: 'workgroup', splits: spec.splits ?? 1 }, (product, ...rest) => {
    const few = { ...product, plan: fewRows };
    const made = spec.splits ? few : inParts(few);
    return splitGemm(made, ...rest);
  }),
);

/** The largest power of two that is not above n. */
const power = (n: number): number => 2 ** Math.floor(Math.log2(n));

function fewRows(spec: Gemm, size: GemmSizes): Plan {
  const { rows, columns, batches, inner, left, right } = spec;
  const isLeft = rows <= columns;
  const [vector, matrix] = isLeft ? [left, right] : [right, left];
  const [count, lines] = isLeft ? [rows, columns] : [columns, rows];
  const [sides, names] = isLeft
    ? [
        ['left', 'right'],
        ['row', 'column'],
      ]
    : [
        ['right', 'left'],
        ['column', 'row'],
      ];
  // As many texts as there are powers of two.
  const vectors = range(2 ** Math.ceil(Math.log2(count)));
  const isAlong = matrix.contiguous === 'inner';
  const four = matrix.aligned ? 4 : 1;
  const [steps, held] = isAlong ? [four, 1] : [1, four];
  // Of lines that lie across as many as leave 256 workgroups, but 64 bytes together.
  const width = [64, 32].find((lanes) => Math.ceil(lines / lanes) * batches >= 256) ?? 16;
  const deep = Math.min(isAlong ? 64 : (128 * held) / width, power(inner / steps / 2));
  const across = isAlong ? 64 / deep : width / held;
  const lanes = across * deep;
  const [x, z, apart] = isAlong ? ['/', '%', 1] : ['%', '/', across];
  const by = isAlong ? deep : across;
  const type = held > 1 ? 'vec4<f32>' : 'f32';
  const origin = (n: number, name: string, line: string, least: number): string =>
    `  let ${name} = ${sides[n]}Origin(batch, min(${line}, ${size[`${names[n]}s` as 'rows']} - ${least}u)).x;`;
  const first = `(${names[1]}Tile * ${across}u + x) * ${held}u`;
  const slot = (v: number | string): string => `found[${v} * ${lanes}u + lane`;
  return {
    rowsPerTile: isLeft ? vectors.length : across * held,
    columnsPerTile: isLeft ? across * held : vectors.length,
    threads: lanes,
    module: `var<workgroup> found: array<${type}, ${lanes * vectors.length}>;\n`,
    body: `  let x = lane ${x} ${by}u;
  let z = lane ${z} ${by}u;
  let first = ${first};
${vectors.map((v) => origin(0, `vector${v}`, `${v}u`, 1)).join('\n')}
${origin(1, 'matrix', 'first', held)}
${vectors.map((v) => `  var sum${v} = ${type}();`).join('\n')}
  for (var k = innerStart + z * ${steps}u; k < innerEnd; k += ${deep * steps}u) {
    let b = ${element(matrix, 'matrix', 'k', four)};
${vectors.map((v) => `    sum${v} += ${steps > 1 ? `dot(b, ${fourSteps(vector, `vector${v}`)})` : `b * ${element(vector, `vector${v}`, 'k')}`};`).join('\n')}
  }
${vectors.map((v) => `  ${slot(v)}] = sum${v};`).join('\n')}
  for (var half = ${deep >> 1}u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    for (var v = 0u; (v < ${vectors.length}u) & (z < half); v++) { ${slot('v')}] += ${slot('v')} + half * ${apart}u]; }
  }
  for (var v = 0u; (v < ${vectors.length}u) & (z == 0u); v++) {
    for (var d = 0u; d < ${held}u; d++) {
      let ${names[0]} = v;
      let ${names[1]} = first + d;
      if ((row < ${size.rows}) & (column < ${size.columns})) {
        ${rowStart(spec)}
        ${write(spec, finish(spec, `${slot('v')}]${held > 1 ? '[d]' : ''}`, 'rowBias', 'columnBias(column)'), 'at + columnOffset(batch, column)')}
      }
    }
  }`,
  };
}

/** WGSL of an element of a factor at step k, or of four. */
function element({ buffer, along, aligned }: Operand, origin: string, k: string, count = 1): string {
  const address = `${origin} + ${k} * ${along}`;
  if (!aligned) return `${buffer}[${address}]`;
  return `${buffer}[(${address}) / 4u]${count > 1 ? '' : `[(${address}) % 4u]`}`;
}

/** WGSL of four steps of a vector. */
const fourSteps = (vector: Operand, origin: string): string =>
  vector.aligned && vector.contiguous === 'inner'
    ? element(vector, origin, 'k', 4)
    : `vec4(${range(4).map((s) => element(vector, origin, `(k + ${s}u)`))})`;
