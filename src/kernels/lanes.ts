/** WGSL of kernels in which the lanes of a workgroup share a piece of work: a row, an output, a tile. */

/** Head of `main`: declares the function, the piece of the workgroup under its name, and `lane`, and returns past `count`, WGSL too. */
export const laneMain = (lanes: number, piece: string, count: string, builtins = ''): string => `
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32${builtins}) {
  let ${piece} = group.x + group.y * groups.x;
  if (${piece} >= ${count}) { return; }`;

/** What the lanes combine their values in. */
export const found = (lanes: number, type = 'f32'): string => `var<workgroup> found: array<${type}, ${lanes}>;`;

/**
 * Combines a value of each of `lanes`, in a tree of fixed shape, by WGSL of two of them; the result lies in `found[0]`, or
 * where the first of them has its `place`. They may lie `apart`, with those of others between.
 */
export const combined = (
  lanes: number,
  value: string,
  join: (a: string, b: string) => string,
  place = 'lane',
  apart = 1,
): string => `
  found[${place}] = ${value};
  workgroupBarrier();
  for (var half = ${lanes / 2}u; half > 0u; half >>= 1u) {
    if (lane < half) { found[${place}] = ${join(`found[${place}]`, `found[${place} + half * ${apart}u]`)}; }
    workgroupBarrier();
  }`;
