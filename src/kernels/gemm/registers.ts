/**
 * Matrix product without workgroup memory: each invocation owns `rows` × `columns` outputs.
 *
 * Layout: the lanes of a workgroup lie along the columns, so column j of a lane is `lane + j · lanes` of the tile; all lanes
 * of a workgroup have the same rows. `registers` reads every row's element in every lane. `subgroups` reads a fourth of them:
 * the lanes of a quad read four different rows, and three quad swaps hand them round, so that in turn s a lane holds row
 * `s ^ (lane of the quad)`. Each lane meets every row, only in an order of its own, which is undone when storing. A quad is
 * four consecutive subgroup lanes whatever the subgroup's size, and nothing is assumed about which columns they own.
 *
 * Launch: one workgroup of `lanes` (4) per tile of rows × (columns · lanes). Lines past the edge repeat the last one and
 * store its values again, which spares a branch per output (and a third of the compilation).
 *
 * Measured on SwiftShader (processor time of 2 busy cores, within 20 %, 2026-11; 512³, `subgroups`, GFLOP/s):
 * - Steps of k per turn of the loop: 1: 2.9, 2: 5.1, 4: 6.5, 8: 5.6 to 7.8 at 1.5 times the compilation. A turn costs
 *   nearly two steps, because every accumulator goes through memory once.
 * - Tiles, four steps: 16 × 8 6.0, 16 × 16 5.3, 32 × 8 6.5, 32 × 16 7.7, 64 × 16 7.8, compiled in 0.4, 0.7, 0.8, 1.3, 3.8 s.
 *   On the convolutions 32 × 8 is level with 32 × 16.
 * - No gain beyond the noise: `fma` for multiply and add, vec4 accumulators, arrays of fixed size for the factors, 16 lanes instead of 4,
 *   Dawn without robustness. Accumulators as an array or as scalars: the same.
 */
import { finish, type Gemm, type GemmTile, type Plan, RELU } from './spec.js';

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/**
 * The default tile. On SwiftShader a load costs about 20 multiply-adds and a quad swap one, so big tiles pay; but an
 * accumulator costs 3 ms of compilation, so small products get small tiles.
 */
export function registerTile(spec: Gemm): Required<Pick<GemmTile, 'rows' | 'columns' | 'lanes'>> {
  const { variant, batches, rows, columns, outer, inner, splits = 1 } = spec;
  const lanes = 4;
  const work = batches * rows * columns * outer * inner;
  const large = variant === 'subgroups' ? ([32, 8] as const) : ([16, 16] as const);
  const [tallest, widest] = work > 2e7 ? large : work > 2e6 ? [16, 8] : [8, 4];
  // Blocks are evened out, so that the last one is not nearly empty.
  const even = (length: number, unit: number, blocks: number): number => Math.ceil(length / (blocks * unit)) * unit;
  let rowBlocks = Math.ceil(rows / tallest);
  let columnBlocks = Math.ceil(columns / (widest * lanes));
  while (rowBlocks * columnBlocks * batches * splits < 16) {
    if (columnBlocks * lanes * 4 < columns) columnBlocks *= 2;
    else if (rowBlocks * 8 < rows) rowBlocks *= 2;
    else break;
  }
  return { rows: even(rows, 4, rowBlocks), columns: even(columns, lanes, columnBlocks) / lanes, lanes };
}

/** Steps of k per turn of the loop: 4 to 6, with as few turns as that allows, since a turn costs nearly two steps. */
function unroll(inner: number): number {
  if (inner <= 6) return inner;
  const even = [4, 5, 6].find((step) => inner % step === 0);
  return even ?? [5, 6, 4].reduce((best, step) => (Math.ceil(inner / step) < Math.ceil(inner / best) ? step : best));
}

