/**
 * The matrix product under matmul and convolution: for every batch, row and column,
 *
 *   output[row, column] = finish( Σ over outer, inner of  left[row; outer, inner] · right[column; outer, inner] )
 *
 * The factors need not exist as matrices. An {@link Operand} says where an element lies: its lines are the rows of the left
 * factor or the columns of the right one, and for each line and `outer` it is a *run* of `inner` elements at a constant
 * stride. A matmul is one run per line; a convolution has one run over the channels per tap of its window. So everything
 * that needs a division or a bounds check (image, row, column, tap) is done once a line or once a run, never per element.
 *
 * Sums run in the order of (outer, inner), in f32. Split along `outer`, each part is written on its own and the caller
 * adds the parts in order: no atomics, the same bits each time.
 *
 * Launch: one workgroup per tile of the output; tiles are numbered rows first, then columns, then splits, then batches, and
 * the number is folded into two dimensions of the grid. How a tile is computed is its variant:
 * `registers` and `subgroups` in registers.ts, `workgroup` in workgroup.ts.
 */
import { type Kernel, kernel, LINEAR_WORKGROUP, linear } from '../kernel.js';
import { registerGemm } from './registers.js';
import type { Gemm, Operand } from './spec.js';
import { workgroupGemm } from './workgroup.js';

/** The kernel of a matrix product: binds what the product reads, then `output`. */
export function gemm(spec: Gemm): Kernel {
  const plan = spec.variant === 'workgroup' ? workgroupGemm(spec) : registerGemm(spec);
  const splits = spec.splits ?? 1;
  const rowTiles = Math.ceil(spec.rows / plan.rowsPerTile);
  const columnTiles = Math.ceil(spec.columns / plan.columnsPerTile);
  const tiles = rowTiles * columnTiles * splits * spec.batches;
  const part = Math.ceil(spec.outer / splits);
  return kernel({
    name: spec.name,
    read: spec.read,
    write: { output: 'f32' },
    workgroups: linear(tiles * LINEAR_WORKGROUP),
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
  if (tile >= ${tiles}u) { return; }
  let rowTile = tile % ${rowTiles}u;
  let columnTile = tile / ${rowTiles}u % ${columnTiles}u;
  let split = tile / ${rowTiles * columnTiles}u % ${splits}u;
  let batch = tile / ${rowTiles * columnTiles * splits}u;
  let outerStart = split * ${part}u;
  let outerEnd = min(outerStart + ${part}u, ${spec.outer}u);
${plan.body}
}`,
  });
}

/** An operand as three functions: `leftOrigin`, `leftRun`, and `leftAt(run, k)`, the k-th element of a run. */
function operand(side: string, { buffer, origin, run, stride, checked }: Operand): string {
  const value = `${buffer}[run.x + k * ${stride}u]`;
  return `fn ${side}Origin(batch: u32, line: u32) -> vec3<u32> { ${origin} }
fn ${side}Run(origin: vec3<u32>, outer: u32) -> vec3<u32> { ${run} }
fn ${side}At(run: vec3<u32>, k: u32) -> f32 { return ${checked ? `select(0.0, ${value}, k - run.y < run.z)` : value}; }`;
}
