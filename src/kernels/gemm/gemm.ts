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
import { registerGemm } from './registers.js';
import { type Gemm, type Operand, shapeIsData } from './spec.js';
import { cut, UNIT } from './split.js';
import { workgroupGemm } from './workgroup.js';

/** The kernel of a matrix product: binds what the product reads, then `output`, and `places` and `rowSums` where wanted. */
export function gemm(spec: Gemm): Kernel {
  const { batches, rows, columns, outer, inner, splits = 1 } = spec;
  const asData = shapeIsData(spec.variant);
  const sizes = { rows, columns, outer, inner };
  const plan = (spec.variant === 'workgroup' ? workgroupGemm : registerGemm)(spec, numbers(sizes, asData));
  const rowTiles = Math.ceil(rows / plan.rowsPerTile);
  const columnTiles = Math.ceil(columns / plan.columnsPerTile);
  const tiles = rowTiles * columnTiles * splits * batches;
  const part = cut(outer === 1 ? inner : outer, splits, outer === 1 ? UNIT : 1).part;
  const own = { ...sizes, rowTiles, columnTiles, splits, part, tiles };
  const u = numbers(own, asData);
  const whole = (name: string, length: string): string => `let ${name}Start = 0u;\n  let ${name}End = ${length};`;
  const parts = (name: string, length: string): string =>
    `let ${name}Start = split * ${u.part};\n  let ${name}End = min(${name}Start + ${u.part}, ${length});`;
  const write: Record<string, Element> = { output: 'f32' };
  if (spec.pool) write.places = 'u32';
  if (spec.rowSum) write[spec.rowSum.buffer] = 'f32';
  return kernel({
    name: spec.name,
    read: spec.read,
    write,
    workgroups: linear(tiles * LINEAR_WORKGROUP),
    params: asData ? { ...own, ...spec.sizes } : undefined,
    flops: 2 * batches * rows * columns * outer * inner,
    enable: plan.enable ?? '',
    wgsl: `
${operand('left', spec.left)}
${operand('right', spec.right)}
${spec.module ?? ''}
${plan.module ?? ''}
@compute @workgroup_size(${plan.threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32${plan.builtins ?? ''}) {
  let tile = group.x + group.y * groups.x;
  if (tile >= ${u.tiles}) { return; }
  let strip = tile / ${u.rowTiles};
  let plane = strip / ${u.columnTiles};
  let batch = plane / ${u.splits};
  let rowTile = tile - strip * ${u.rowTiles};
  let columnTile = strip - plane * ${u.columnTiles};
  let split = plane - batch * ${u.splits};
  ${outer === 1 ? whole('outer', '1u') : parts('outer', u.outer)}
  ${outer === 1 ? parts('inner', u.inner) : whole('inner', u.inner)}
${plan.body}
}`,
  });
}

/** An operand as functions: `leftOrigin`, `leftRun`, and where its elements lie along a run, `leftStart` and `leftNext`. */
function operand(side: string, { origin, run, along }: Operand): string {
  const walk =
    typeof along === 'string'
      ? []
      : [
          `fn ${side}Start(k: u32) -> vec3<u32> { ${along.start} }`,
          `fn ${side}Next(at: vec3<u32>) -> vec3<u32> { ${along.next} }`,
        ];
  return [
    `fn ${side}Origin(batch: u32, line: u32) -> vec3<u32> { ${origin} }`,
    `fn ${side}Run(origin: vec3<u32>, outer: u32) -> vec3<u32> { ${run ?? 'return origin;'} }`,
    ...walk,
  ].join('\n');
}
