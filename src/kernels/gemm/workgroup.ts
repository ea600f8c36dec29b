/**
 * Matrix product through workgroup memory, for GPUs: a workgroup owns a tile of outputs, and walks along k in slices of
 * `depth` steps: all threads together copy that slice of both factors into workgroup memory, then each multiplies its own
 * block, while the next slice is loaded into registers. No load hangs on a branch, so that all of a thread's
 * are under way at once: what lies outside is read from address 0 and made 0.
 *
 * Layout: k = outer · inner + (index in the run), so that short runs (3 input channels) fill a slice too. Slices are
 * [depth][lines / 4 + 1] of vec4, four lines in one: a thread reads four rows and four columns at a time; one vec4 of padding,
 * so that copying along k does not meet the same bank. Which four lines lie in vec4 v: `4v + c` where four lines are one
 * vec4 of the buffer (or a pooled window), else `v + c · lines / 4`, so that neighbouring threads read neighbouring lines.
 * A factor is copied in one of three ways:
 * - `lines`: it is contiguous across lines, and aligned: a vec4 is loaded and stored as it is;
 * - `inner`: it is contiguous along k, and aligned: four vec4 of four lines are loaded, turned and stored;
 * - `single`: anything else: four loads, with neighbouring threads along k or along the lines, as the addresses are.
 *
 * Launch: one workgroup of threads[0] × threads[1] (32 to 128 by default) per tile of
 * (rows · threads[0]) × (columns · threads[1]); rows and columns of a thread are multiples of 4.
 */
import type { Complete } from '../../gpu/options.js';
import { range } from '../range.js';
import { finish, type Gemm, type GemmSizes, type GemmTile, type Operand, type Plan, rowStart, write } from './spec.js';
import { UNIT } from './split.js';

/** Steps of k between barriers, by default. 128 × 64 tiles then take 12.8 of the 16 KiB every adapter has. */
const DEPTH = 16;

type Tile = Complete<Pick<GemmTile, 'rows' | 'columns' | 'threads'>> & { steps?: number };

/**
 * The default tile: large ones, of which a thread multiplies more than it reads, where there remain enough of them for a large
 * GPU. From the times of thirty tiles on an H200 (bench/results/2026-11-29-h200-products.md).
 */
export function workgroupTile({ rows, columns, batches, splits = 1 }: Gemm): Tile {
  const along = (length: number): number => (length > 32 ? 16 : length > 16 ? 8 : 4);
  const tiles = (height: number, width: number): number =>
    Math.ceil(rows / height) * Math.ceil(columns / width) * batches * splits;
  const small = Math.min(rows, columns);
  if (small > 32) {
    if (rows % 128 === 0 && tiles(128, 64) > 256) return { rows: 8, columns: 8, threads: [16, 8] };
    if (tiles(64, 64) > 256) return { rows: 8, columns: 4, threads: [8, 16] };
  }
  if (small > 32 || (small > 16 && splits === 1 && Math.max(rows, columns) > 32)) {
    const [down, across] = rows > 32 ? [8, 8] : [4, 16];
    if (tiles(8 * down, 4 * across) >= 128) return { rows: 8, columns: 4, threads: [down, across] };
  }
  if (small > 32) return { rows: 4, columns: 4, threads: tiles(32, 64) <= 32 ? [4, 8] : [8, 16], steps: 32 };
  const threads = [along(rows), along(columns)] as const;
  // A narrow output still gets a full workgroup: the threads go to the other side.
  if (threads[0] * threads[1] < 64)
    return { rows: 4, columns: 4, threads: threads[0] <= threads[1] ? [4, 16] : [16, 4] };
  return { rows: 4, columns: 4, threads };
}