export function registerGemm(spec: Gemm): Plan {
  const { rows, columns, lanes = 4 } = spec.tile ?? registerTile(spec);
  const quad = spec.variant === 'subgroups';
  const turns = quad ? 4 : 1;
  // A line of the left factor that this lane reads; it stands for `turns` rows.
  const reads = range(rows / turns);
  const across = range(columns);
  const steps = unroll(spec.inner);
  const whole = Math.floor(spec.inner / steps) * steps;

  const sumAt = (row: number, j: number): string => `sums[${row * columns + j}]`;

  const products = (count: number): string => {
    const ks = range(count);
    const right = across.map((j) => ks.map((u) => `let b${j}_${u} = rightAt(rightRun${j}, k + ${u}u);`).join(' '));
    const left = reads.map((i) => {
      const held = ks.map((u) => {
        const value = `let a0_${u} = leftAt(leftRun${i}, k + ${u}u);`;
        const sum = spec.rowSum ? ` rowSum${i} += a0_${u};` : '';
        const swaps = `let a1_${u} = quadSwapX(a0_${u}); let a2_${u} = quadSwapY(a0_${u}); let a3_${u} = quadSwapDiagonal(a0_${u});`;
        return value + sum + (quad ? ` ${swaps}` : '');
      });
      const sums = range(turns).flatMap((s) =>
        across.map((j) => {
          const sum = sumAt(i * turns + s, j);
          return `${sum} = ${[sum, ...ks.map((u) => `a${s}_${u} * b${j}_${u}`)].join(' + ')};`;
        }),
      );
      return `      {\n        ${[...held, ...sums].join('\n        ')}\n      }`;
    });
    return `      ${right.join('\n      ')}\n${left.join('\n')}`;
  };
  const loop = (from: number, to: number, step: number): string => {
    if (from === to) return '';
    const once = to - from === step && !spec.skip;
    const end = spec.skip ? `select(${to}u, 0u, skip)` : `${to}u`;
    return `    ${once ? `{\n      let k = ${from}u;` : `for (var k = ${from}u; k < ${end}; k += ${step}u) {`}\n${products(step)}\n    }`;
  };

  const rowOf = (r: number): string =>
    `min(first + ${quad ? `${r & ~3}u + (quad ^ ${r & 3}u)` : `${r}u`}, ${spec.rows - 1}u)`;
  const columnOf = (j: number): string => `min(column + ${j * lanes}u, ${spec.columns - 1}u)`;
  const stores = range(rows).map((r) => {
    const outputs = across.map(
      (j) => `output[at + at${j}] = ${finish(spec, sumAt(r, j), 'rowBias', `columnBias${j}`)};`,
    );
    return `  {
    let row = ${rowOf(r)};
    let at = ${spec.rowOffset};${spec.rowBias ? `\n    let rowBias = ${spec.rowBias};` : ''}
    ${outputs.join('\n    ')}
  }`;
  });
  const columnLets = across.map((j) => {
    const bias = spec.columnBias ? `let columnBias${j} = columnBias(${columnOf(j)}); ` : '';
    return `  ${bias}let at${j} = columnOffset(batch, ${columnOf(j)});`;
  });
  // Every lane has the same row sums; the one that owns column 0 writes them.
  const swaps = ['', 'quadSwapX', 'quadSwapY', 'quadSwapDiagonal'];
  const sumLets = reads.flatMap((i) =>
    range(turns).map((s) => `  let rowTotal${i * turns + s} = ${swaps[s]}(rowSum${i});`),
  );
  const sumStores = range(rows).map((r) => `    { let row = ${rowOf(r)}; output[${spec.rowSum}] = rowTotal${r}; }`);

  return {
    rowsPerTile: rows,
    columnsPerTile: columns * lanes,
    threads: lanes,
    enable: quad ? 'enable subgroups;\n' : '',
    builtins: quad ? ', @builtin(subgroup_invocation_id) subgroupLane: u32' : '',
    module: `fn columnOffset(batch: u32, column: u32) -> u32 { return ${spec.columnOffset}; }
${spec.columnBias ? `fn columnBias(column: u32) -> f32 { return ${spec.columnBias}; }` : ''}
${spec.relu ? RELU : ''}`,
    body: `  let first = rowTile * ${rows}u;
  let column = columnTile * ${columns * lanes}u + lane;
${spec.skip ? `  let firstColumn = columnTile * ${columns * lanes}u;\n  let lastColumn = min(firstColumn + ${columns * lanes - 1}u, ${spec.columns - 1}u);` : ''}
${quad ? '  let quad = subgroupLane & 3u;' : ''}
  // Lines past the edge repeat the last one, and store it again.
${reads.map((i) => `  let leftOrigin${i} = leftOrigin(batch, min(first + ${i * turns}u${quad ? ' + quad' : ''}, ${spec.rows - 1}u));`).join('\n')}
${across.map((j) => `  let rightOrigin${j} = rightOrigin(batch, ${columnOf(j)});`).join('\n')}
  var sums: array<f32, ${rows * columns}>;
${spec.rowSum ? reads.map((i) => `  var rowSum${i} = 0.0;`).join('\n') : ''}
  for (var outer = outerStart; outer < outerEnd; outer++) {
${spec.skip ? `    let skip = ${spec.skip};` : ''}
${reads.map((i) => `    let leftRun${i} = leftRun(leftOrigin${i}, outer);`).join('\n')}
${across.map((j) => `    let rightRun${j} = rightRun(rightOrigin${j}, outer);`).join('\n')}
${loop(0, whole, steps)}
${loop(whole, spec.inner, spec.inner - whole)}
  }
${columnLets.join('\n')}
${stores.join('\n')}
${spec.rowSum ? `${sumLets.join('\n')}\n  if (column == 0u) {\n${sumStores.join('\n')}\n  }` : ''}`,
  };
}
