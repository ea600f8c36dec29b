/**
 * The matrix product under matmul and convolution: for every batch, row and column,
 *
 *   output[row, column] = finish( Σ over outer, inner of  left[row; outer, inner] · right[column; outer, inner] )
 *
 * The factors need not exist as matrices. An {@link Operand} says where an element lies: its lines are the rows of the left
 * factor or the columns of the right one, and for each line and `outer` it is a *run* of `inner` elements, whose distances
 * from the run's beginning are the same for all lines. So what needs a division or a bounds check (image, row, column, tap)
 * is done once a line, once a run, or once for all lines, never per element.
 *
 * Sums run in the order of (outer, inner), in f32. A sum that is split is written in parts, and the caller adds the parts in
 * order: no atomics, the same bits each time.
 *
 * Launch: one workgroup per tile of the output; tiles are numbered rows first, then columns, then splits, then batches, and
 * the number is folded into two dimensions of the grid. How a tile is computed is its variant:
 * `registers` and `subgroups` in registers.ts, `workgroup` in workgroup.ts.
 */
import { type Element, type Kernel, kernel, LINEAR_WORKGROUP, linear, numbers } from '../kernel.js';
import { laneMain } from '../lanes.js';
import { registerGemm } from './registers.js';
import type { Gemm, Operand } from './spec.js';
import { type Bias, cut, type Split, sumParts, UNIT } from './split.js';
import { workgroupGemm } from './workgroup.js';

/** The kernel of a matrix product: binds what the product reads, then `output`, and `places` and `rowSums` where wanted. */
export function gemm(spec: Gemm): Kernel {
  const { batches, rows, columns, outer, inner, splits = 1 } = spec;
  const alone = outer === 1;
  const sizes = { rows, columns, outer, inner };
  const plan = (spec.plan ?? (spec.variant === 'workgroup' ? workgroupGemm : registerGemm))(spec, numbers(sizes));
  const rowTiles = Math.ceil(rows / plan.rowsPerTile);
  const columnTiles = Math.ceil(columns / plan.columnsPerTile);
  const tiles = rowTiles * columnTiles * splits * batches;
  const { part } = alone ? cut(inner, splits, UNIT) : cut(outer, splits, 1);
  const own = { ...sizes, rowTiles, columnTiles, splits, part, tiles };
  const u = numbers(own);
  const bounds = (name: string, length: string, isCut: boolean): string =>
    isCut
      ? `let ${name}Start = split * ${u.part};\n  let ${name}End = min(${name}Start + ${u.part}, ${length});`
      : `let ${name}Start = 0u;\n  let ${name}End = ${length};`;
  const write: Record<string, Element> = { output: 'f32' };
  if (spec.pool) write.places = 'u32';
  if (spec.rowSum) write[spec.rowSum.buffer] = 'f32';
  const vectors = ({ buffer, aligned }: Operand): Record<string, Element> =>
    aligned && spec.variant === 'workgroup' ? { [buffer]: 'vec4<f32>' } : {};
  return kernel({
    name: spec.name,
    read: { ...spec.read, ...vectors(spec.left), ...vectors(spec.right) },
    write,
    workgroups: linear(tiles * LINEAR_WORKGROUP),
    params: { ...own, ...spec.sizes },
    flops: spec.flops ?? 2 * batches * rows * columns * outer * inner,
    puts: spec.pool || spec.rowSum ? undefined : 'output',
    wgsl: `
${operand('left', spec.left)}
${operand('right', spec.right)}
${spec.module ?? ''}
${plan.module ?? ''}fn columnOffset(batch: u32, column: u32) -> u32 { return ${spec.columnOffset}; }
${spec.columnBias ? `fn columnBias(column: u32) -> f32 { return ${spec.columnBias}; }` : ''}
${spec.pool ? `fn firstPlace(column: u32) -> u32 { return ${spec.pool.first}; }` : ''}${laneMain(plan.threads, 'tile', u.tiles, plan.builtins)}
  let strip = tile / ${u.rowTiles};
  let plane = strip / ${u.columnTiles};
  let batch = plane / ${u.splits};
  let rowTile = tile - strip * ${u.rowTiles};
  let columnTile = strip - plane * ${u.columnTiles};
  let split = plane - batch * ${u.splits};
  ${bounds('outer', spec.taps ?? (alone ? '1u' : u.outer), !alone)}
  ${bounds('inner', u.inner, alone)}
${plan.body}
}`,
  });
}

/**
 * A product whole or, where `splits` says so, its sum in parts. `outputs` has the lengths of what is written, row sums last;
 * `size` and `outputs` of its sizes are that of a part and that of the product alone. A bias is added last.
 */
export function splitGemm(spec: Gemm, outputs: Readonly<Record<string, number>>, bias?: Bias): Kernel | Split {
  const { name, splits = 1, rowSum, sizes } = spec;
  if (splits === 1) return gemm({ ...spec, read: { ...spec.read, ...bias?.read }, columnBias: bias?.ofColumn });
  const u = numbers(sizes);
  const part = `split * ${u.size} + `;
  return {
    partial: gemm({
      ...spec,
      name: `${name}.partial`,
      rowOffset: part + spec.rowOffset,
      rowSum: rowSum && { buffer: 'output', at: `${part}${u.outputs} + ${rowSum.at}` },
    }),
    partialSize: splits * (sizes.size ?? 0),
    reduce: sumParts(`${name}.reduce`, splits, outputs, bias),
  };
}

/** An operand as functions: `leftOrigin`, `leftRun`, and those of its walk. */
const operand = (side: string, { origin, run = 'return origin;', along }: Operand): string =>
  `fn ${side}Origin(batch: u32, line: u32) -> vec3<u32> { ${origin} }
fn ${side}Run(batch: u32, origin: vec3<u32>, outer: u32) -> vec3<u32> { ${run} }${typeof along === 'string' ? '' : `\n${along.functions(side)}`}`;
