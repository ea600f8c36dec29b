/**
 * Matrix product through workgroup memory, for GPUs: a workgroup owns a tile of outputs, and walks along k in steps of
 * `DEPTH`: all threads together copy that slice of both factors into workgroup memory, then each multiplies its own block.
 *
 * Layout: k = outer · inner + (index in the run), so that short runs (3 input channels) fill a slice too. Slices are
 * [DEPTH][lines / 4 + 1] of vec4, four lines in one: a thread reads four rows and four columns at a time; one vec4 of padding,
 * so that copying along k does not meet the same bank. Which four lines lie in vec4 v: `4v + c` where four lines are one
 * vec4 of the buffer (or a pooled window), else `v + c · lines / 4`, so that neighbouring threads read neighbouring lines.
 * A factor is copied in one of three ways:
 * - `lines`: it is contiguous across lines, and aligned: a vec4 is loaded and stored as it is;
 * - `inner`: it is contiguous along k, and aligned: four vec4 of four lines are loaded, turned and stored;
 * - `single`: anything else: four loads, with neighbouring threads along k or along the lines, as the addresses are.
 *
 * Launch: one workgroup of threads[0] × threads[1] (16 × 16 where the output is large enough) per tile of
 * (rows · threads[0]) × (columns · threads[1]); rows and columns of a thread are multiples of 4.
 */
import type { Complete } from '../../gpu/options.js';
import { RELU } from '../floats.js';
import {
  finish,
  type Gemm,
  type GemmSizes,
  type GemmTile,
  type Operand,
  type Plan,
  range,
  storePooled,
} from './spec.js';

/** Steps of k between barriers. 128 × 64 tiles then take 12.8 of the 16 KiB every adapter has. */
const DEPTH = 16;

export function workgroupTile({
  rows,
  columns,
  batches,
}: Gemm): Complete<Pick<GemmTile, 'rows' | 'columns' | 'threads'>> {
  const along = (length: number): number => (length > 32 ? 16 : length > 16 ? 8 : 4);
  const threads = [along(rows), along(columns)] as const;
  // A narrow output still gets a full workgroup: the threads go to the other side.
  if (threads[0] * threads[1] < 64)
    return { rows: 4, columns: 4, threads: threads[0] <= threads[1] ? [4, 16] : [16, 4] };
  // Tall tiles only where there remain tiles enough for a large GPU.
  const large = rows % 128 === 0 && (rows / 128) * Math.ceil(columns / 64) * batches >= 256;
  return { rows: large ? 8 : 4, columns: 4, threads };
}