export function workgroupGemm(spec: Gemm, size: GemmSizes): Plan {
  const tile = { ...workgroupTile(spec), ...spec.tile };
  const { steps: depth = DEPTH } = tile;
  const [down, across] = tile.threads;
  const threads = down * across;
  const height = tile.rows * down;
  const width = tile.columns * across;
  // Whether every part of the sum is whole slices, whatever the batch.
  const { outer, inner, taps, splits = 1, overBatch = false } = spec;
  const whole =
    !overBatch && (taps ? inner : outer * inner) % depth === 0 && (splits === 1 || (outer === 1 && UNIT % depth === 0));
  const left = copying('left', spec.left, { lines: height, threads, spec, size: size.rows, depth, whole });
  const right = copying('right', spec.right, { lines: width, threads, spec, size: size.columns, depth, whole });
  const [leftStride, rightStride] = [height / 4 + 1, width / 4 + 1];
  const rowQuads = range(tile.rows / 4);
  const columnQuads = range(tile.columns / 4);
  const sums = rowQuads.flatMap((p) => range(4).map((c) => ({ p, c, row: left.line(`y + ${p * down}u`, c) })));

  const store = (p: number, c: number, q: number): string => {
    const sum = `sum${p}_${c}_${q}`;
    if (spec.pool) {
      return spec.pool.storeFour(spec, sum, `firstColumn + ${right.line(`x + ${q * across}u`, 0)}`, size.columns);
    }
    const value = finish(spec, `${sum}[d]`, 'rowBias', 'columnBias(column)');
    // A loop, so that what follows a product in the same launch is a fourth of the text.
    return `for (var d = 0u; d < 4u; d++) {
        let column = firstColumn + ${right.line(`(x + ${q * across}u)`, 'd')};
        if (column < ${size.columns}) { let address = at + columnOffset(batch, column); ${write(spec, value, 'address')} }
      }`;
  };
  const stores = sums.map(
    ({ p, c, row }) => `  {
    let row = firstRow + ${row};
    if (row < ${size.rows}) {
      ${rowStart(spec)}
      ${columnQuads.map((q) => store(p, c, q)).join('\n      ')}
      ${spec.rowSum ? `if (sumsRows) { ${spec.rowSum.buffer}[${spec.rowSum.at}] = rowSum${p}[${c}]; }` : ''}
    }
  }`,
  );
  const rowsOf = (p: number, u: number): string =>
    `leftSlice[k * ${unrolled * leftStride}u + y + ${u * leftStride + p * down}u]`;
  // Multiply-adds enough to a turn of the loop, beside which what the loop takes is little.
  const unrolled = tile.rows * tile.columns < 64 ? 2 : 1;
  const step = (u: number): string => `      {
${rowQuads.map((p) => `      let a${p} = ${rowsOf(p, u)};`).join('\n')}
${columnQuads.map((q) => `      let b${q} = rightSlice[k * ${unrolled * rightStride}u + x + ${u * rightStride + q * across}u];`).join('\n')}
${sums.map(({ p, c }) => `      ${columnQuads.map((q) => `sum${p}_${c}_${q} += a${p}[${c}] * b${q};`).join(' ')}`).join('\n')}
      }`;
  // One thread of a row's has them all: the others need not add.
  const rowSumOfSlice = `    if (sumsRows) {
${rowQuads.map((p) => `      var part${p} = vec4<f32>();`).join('\n')}
      for (var k = 0u; k < ${depth / unrolled}u; k++) { ${range(unrolled)
        .flatMap((u) => rowQuads.map((p) => `part${p} += ${rowsOf(p, u)};`))
        .join(' ')} }
${rowQuads.map((p) => `      rowSum${p} += part${p};`).join('\n')}
    }`;
  return {
    rowsPerTile: height,
    columnsPerTile: width,
    threads,
    module: `var<workgroup> leftSlice: array<vec4<f32>, ${depth * leftStride}>;
var<workgroup> rightSlice: array<vec4<f32>, ${depth * rightStride}>;
${left.read}
${right.read}
`,
    body: `  let y = lane / ${across}u;
  let x = lane % ${across}u;
  let firstRow = rowTile * ${height}u;
  let firstColumn = columnTile * ${width}u;
  let end = outerEnd * ${spec.outer === 1 ? 'innerEnd' : size.inner};
${left.before('firstRow')}
${right.before('firstColumn')}
${sums.flatMap(({ p, c }) => columnQuads.map((q) => `  var sum${p}_${c}_${q} = vec4<f32>();`)).join('\n')}
${spec.rowSum ? `  let sumsRows = columnTile == 0u && x == 0u;\n${rowQuads.map((p) => `  var rowSum${p} = vec4<f32>();`).join('\n')}` : ''}
  var start = ${spec.outer === 1 ? 'innerStart' : `outerStart * ${size.inner}`};
${left.load('var ')}
${right.load('var ')}
  while (start < end) {
${left.store}
${right.store}
    workgroupBarrier();
    start += ${depth}u;
    if (start < end) {
${left.load('')}
${right.load('')}
    }
    for (var k = 0u; k < ${depth / unrolled}u; k++) {
${range(unrolled).map(step).join('\n')}
    }
${spec.rowSum ? rowSumOfSlice : ''}
    workgroupBarrier();
  }
${stores.join('\n')}`,
  };
}

interface Slice {
  /** Of the tile, a multiple of 4. */
  lines: number;
  threads: number;
  spec: Gemm;
  /** Lines of the factor, as WGSL. */
  size: string;
  /** Steps of k. */
  depth: number;
  /** Whether no slice reaches beyond the sum's end. */
  whole: boolean;
}

