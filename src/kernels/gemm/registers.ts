/**
 * Matrix product without workgroup memory: each invocation owns `rows` × `columns` outputs.
 *
 * Layout: the lanes of a workgroup lie along the columns, so column j of a lane is `lane + j · lanes` of the tile; all lanes
 * of a workgroup have the same rows. `registers` reads every row's element in every lane. `subgroups` reads a fourth of them:
 * the lanes of a quad read four different rows, and three quad swaps hand them round, so that in turn s a lane holds row
 * `s ^ (lane of the quad)`. Each lane meets every row, only in an order of its own, which is undone when storing. A quad is
 * four consecutive subgroup lanes whatever the subgroup's size, and nothing is assumed about which columns they own.
 *
 * Launch: one workgroup of `lanes` (8; `subgroups` 4) per tile of rows × (columns · lanes). Lines past the edge repeat the
 * last one and store its values again, which spares a branch per output (and a third of the compilation).
 *
 * Measured on SwiftShader (Chromium, processor time of both cores halved, steady within 5 %, 2026-11; `subgroups`, GFLOP/s):
 *
 *   rows × columns, steps     compiled in   512³   conv2d [64,32,15,15]×[64,32,3,3], pooled   its weight gradient
 *   32 × 8, 2 (wall time)     0.20 s        5.2    4.5                                        4.5
 *   32 × 8, 3                 0.28          6.7    6.6                                        6.6
 *   32 × 8, 4                 0.28          7.3    7.3                                        7.2
 *   32 × 16, 4                0.59          7.9    7.6                                        7.3
 *   64 × 8, 4                 0.53          8.1    8.0                                        8.3
 *   16 × 16, 4                0.38          6.8    6.5                                        6.2
 *   32 × 8, 4, vec4 sums      0.18          6.1    6.0                                        6.1
 *
 * Lavapipe, 8 lanes wide, compiles long texts slowly: a step of the study and its first one, compilation included, by
 * `registers` (Deno 2.9, Mesa 22.3, two cores shared with another program, 2026-11; `workgroup` takes 0.58 s and 2.3 s):
 *
 *   rows × columns    4 × 4   8 × 4   8 × 4   8 × 8   8 × 8   8 × 8   16 × 4   16 × 8   16 × 16
 *   lanes             8       4       8       4       8       16      8        8        4
 *   a step, s         0.56    0.61    0.41    0.48    0.34    0.41    0.42     0.37     0.60
 *   the first, s      1.5     1.3     1.8     2.2     2.0     2.3     3.8      15       21
 *
 * - 1024³ with 64 × 8: 8.5 in each of the four transpositions.
 * - Compilations wait for one another there, whatever the number of threads: 11 texts of a training step of the study took
 *   2.0 s one by one and 1.8 s at once. So what counts is their sum.
 * - Shapes as data instead of constants: as fast, and one text for all of them. What is divided costs, by constants too.
 * - Storing row by row in a loop, though each sum is then found by its index: 0.45 → 0.19 s of compilation for 32 × 8. The
 *   second loop for what the steps leave over: 0.2 s. A turn costs nearly two steps, since every sum goes through memory once.
 * - Few rows want small tiles even so: gradient by 3 input channels, 16 × 16 0.9, 8 × 16 1.5, 4 × 16 2.0, 4 × 8 3.2.
 * - No gain beyond the noise: `fma` for multiply and add, arrays of fixed size for the factors, 16 lanes instead of 4, Dawn
 *   without robustness.
 */
import type { Complete } from '../../gpu/options.js';
import { range } from '../range.js';
import {
  finish,
  type Gemm,
  type GemmSizes,
  type GemmTile,
  type Operand,
  type Plan,
  rowStart,
  SMALL,
  type Storing,
  write,
} from './spec.js';

type RegisterTile = Complete<Pick<GemmTile, 'rows' | 'columns' | 'lanes' | 'steps'>>;

/**
 * The default tile: big ones spare loads, small ones compile fast and suit what is small itself. A product whose text no other
 * shares and that is of middling size takes 16 rows: half the compilation (0.14 s), a tenth more time.
 */
