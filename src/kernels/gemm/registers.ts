/**
 * Matrix product without workgroup memory: each invocation owns `rows` × `columns` outputs in registers.
 *
 * Layout: the lanes of a workgroup lie along the columns, so column j of a lane is `lane + j · lanes` of the tile; all lanes
 * of a workgroup have the same rows. `registers` reads every row's element in every lane. `subgroups` reads a fourth of them:
 * the lanes of a quad read four different rows, and three quad swaps hand them round, so that in turn s a lane holds row
 * `s ^ (lane of the quad)`. Each lane meets every row, only in an order of its own, which is undone when storing. A quad is
 * four consecutive subgroup lanes whatever the subgroup's size, and nothing is assumed about which columns they own.
 *
 * Launch: one workgroup of `lanes` (4) per tile of rows × (columns · lanes).
 *
 * Four steps of k are unrolled, so that an accumulator is loaded and stored once for four multiply-adds: with more
 * accumulators than the machine has registers, 512³ went from 4.0 to 8.1 GFLOP/s (SwiftShader, 2 cores, 2026-11).
 */
import { finish, type Gemm, type GemmTile, type Plan, RELU } from './spec.js';

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/**
 * The default tile. On SwiftShader a load costs about 20 multiply-adds and a quad swap one, so big tiles pay; but an
 * accumulator costs about 2 ms of compilation, so small products get small tiles.
 */
export function registerTile({
  batches,
  rows,
  columns,
  outer,
  inner,
  splits = 1,
}: Gemm): Required<Pick<GemmTile, 'rows' | 'columns' | 'lanes'>> {
  const lanes = 4;
  const work = batches * rows * columns * outer * inner;
  const [most, widest] = work > 2e7 ? [32, 16] : work > 2e6 ? [16, 8] : [8, 4];
  const even = (length: number, unit: number, blocks: number): number => Math.ceil(length / (blocks * unit)) * unit;
  let rowBlocks = Math.ceil(rows / most);
  let columnBlocks = Math.ceil(columns / (widest * lanes));
  while (rowBlocks * columnBlocks * batches * splits < 16) {
    if (columnBlocks * lanes * 4 < columns) columnBlocks *= 2;
    else if (rowBlocks * 8 < rows) rowBlocks *= 2;
    else break;
  }
  return { rows: even(rows, 4, rowBlocks), columns: even(columns, lanes, columnBlocks) / lanes, lanes };
}

/** Steps of k per turn of the loop: four, or what divides a short run evenly. */
function unroll(inner: number): number {
  if (inner <= 4) return inner;
  return [4, 3, 5, 2].find((step) => inner % step === 0) ?? 4;
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
          const sum = `sum${i * turns + s}_${j}`;
          return `${sum} = ${[sum, ...ks.map((u) => `a${s}_${u} * b${j}_${u}`)].join(' + ')};`;
        }),
      );
      return `      {\n        ${[...held, ...sums].join('\n        ')}\n      }`;
    });
    return `      ${right.join('\n      ')}\n${left.join('\n')}`;
  };
  const loop = (from: number, to: number, step: number): string =>
    from === to ? '' : `    for (var k = ${from}u; k < ${to}u; k += ${step}u) {\n${products(step)}\n    }`;

  const rowOf = (r: number): string => (quad ? `first + ${r & ~3}u + (quad ^ ${r & 3}u)` : `first + ${r}u`);
  const stores = range(rows).map((r) => {
    const outputs = across.map(
      (j) =>
        `if (column + ${j * lanes}u < ${spec.columns}u) { output[at + at${j}] = ${finish(spec, `sum${r}_${j}`, 'rowBias', `columnBias${j}`)}; }`,
    );
    return `  {
    let row = ${rowOf(r)};
    if (row < ${spec.rows}u) {
      let at = ${spec.rowOffset};${spec.rowBias ? `\n      let rowBias = ${spec.rowBias};` : ''}
      ${outputs.join('\n      ')}
    }
  }`;
  });
  const columnLets = across.map((j) => {
    const bias = spec.columnBias
      ? `let columnBias${j} = columnBias(min(column + ${j * lanes}u, ${spec.columns - 1}u)); `
      : '';
    return `  ${bias}let at${j} = columnOffset(batch, column + ${j * lanes}u);`;
  });
  // Every lane has the same row sums; the one that owns column 0 writes them.
  const swaps = ['', 'quadSwapX', 'quadSwapY', 'quadSwapDiagonal'];
  const sumLets = reads.flatMap((i) =>
    range(turns).map((s) => `  let rowTotal${i * turns + s} = ${swaps[s]}(rowSum${i});`),
  );
  const sumStores = range(rows).map(
    (r) => `    { let row = ${rowOf(r)}; if (row < ${spec.rows}u) { output[${spec.rowSum}] = rowTotal${r}; } }`,
  );

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
${quad ? '  let quad = subgroupLane & 3u;' : ''}
  // Lines past the edge repeat the last one and are not stored.
${reads.map((i) => `  let leftOrigin${i} = leftOrigin(batch, min(first + ${i * turns}u${quad ? ' + quad' : ''}, ${spec.rows - 1}u));`).join('\n')}
${across.map((j) => `  let rightOrigin${j} = rightOrigin(batch, min(column + ${j * lanes}u, ${spec.columns - 1}u));`).join('\n')}
${range(rows)
  .map((r) => `  ${across.map((j) => `var sum${r}_${j} = 0.0;`).join(' ')}`)
  .join('\n')}
${spec.rowSum ? reads.map((i) => `  var rowSum${i} = 0.0;`).join('\n') : ''}
  for (var outer = outerStart; outer < outerEnd; outer++) {
${reads.map((i) => `    let leftRun${i} = leftRun(leftOrigin${i}, outer);`).join('\n')}
${across.map((j) => `    let rightRun${j} = rightRun(rightOrigin${j}, outer);`).join('\n')}
${loop(0, whole, steps)}
${loop(whole, spec.inner, 1)}
  }
${columnLets.join('\n')}
${stores.join('\n')}
${spec.rowSum ? `${sumLets.join('\n')}\n  if (column == 0u) {\n${sumStores.join('\n')}\n  }` : ''}`,
  };
}