/** How all threads copy one operand's slice: what a thread knows of its lines before the loop, and the copying itself. */
function copying(side: string, operand: Operand, { lines, threads, spec, size, depth, whole }: Slice) {
  const quads = lines / 4;
  const { buffer, along, inside, contiguous, aligned } = operand;
  const inner = contiguous === 'inner';
  const way = !aligned ? 'single' : inner ? 'inner' : 'lines';
  const together = way === 'lines' || (side === 'right' && spec.pool !== undefined);
  const line = (v: string, c: number | string): string => {
    if (typeof c === 'string') return together ? `${v} * 4u + ${c}` : `${v} + ${c} * ${quads}u`;
    return together ? `(${v}) * 4u + ${c}u` : `${v} + ${c * quads}u`;
  };
  // A thread's work at a time: four lines at one k, or at four.
  const steps = way === 'inner' ? depth / 4 : depth;
  const works = quads * steps;
  const turns = range(Math.ceil(works / threads));
  // By the same words in all turns where it is the same, so that a compiler sees that.
  const parts = (turn: number, by: number): [string, string] =>
    threads % by === 0
      ? [`lane / ${by}u + ${(turn * threads) / by}u`, `lane % ${by}u`]
      : [`(lane + ${turn * threads}u) / ${by}u`, `(lane + ${turn * threads}u) % ${by}u`];
  const work = (turn: number): { v: string; k: string } => {
    const [high, low] = parts(turn, inner ? steps : quads);
    return inner ? { v: high, k: way === 'inner' ? `${low} * 4u` : low } : { v: low, k: high };
  };
  const [at, distance] = typeof along === 'string' ? ['', `k * ${along}`] : [along.at(side), 'at.x'];
  const there = [...(whole ? [] : ['(start + step < end)']), ...(inside ? [`(${inside('run', 'k')})`] : [])].join(
    ' & ',
  );
  const type = way === 'single' ? 'f32' : 'vec4<f32>';
  const address = way === 'single' ? 'address' : 'address / 4u';
  // Where slices end with runs, the run is the same for all threads.
  const { inner: run } = spec;
  const [outer, rest] = [`${run % depth === 0 ? 'start' : '(start + step)'}`, run % depth === 0 ? ' + step' : ''];
  const read = `fn ${side}Read(batch: u32, origin: vec3<u32>, start: u32, step: u32, end: u32) -> ${type} {
  let outer = ${spec.outer === 1 ? '0u' : `${outer} / ${run}u`};
  let k = ${spec.outer === 1 ? 'start + step' : `${outer} % ${run}u${rest}`};
  let run = ${side}Run(batch, origin, outer);
  ${at}
  let address = run.x + ${distance};
  return ${there ? `select(${type}(), ${buffer}[select(0u, ${address}, ${there})], ${there})` : `${buffer}[${address}]`};
}`;
  const origins = (turn: number): number[] => range(way === 'lines' ? 1 : 4).map((c) => turn * 4 + c);
  const load = (turn: number): string => {
    const { k } = work(turn);
    const [own = '', ...others] = range(4).map((i) => `${side}Origin${turn * 4 + i}`);
    const read = (origin: string): string => `${side}Read(batch, ${origin}, start, ${k}, end)`;
    const all = [own, ...others].map(read).join(', ');
    return `${side}Loaded${turn} = ${{ lines: read(own), single: `vec4(${all})`, inner: `transpose(mat4x4(${all}))` }[way]};`;
  };
  const store = (turn: number): string => {
    const { v, k } = work(turn);
    const slot = (step: string): string => `${side}Slice[(${step}) * ${quads + 1}u + ${v}]`;
    const own = `${side}Loaded${turn}`;
    const all =
      way === 'inner' ? range(4).map((i) => `${slot(`${k} + ${i}u`)} = ${own}[${i}];`) : [`${slot(k)} = ${own};`];
    return `${(turn + 1) * threads <= works ? '' : `if (lane + ${turn * threads}u < ${works}u) `}{ ${all.join(' ')} }`;
  };
  return {
    line,
    read,
    before: (first: string): string =>
      turns
        .flatMap((turn) =>
          origins(turn).map((n) => {
            const own = `${first} + ${line(work(turn).v, n % 4)}`;
            return `  let ${side}Origin${n} = ${side}Origin(batch, min(${own}, ${size} - ${way === 'lines' ? 4 : 1}u));`;
          }),
        )
        .join('\n'),
    /** What a thread loads of the slice from `start` on, into variables of its own, and how it stores that. */
    load: (declare: string): string => turns.map((turn) => declare + load(turn)).join('\n'),
    store: turns.map(store).join('\n'),
  };
}
