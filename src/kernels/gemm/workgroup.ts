/**
 * Matrix product through workgroup memory, for GPUs: a workgroup owns a tile of outputs, and walks along k in steps of
 * `DEPTH`: all threads together copy that slice of both factors into workgroup memory, then each multiplies its own block.
 *
 * Layout: k = outer · inner + (index in the run). Slices lie as [DEPTH][rows + 1] and [DEPTH][columns + 1]: k outside, so
 * that threads read neighbouring words; one word of padding, so that copying along k does not meet the same bank.
 * An operand that is contiguous along its runs is copied with neighbouring threads along k, otherwise along the lines.
 *
 * Launch: one workgroup of threads[0] × threads[1] (16 × 16 where the output is large enough) per tile of
 * (rows · threads[0]) × (columns · threads[1]); a thread's rows and columns are strided by the number of threads.
 */
import { finish, type Gemm, type GemmTile, type Operand, type Plan, RELU } from './spec.js';

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Steps of k between barriers. 64 × 64 tiles then take 8.3 of the 16 KiB every adapter has. */
const DEPTH = 16;

export function workgroupTile({ rows, columns }: Gemm): GemmTile & { threads: readonly [number, number] } {
  const along = (length: number): number => (length > 32 ? 16 : length > 16 ? 8 : 4);
  const threads = [along(rows), along(columns)] as const;
  // A narrow output still gets a full workgroup: the threads go to the other side.
  if (threads[0] * threads[1] < 64)
    return { rows: 4, columns: 4, threads: threads[0] <= threads[1] ? [4, 16] : [16, 4] };
  return { rows: 4, columns: 4, threads };
}

export function workgroupGemm(spec: Gemm): Plan {
  const tile = { ...workgroupTile(spec), ...spec.tile };
  const [down, across] = tile.threads;
  const threads = down * across;
  const height = tile.rows * down;
  const width = tile.columns * across;
  const left = copying('left', spec.left, height, threads, spec.rows, `rowTile * ${height}u`, spec.inner);
  const right = copying('right', spec.right, width, threads, spec.columns, `columnTile * ${width}u`, spec.inner);
  const is = range(tile.rows);
  const js = range(tile.columns);
  const stores = is.map(
    (i) => `  {
    let row = row0 + ${i * down}u;
    if (row < ${spec.rows}u) {
      let at = ${spec.rowOffset};${spec.rowBias ? `\n      let rowBias = ${spec.rowBias};` : ''}
      ${js.map((j) => `if (column0 + ${j * across}u < ${spec.columns}u) { output[at + columnOffset(batch, column0 + ${j * across}u)] = ${finish(spec, `sum${i}_${j}`, 'rowBias', `columnBias(column0 + ${j * across}u)`)}; }`).join('\n      ')}
    }
  }`,
  );
  return {
    rowsPerTile: height,
    columnsPerTile: width,
    threads,
    module: `var<workgroup> leftSlice: array<f32, ${DEPTH * (height + 1)}>;
var<workgroup> rightSlice: array<f32, ${DEPTH * (width + 1)}>;
fn columnOffset(batch: u32, column: u32) -> u32 { return ${spec.columnOffset}; }
${spec.columnBias ? `fn columnBias(column: u32) -> f32 { return ${spec.columnBias}; }` : ''}
${spec.relu ? RELU : ''}`,
    body: `  let y = lane / ${across}u;
  let x = lane % ${across}u;
  let row0 = rowTile * ${height}u + y;
  let column0 = columnTile * ${width}u + x;
  let end = outerEnd * ${spec.inner}u;
${left.lines}
${right.lines}
${is.map((i) => `  ${js.map((j) => `var sum${i}_${j} = 0.0;`).join(' ')}`).join('\n')}
${spec.rowSum ? is.map((i) => `  var rowSum${i} = 0.0;`).join('\n') : ''}
  for (var start = outerStart * ${spec.inner}u; start < end; start += ${DEPTH}u) {
${left.copy}
${right.copy}
    workgroupBarrier();
    for (var k = 0u; k < ${DEPTH}u; k++) {
${is.map((i) => `      let a${i} = leftSlice[k * ${height + 1}u + y + ${i * down}u];`).join('\n')}
${js.map((j) => `      let b${j} = rightSlice[k * ${width + 1}u + x + ${j * across}u];`).join('\n')}
${is.map((i) => `      ${js.map((j) => `sum${i}_${j} += a${i} * b${j};`).join(' ')}`).join('\n')}
${spec.rowSum ? `      if (columnTile == 0u) { ${is.map((i) => `rowSum${i} += a${i};`).join(' ')} }` : ''}
    }
    workgroupBarrier();
  }
${stores.join('\n')}
${spec.rowSum ? `  if (column0 == 0u) {\n${is.map((i) => `    { let row = row0 + ${i * down}u; if (row < ${spec.rows}u) { output[${spec.rowSum}] = rowSum${i}; } }`).join('\n')}\n  }` : ''}`,
  };
}

/** How all threads copy one operand's slice: what a thread knows of its lines before the loop, and the copying itself. */
function copying(
  side: string,
  operand: Operand,
  lines: number,
  threads: number,
  count: number,
  first: string,
  inner: number,
) {
  const along = operand.contiguous === 'inner';
  const turns = range(Math.ceil((lines * DEPTH) / threads));
  const place = (turn: number): { line: string; k: string } =>
    along
      ? { line: `(lane + ${turn * threads}u) / ${DEPTH}u`, k: `(lane + ${turn * threads}u) % ${DEPTH}u` }
      : { line: `(lane + ${turn * threads}u) % ${lines}u`, k: `(lane + ${turn * threads}u) / ${lines}u` };
  const copy = turns.map((turn) => {
    const { line, k } = place(turn);
    const store = `let k = start + ${k};
      let run = ${side}Run(${side}Origin${turn}, k / ${inner}u);
      ${side}Slice[${k} * ${lines + 1}u + ${line}] = select(0.0, ${side}At(run, k % ${inner}u), k < end);`;
    const whole = (turn + 1) * threads <= lines * DEPTH;
    return `    ${whole ? '{' : `if (lane + ${turn * threads}u < ${lines * DEPTH}u) {`}\n      ${store}\n    }`;
  });
  return {
    lines: turns
      .map(
        (turn) =>
          `  let ${side}Origin${turn} = ${side}Origin(batch, min(${first} + ${place(turn).line}, ${count - 1}u));`,
      )
      .join('\n'),
    copy: copy.join('\n'),
  };
}