export function registerTile({ variant, batches, rows, columns, outer, inner, alone, splits = 1 }: Gemm): RegisterTile {
  const work = batches * rows * columns * outer * inner;
  const lanes = variant === 'registers' ? 8 : 4;
  const steps = stepsFor(inner);
  if (work < SMALL) return { rows: 8, columns: 4, lanes, steps };
  if (variant === 'registers') return { rows: 8, columns: 8, lanes, steps };
  const short = outer * inner <= 128 && work > 2e7;
  const tallest = (rows >= 128 && work > LARGE) || short ? 64 : alone && (work < MIDDLING || splits > 1) ? 16 : 32;
  return {
    rows: [4, 8, 16, 32].find((height) => rows <= height && height <= tallest) ?? tallest,
    columns: 8,
    lanes,
    steps,
  };
}

/** Multiply-adds from which 32 × 8 pays for what has a text of its own, and 64 × 8 for twice as many rows. */
const MIDDLING = 5e7;
const LARGE = 3e8;

/** Steps of k per turn of the loop. What 4 does not divide takes a second loop, which is a third of the compilation. */
const stepsFor = (inner: number): number => (inner % 4 !== 0 && inner % 3 === 0 ? 3 : 4);

export function registerGemm(spec: Gemm, size: GemmSizes): Plan {
  const { rows, columns, lanes, steps } = { ...registerTile(spec), ...spec.tile };
  const quad = spec.variant === 'subgroups';
  const turns = quad ? 4 : 1;
  // A line of the left factor that this lane reads; it stands for `turns` rows.
  const reads = range(rows / turns);
  const across = range(columns);

  const products = (count: number, rowSums = 'leftSums'): string => {
    const ks = range(count);
    const right = across.map((j) => ks.map((s) => `let b${j}_${s} = ${element('right', spec.right, j, s)};`).join(' '));
    const left = reads.map((i) => {
      const held = ks.map((s) => {
        const swaps = `let a1_${s} = quadSwapX(a0_${s}); let a2_${s} = quadSwapY(a0_${s}); let a3_${s} = quadSwapDiagonal(a0_${s});`;
        return `let a0_${s} = ${element('left', spec.left, i, s)};${quad ? ` ${swaps}` : ''}`;
      });
      const sums = range(turns).flatMap((turn) =>
        across.map((j) => {
          const sum = `sums[${(i * turns + turn) * columns + j}]`;
          return `${sum} = ${[sum, ...ks.map((s) => `a${turn}_${s} * b${j}_${s}`)].join(' + ')};`;
        }),
      );
      if (spec.rowSum) held.push(`${rowSums}[${i}] += ${pairwise(ks.map((s) => `a0_${s}`))};`);
      return `      {\n        ${[...held, ...sums].join('\n        ')}\n      }`;
    });
    return [distances('left', spec.left, ks), distances('right', spec.right, ks), ...right, ...left].join('\n');
  };

  const rowOf = (r: string): string =>
    `min(first + ${quad ? `(${r} & ~3u) + (quad ^ (${r} & 3u))` : r}, ${size.rows} - 1u)`;
  // The columns of a pooled window lie in one lane.
  const columnOf = (j: number): string =>
    spec.pool
      ? `min(column + ${(j >> 2) * lanes * 4}u, ${size.columns} - 4u) + ${j & 3}u`
      : `min(column + ${j * lanes}u, ${size.columns} - 1u)`;
  // A small tile always has the second loop, so that small products of any length share a text.
  const ragged = spec.inner % steps !== 0 || rows * columns <= 32;
  return {
    rowsPerTile: rows,
    columnsPerTile: columns * lanes,
    threads: lanes,
    builtins: quad ? ', @builtin(subgroup_invocation_id) subgroupLane: u32' : '',
    body: `  let first = rowTile * ${rows}u;
  let column = columnTile * ${columns * lanes}u + lane${spec.pool ? ' * 4u' : ''};
${spec.skip ? `  let firstColumn = columnTile * ${columns * lanes}u;\n  let lastColumn = min(firstColumn + ${columns * lanes - 1}u, ${size.columns} - 1u);` : ''}
${quad ? '  let quad = subgroupLane & 3u;' : ''}
${reads.map((i) => `  let leftOrigin${i} = leftOrigin(batch, min(first + ${i * turns}u${quad ? ' + quad' : ''}, ${size.rows} - 1u));`).join('\n')}
${across.map((j) => `  let rightOrigin${j} = rightOrigin(batch, ${columnOf(j)});`).join('\n')}
  var sums: array<f32, ${rows * columns}>;
${spec.rowSum ? `  var leftSums: array<f32, ${reads.length}>;` : ''}
  for (var outer = outerStart; outer < outerEnd; outer++) {
${reads.map((i) => `    let leftRun${i} = leftRun(batch, leftOrigin${i}, outer);`).join('\n')}
${across.map((j) => `    let rightRun${j} = rightRun(batch, rightOrigin${j}, outer);`).join('\n')}
${begin('left', spec.left)}
${begin('right', spec.right)}
    let end = ${spec.skip ? `select(innerEnd, innerStart, ${spec.skip})` : 'innerEnd'};
    var k = innerStart;
${spec.rowSum ? summingRows(steps, reads, products) : `    for (; k + ${steps}u <= end; k += ${steps}u) {\n${products(steps)}\n    }`}
${ragged ? `    for (; k < end; k++) {\n${products(1)}\n    }` : ''}
  }
${(spec.pool?.storeAll ?? storeAll)(spec, { rows, columns, rowOf, columnOf })}
${spec.rowSum ? storeRowSums(spec.rowSum, reads.length, turns, rowOf) : ''}`,
  };
}

