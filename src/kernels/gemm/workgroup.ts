/**
 * Matrix product through workgroup memory, for GPUs: a workgroup owns a tile of outputs, and walks along k in slices of
 * `depth` steps: all threads together copy that slice of both factors into workgroup memory, then each multiplies its own
 * block, while the next slice is loaded into registers. No load hangs on a branch, so that all of a thread's
 * are under way at once: what lies outside is read from address 0 and made 0. Slices end where the sum does: the first is that which
 * lacks steps, so that only what is loaded before the loop looks for them.
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

/** Steps of k between barriers, by default. 128 × 64 tiles then take 12.8 of the 16 KiB every adapter has. */
const DEPTH = 16;

type Tile = Complete<Pick<GemmTile, 'rows' | 'columns' | 'threads'>> & { steps?: number };

/**
 * The default tile: large ones, of which a thread multiplies more than it reads, where there remain enough of them for a large
 * GPU; small ones for few outputs. From the times of thirty tiles on an H200 (bench/results/2026-11-29-h200-products.md). The
 * bounds lie where a batch of another size seldom meets them, since another tile is another shader.
 */
export function workgroupTile({ rows, columns, batches, splits = 1 }: Gemm): Tile {
  const along = (length: number): number => (length > 32 ? 16 : length > 16 ? 8 : 4);
  const tiles = (height: number, width: number): number =>
    Math.ceil(rows / height) * Math.ceil(columns / width) * batches * splits;
  const small = Math.min(rows, columns);
  const isLong = Math.max(rows, columns) > 32;
  if (small > 32) {
    if (rows % 128 === 0 && tiles(128, 64) > 256) return { rows: 8, columns: 8, threads: [16, 8] };
    if (tiles(64, 64) >= 512) return { rows: 8, columns: 4, threads: [8, 16] };
  }
  // Parts of a sum are short, and end sooner side by side.
  const few = small <= 32 ? 32 : splits > 1 ? 128 : 50;
  if (small >= 16 && isLong && tiles(32, 64) <= few) return { rows: 4, columns: 4, threads: [4, 8], steps: 32 };
  if (small > 32 || (small > 16 && splits === 1 && isLong)) {
    const [down, across] = rows > 32 ? [8, 8] : [4, 16];
    if (tiles(8 * down, 4 * across) >= 96) return { rows: 8, columns: 4, threads: [down, across] };
  }
  if (small > 32) return { rows: 4, columns: 4, threads: [8, 16], steps: 32 };
  const threads = [along(rows), along(columns)] as const;
  // A narrow output still gets a full workgroup: the threads go to the other side.
  if (threads[0] * threads[1] < 64) return { rows: 4, columns: 4, threads: rows < columns ? [4, 16] : [16, 4] };
  return { rows: 4, columns: 4, threads };
}

export function workgroupGemm(spec: Gemm, size: GemmSizes): Plan {
  const tile = { ...workgroupTile(spec), ...spec.tile };
  const { steps: depth = DEPTH } = tile;
  const [down, across] = tile.threads;
  const threads = down * across;
  const height = tile.rows * down;
  const width = tile.columns * across;
  const { outer, inner, taps, splits = 1, overBatch } = spec;
  // Whether the sum is whole slices, whatever the batch.
  const whole = !overBatch && splits === 1 && (taps ? inner : outer * inner) % depth === 0;
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
  var start = ${spec.outer === 1 ? 'innerStart' : `outerStart * ${size.inner}`};
  let end = max(start, outerEnd * ${spec.outer === 1 ? 'innerEnd' : size.inner});
${left.before('firstRow')}
${right.before('firstColumn')}
${sums.flatMap(({ p, c }) => columnQuads.map((q) => `  var sum${p}_${c}_${q} = vec4<f32>();`)).join('\n')}
${spec.rowSum ? `  let sumsRows = columnTile == 0u && x == 0u;\n${rowQuads.map((p) => `  var rowSum${p} = vec4<f32>();`).join('\n')}` : ''}
${whole ? '' : `  let lacking = (${depth}u - (end - start) % ${depth}u) % ${depth}u;\n  start -= lacking;`}
${left.load(true)}
${right.load(true)}
  while (start != end) {
${left.store}
${right.store}
    workgroupBarrier();
    start += ${depth}u;
    if (start != end) {
${left.load(false)}
${right.load(false)}
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
  /** Whether the sum is whole slices. */
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
  const type = way === 'single' ? 'f32' : 'vec4<f32>';
  const address = way === 'single' ? 'address' : 'address / 4u';
  // Where slices end with runs, the run is the same for all threads.
  const { inner: run } = spec;
  const [outer, rest] = run % depth === 0 ? ['start', ' + step'] : ['(start + step)', ''];
  const read = `fn ${side}Read(batch: u32, origin: vec3<u32>, start: u32, step: u32, exists: bool) -> ${type} {
  let outer = ${spec.outer === 1 ? '0u' : `${outer} / ${run}u`};
  let k = ${spec.outer === 1 ? 'start + step' : `${outer} % ${run}u${rest}`};
  let run = ${side}Run(batch, origin, outer);
  ${at}
  let address = run.x + ${distance};
  let there = exists${inside ? ` & (${inside('run', 'k')})` : ''};
  return select(${type}(), ${buffer}[select(0u, ${address}, there)], there);
}`;
  const origins = (turn: number): number[] => range(way === 'lines' ? 1 : 4).map((c) => turn * 4 + c);
  const load = (turn: number, isFirst: boolean): string => {
    const { k } = work(turn);
    const [own = '', ...others] = range(4).map((i) => `${side}Origin${turn * 4 + i}`);
    const read = (origin: string): string =>
      `${side}Read(batch, ${origin}, start, ${k}, ${isFirst && !whole ? `${k} >= lacking` : 'true'})`;
    const all = [own, ...others].map(read).join(', ');
    return `${isFirst ? 'var ' : ''}${side}Loaded${turn} = ${{ lines: read(own), single: `vec4(${all})`, inner: `transpose(mat4x4(${all}))` }[way]};`;
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
    load: (isFirst: boolean): string => turns.map((turn) => load(turn, isFirst)).join('\n'),
    store: turns.map(store).join('\n'),
  };
}