export function workgroupGemm(spec: Gemm, size: GemmSizes): Plan {
  const tile = { ...workgroupTile(spec), ...spec.tile };
  const [down, across] = tile.threads;
  const threads = down * across;
  const height = tile.rows * down;
  const width = tile.columns * across;
  const left = copying('left', spec.left, { lines: height, threads, spec, size: size.rows });
  const right = copying('right', spec.right, { lines: width, threads, spec, size: size.columns });
  const rowQuads = range(tile.rows / 4);
  const columnQuads = range(tile.columns / 4);
  const sums = rowQuads.flatMap((p) => range(4).map((c) => ({ p, c, row: left.line(`y + ${p * down}u`, c) })));

  const store = (p: number, c: number, q: number): string => {
    const columns = range(4).map((d) => `firstColumn + ${right.line(`x + ${q * across}u`, d)}`);
    const sum = `sum${p}_${c}_${q}`;
    if (spec.pool) {
      const values = range(4).map((d) => `let value${d} = ${finish(spec, `${sum}[${d}]`, 'rowBias', '', '')};`);
      return `{ let column = ${columns[0]}; if (column < ${size.columns}) {
      let address = at + columnOffset(batch, column);
      ${values.join(' ')}
      ${storePooled(spec, 'address', 'firstPlace(column)')}
    } }`;
    }
    return range(4)
      .map((d) => {
        const value = finish(spec, `${sum}[${d}]`, 'rowBias', 'columnBias(column)', 'address');
        return `{ let column = ${columns[d]}; if (column < ${size.columns}) { let address = at + columnOffset(batch, column); output[address] = ${value}; } }`;
      })
      .join('\n      ');
  };
  const stores = sums.map(
    ({ p, c, row }) => `  {
    let row = firstRow + ${row};
    if (row < ${size.rows}) {
      let at = ${spec.rowOffset};${spec.rowBias ? `\n      let rowBias = ${spec.rowBias};` : ''}
      ${columnQuads.map((q) => store(p, c, q)).join('\n      ')}
    }
  }`,
  );
  const rowSums = sums.map(
    ({ p, c, row }) =>
      `    { let row = firstRow + ${row}; if (row < ${size.rows}) { ${spec.rowSum?.buffer}[${spec.rowSum?.at}] = rowSum${p}[${c}]; } }`,
  );
  return {
    rowsPerTile: height,
    columnsPerTile: width,
    threads,
    module: `var<workgroup> leftSlice: array<vec4<f32>, ${DEPTH * (height / 4 + 1)}>;
var<workgroup> rightSlice: array<vec4<f32>, ${DEPTH * (width / 4 + 1)}>;
${left.functions}
${right.functions}
fn columnOffset(batch: u32, column: u32) -> u32 { return ${spec.columnOffset}; }
${spec.columnBias ? `fn columnBias(column: u32) -> f32 { return ${spec.columnBias}; }` : ''}
${spec.pool ? `fn firstPlace(column: u32) -> u32 { return ${spec.pool.first}; }` : ''}
${spec.relu ? RELU : ''}`,
    body: `  let y = lane / ${across}u;
  let x = lane % ${across}u;
  let firstRow = rowTile * ${height}u;
  let firstColumn = columnTile * ${width}u;
  let end = ${spec.outer === 1 ? 'innerEnd' : `outerEnd * ${size.inner}`};
${left.before('firstRow')}
${right.before('firstColumn')}
${sums.flatMap(({ p, c }) => columnQuads.map((q) => `  var sum${p}_${c}_${q} = vec4<f32>();`)).join('\n')}
${spec.rowSum ? rowQuads.map((p) => `  var rowSum${p} = vec4<f32>();`).join('\n') : ''}
  for (var start = ${spec.outer === 1 ? 'innerStart' : `outerStart * ${size.inner}`}; start < end; start += ${DEPTH}u) {
${left.copy}
${right.copy}
    workgroupBarrier();
${spec.rowSum ? rowQuads.map((p) => `    var part${p} = vec4<f32>();`).join('\n') : ''}
    for (var k = 0u; k < ${DEPTH}u; k++) {
${rowQuads.map((p) => `      let a${p} = leftSlice[k * ${height / 4 + 1}u + y + ${p * down}u];`).join('\n')}
${columnQuads.map((q) => `      let b${q} = rightSlice[k * ${width / 4 + 1}u + x + ${q * across}u];`).join('\n')}
${sums.map(({ p, c }) => `      ${columnQuads.map((q) => `sum${p}_${c}_${q} += a${p}[${c}] * b${q};`).join(' ')}`).join('\n')}
${spec.rowSum ? `      ${rowQuads.map((p) => `part${p} += a${p};`).join(' ')}` : ''}
    }
${spec.rowSum ? `    ${rowQuads.map((p) => `rowSum${p} += part${p};`).join(' ')}` : ''}
    workgroupBarrier();
  }
${stores.join('\n')}
${spec.rowSum ? `  if (columnTile == 0u && x == 0u) {\n${rowSums.join('\n')}\n  }` : ''}`,
  };
}

interface Slice {
  /** Of the tile, a multiple of 4. */
  lines: number;
  threads: number;
  spec: Gemm;
  /** Lines of the factor, as WGSL. */
  size: string;
}

/** Whether a product binds this operand's buffer as vec4. */
export const readsVec4 = (variant: Gemm['variant'], { aligned = false }: Operand): boolean =>
  variant === 'workgroup' && aligned;

