/**
 * Running sums along one dimension: y[o, k, c] = Σ over j ≤ k of x[o, j, c]; reversed, over j ≥ k.
 *
 * A row, the `length` elements that share o and c, belongs to one invocation, or to the `lanes` of a workgroup: each adds
 * up a stretch of its own, learns from the sums of those before it where it begins, and walks its stretch once more. The
 * order of additions is fixed, so results repeat to the bit.
 *
 * Of a few long rows each is cut into `parts`, as if these were rows: one launch finds their `totals`, [outer, parts, inner], whose
 * own running sums say what lies before each part, and one more walks the parts from there.
 * Layout: [outer, length, inner]. Launch: one invocation or one workgroup per row, or part of one.
 */
import { blocked } from './blocked.js';
import { interned, type Kernel, kernel, LINEAR_WORKGROUP, linear, linearMain } from './kernel.js';

export interface CumsumSpec {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  readonly reverse: boolean;
  readonly type: 'f32' | 'i32' | 'u32';
  /** Invocations per row, or part of one. */
  readonly lanes: number;
  /** Default: 1. */
  readonly parts?: number;
  /** What is wanted of parts: their totals, or their running sums. */
  readonly want?: 'totals' | 'sums';
}

/** [x] → y; of parts [x] → totals, and [x, running sums of the totals] → y. */
export const cumsumKernel = /* @__PURE__ */ interned((spec: CumsumSpec): Kernel => {
  const { outer, length, inner, reverse, type, lanes, parts = 1, want } = spec;
  const rows = outer * parts * inner;
  const part = Math.ceil(length / parts);
  const span = Math.ceil(part / lanes);
  const k = reverse ? `(${length - 1}u - k)` : 'k';
  const place = `let at = base + ${k} * ${inner}u;`;
  const state = { total: `${type}()` };
  const summed = blocked({
    state,
    end: 'end',
    step: '1u',
    turns: span,
    turn: (level) => `${place} ${level('total')} += xs[at];`,
  });
  const before = blocked({
    state: { begin: `${type}()` },
    end: 'lane',
    step: '1u',
    turns: lanes,
    turn: (level) => `${level('begin')} += sums[k];`,
  });
  const terms = [...(want === 'sums' ? ['earlier'] : []), ...(lanes === 1 ? [] : ['begin'])];
  const stored = blocked({
    state,
    end: 'end',
    step: '1u',
    turns: span,
    turn: (level, levels) => {
      const soFar = [...terms, ...levels.map((each) => each('total'))].reduceRight((sum, each) => `${each} + (${sum})`);
      return `${place} ${level('total')} += xs[at]; ys[at] = ${soFar};`;
    },
  });
  const base = `let plane = row / ${inner}u;
  let part = plane % ${parts}u;
  let base = plane / ${parts}u * ${length * inner}u + row % ${inner}u;
  let first = part * ${part}u + lane * ${span}u;
  let end = min(min(first + ${span}u, part * ${part}u + ${part}u), ${length}u);
  ${want === 'sums' ? `let earlier = select(${type}(), totals[max(row, ${inner}u) - ${inner}u], part > 0u);` : ''}
  var k = first;`;
  const alone = `${linearMain(rows)}
  let row = i;
  let lane = 0u;
  ${base}`;
  const together = `var<workgroup> sums: array<${type}, ${lanes}>;
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32) {
  let row = group.x + group.y * groups.x;
  if (row >= ${rows}u) { return; }
  ${base}
  {
    ${summed}
    sums[lane] = total;
  }
  workgroupBarrier();
  k = 0u;
  ${before}`;
  const walked = `${lanes === 1 ? alone : `${together}\n  k = first;`}\n  ${stored}`;
  const totalled =
    lanes === 1
      ? `${alone}\n  ${summed}\n  ys[row] = total;`
      : `${together}\n  if (lane == ${lanes - 1}u) { ys[row] = begin + sums[lane]; }`;
  return kernel({
    name: want === 'totals' ? 'cumsum.totals' : 'cumsum',
    read: { xs: type, ...(want === 'sums' && { totals: type }) },
    write: { ys: type },
    workgroups: linear(lanes === 1 ? rows : rows * LINEAR_WORKGROUP),
    wgsl: `${want === 'totals' ? totalled : walked}
}`,
  });
});
