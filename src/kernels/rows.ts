/**
 * Kernels that work on rows: a row is walked once or several times, and sums or maxima over it decide what is written.
 * A short row belongs to one invocation. A long one belongs to a workgroup, whose lanes take every 64th element and
 * combine what they found in a tree of fixed shape, so results repeat to the bit.
 *
 * Launch: one invocation, or one workgroup of 64, per row. The body sees `row`, and walks with
 * `for (var k = lane; k < length; k += lanes)`; `rowSum(x)` and `rowMax(x)` combine the lanes' values and give every lane
 * the result. They hold barriers, so the body calls them where all lanes do.
 */
import { type Element, type Kernel, kernel, LINEAR_WORKGROUP, linear, linearMain } from './kernel.js';

/** The least f32 as WGSL: where a maximum starts. */
export const LOWEST = 'bitcast<f32>(0xff7fffffu)';

export interface RowKernel {
  name: string;
  read: Readonly<Record<string, Element>>;
  write: Readonly<Record<string, Element>>;
  rows: number;
  /** Elements of a row. */
  length: number;
  /** Functions the body calls. */
  module?: string;
  body: string;
}

/** Whether a row is worth a workgroup: a long one always, a shorter one where rows are too few to fill an adapter. */
const shared = (rows: number, length: number): boolean => length > 512 || (length > 32 && rows < 1024);

const COMBINE = (name: string, combine: string): string => `
fn ${name}(lane: u32, value: f32) -> f32 {
  found[lane] = value;
  workgroupBarrier();
  for (var half = ${LINEAR_WORKGROUP / 2}u; half > 0u; half >>= 1u) {
    if (lane < half) { found[lane] = ${combine}; }
    workgroupBarrier();
  }
  let all = found[0];
  workgroupBarrier();
  return all;
}`;

/** A kernel over rows. */
export function rowKernel({ name, read, write, rows, length, module = '', body }: RowKernel): Kernel {
  if (!shared(rows, length)) {
    return kernel({
      name,
      read,
      write,
      workgroups: linear(rows),
      wgsl: `${module}
${linearMain(rows)}
  let row = i;
  let lane = 0u;
  let lanes = 1u;
${body.replace(/\brow(Sum|Max)\(/g, '(')}
}`,
    });
  }
  const uses = (call: string): boolean => body.includes(`${call}(`);
  return kernel({
    name,
    read,
    write,
    workgroups: linear(rows * LINEAR_WORKGROUP),
    wgsl: `var<workgroup> found: array<f32, ${LINEAR_WORKGROUP}>;
${uses('rowSum') ? COMBINE('rowSum', 'found[lane] + found[lane + half]') : ''}
${uses('rowMax') ? COMBINE('rowMax', 'max(found[lane], found[lane + half])') : ''}
${module}
@compute @workgroup_size(${LINEAR_WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32) {
  let row = group.x + group.y * groups.x;
  if (row >= ${rows}u) { return; }
  let lanes = ${LINEAR_WORKGROUP}u;
${body.replace(/\brow(Sum|Max)\(/g, 'row$1(lane, ')}
}`,
  });
}