/** The walk of an operand before the loop over k. */
const begin = (side: string, { along }: Operand): string => (typeof along === 'string' ? '' : along.begin(side));

/** Distances of the next elements from the run's beginning, for all lines. */
function distances(side: string, { along }: Operand, ks: readonly number[]): string {
  const lines = ks.map((s) => {
    if (typeof along !== 'string') return along.step(side, s);
    return `let ${side}${s} = ${s === 0 ? `k * ${along}` : `${side}${s - 1} + ${along}`};`;
  });
  return `      ${lines.join(' ')}`;
}

/** The element of line i that is s steps ahead. */
function element(side: string, { buffer, inside }: Operand, i: number, s: number): string {
  const run = `${side}Run${i}`;
  const value = `${buffer}[${run}.x + ${side}${s}]`;
  return inside ? `select(0.0, ${value}, ${inside(run, `k + ${s}u`)})` : value;
}

/** Rows are a loop, though an accumulator is then found by its index: unrolled, the stores were most of the compilation. */
function storeAll(spec: Gemm, { rows, columns, rowOf, columnOf }: Storing): string {
  const across = range(columns);
  const columnLets = across.map((j) => {
    const bias = spec.columnBias ? `let columnBias${j} = columnBias(${columnOf(j)}); ` : '';
    return `  ${bias}let at${j} = columnOffset(batch, ${columnOf(j)});`;
  });
  const stores = across.map((j) => {
    return write(spec, finish(spec, `sums[r * ${columns}u + ${j}u]`, 'rowBias', `columnBias${j}`), `at + at${j}`);
  });
  return `${columnLets.join('\n')}
  for (var r = 0u; r < ${rows}u; r++) {
    let row = ${rowOf('r')};
    ${rowStart(spec)}
    ${stores.join('\n    ')}
  }`;
}

/**
 * Row sums of a run are added up by blocks: they are long sums, see blocked.ts. Dawn does not make a variable without an
 * initial value zero again in the next turn of a loop.
 */
function summingRows(steps: number, reads: readonly number[], products: (count: number, rowSums: string) => string) {
  const join = (to: string, from: string): string => reads.map((i) => `${to}[${i}] += ${from}[${i}];`).join(' ');
  return `    var runSums = array<f32, ${reads.length}>();
    while (k + ${steps}u <= end) {
      let stop = min(end, k + ${32 * steps}u);
      var partSums = array<f32, ${reads.length}>();
      for (; k + ${steps}u <= stop; k += ${steps}u) {
${products(steps, 'partSums')}
      }
      ${join('runSums', 'partSums')}
    }
    ${join('leftSums', 'runSums')}`;
}

/** WGSL of the sum of up to four terms. */
const pairwise = (terms: readonly string[]): string =>
  terms.length < 3 ? terms.join(' + ') : `(${terms.slice(0, 2).join(' + ')}) + (${terms.slice(2).join(' + ')})`;

/** Every lane has the same row sums; the one that owns column 0 writes them. */
function storeRowSums(
  { buffer, at }: { buffer: string; at: string },
  reads: number,
  turns: number,
  rowOf: Storing['rowOf'],
) {
  const swaps = ['', 'quadSwapX', 'quadSwapY', 'quadSwapDiagonal'];
  const totals = range(turns).map((s) => `let total${s} = ${swaps[s]}(leftSums[i]);`);
  const stores = range(turns).map(
    (s) => `{ let row = ${rowOf(`(i * ${turns}u + ${s}u)`)}; ${buffer}[${at}] = total${s}; }`,
  );
  return `  for (var i = 0u; i < ${reads}u; i++) {
    ${totals.join(' ')}
    if (column == 0u) { ${stores.join(' ')} }
  }`;
}