/** How all threads copy one operand's slice: what a thread knows of its lines before the loop, and the copying itself. */
function copying(side: string, operand: Operand, { lines, threads, spec, size }: Slice) {
  const quads = lines / 4;
  const { buffer, along, checked, aligned = false } = operand;
  const inner = operand.contiguous === 'inner';
  const way = !aligned ? 'single' : inner ? 'inner' : 'lines';
  const together = way === 'lines' || (side === 'right' && spec.pool !== undefined);
  const line = (v: string, c: number): string => (together ? `(${v}) * 4u + ${c}u` : `${v} + ${c * quads}u`);
  // A thread's work at a time: four lines at one k, or at four.
  const steps = way === 'inner' ? DEPTH / 4 : DEPTH;
  const works = quads * steps;
  const turns = range(Math.ceil(works / threads));
  const work = (turn: number): { v: string; k: string } => {
    const n = `(lane + ${turn * threads}u)`;
    return inner
      ? { v: `${n} / ${steps}u`, k: `${n} % ${steps}u${way === 'inner' ? ' * 4u' : ''}` }
      : { v: `${n} % ${quads}u`, k: `${n} / ${quads}u` };
  };
  const walk = typeof along !== 'string';
  const at = walk ? `let at = ${side}Start(k);` : '';
  const distance = walk ? 'at.x' : `k * ${along}`;
  const inside = (walk && along.inside) || 'true';
  const valid = { run: 'run.z != 0u', element: 'k - run.y < run.z', walk: inside, none: '' }[checked || 'none'];
  const one = `fn ${side}One(origin: vec3<u32>, index: u32, end: u32) -> f32 {
  if (index >= end) { return 0.0; }
  let outer = ${spec.outer === 1 ? '0u' : `index / ${spec.inner}u`};
  let k = ${spec.outer === 1 ? 'index' : `index % ${spec.inner}u`};
  let run = ${side}Run(origin, outer);
  ${at}
  ${valid ? `if (!(${valid})) { return 0.0; }` : ''}
  return ${buffer}[run.x + ${distance}];
}`;
  const four = `fn ${side}Four(origin: vec3<u32>, k: u32, end: u32) -> vec4<f32> {
  if (k >= end) { return vec4<f32>(); }
  ${at}
  return ${buffer}[(${side}Run(origin, 0u).x + ${distance}) / 4u];
}`;
  const origins = (turn: number): number[] => range(way === 'lines' ? 1 : 4).map((c) => turn * 4 + c);
  const copy = turns.map((turn) => {
    const { v, k } = work(turn);
    const [a, b, c, d] = range(4).map((i) => `${side}Origin${turn * 4 + i}`);
    const slot = (step: string): string => `${side}Slice[(${step}) * ${quads + 1}u + ${v}]`;
    const body = {
      lines: `${slot(k)} = ${side}Four(${a}, start + ${k}, end);`,
      single: `${slot(k)} = vec4(${[a, b, c, d].map((o) => `${side}One(${o}, start + ${k}, end)`).join(', ')});`,
      inner: `let t = transpose(mat4x4(${[a, b, c, d].map((o) => `${side}Four(${o}, start + ${k}, end)`).join(', ')}));
      ${range(4)
        .map((i) => `${slot(`${k} + ${i}u`)} = t[${i}];`)
        .join(' ')}`,
    }[way];
    const whole = (turn + 1) * threads <= works;
    return `    ${whole ? '{' : `if (lane + ${turn * threads}u < ${works}u) {`}\n      ${body}\n    }`;
  });
  return {
    line,
    functions: way === 'single' ? one : four,
    before: (first: string): string =>
      turns
        .flatMap((turn) =>
          origins(turn).map((n) => {
            const own = `${first} + ${line(work(turn).v, n % 4)}`;
            return `  let ${side}Origin${n} = ${side}Origin(batch, min(${own}, ${size} - ${way === 'lines' ? 4 : 1}u));`;
          }),
        )
        .join('\n'),
    copy: copy.join('\n'),
  };
}
