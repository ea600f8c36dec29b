/**
 * Running sums along one dimension: y[o, k, c] = Σ over j ≤ k of x[o, j, c]; reversed, over j ≥ k.
 *
 * A row, the `length` elements that share o and c, belongs to one invocation, or to the `lanes` of a workgroup: each adds
 * up a stretch of its own, learns from the sums of those before it where it begins, and walks its stretch once more. The
 * order of additions is fixed, so results repeat to the bit.
 * Layout: [outer, length, inner]. Launch: one invocation or one workgroup per row.
 */
import { blocked } from './blocked.js';
import { interned, type Kernel, kernel, LINEAR_WORKGROUP, linear, linearMain } from './kernel.js';

export interface CumsumSpec {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  readonly reverse: boolean;
  readonly type: 'f32' | 'i32' | 'u32';
  /** Invocations per row. */
  readonly lanes: number;
}

/** [x] → y. */
export const cumsumKernel = /* @__PURE__ */ interned((spec: CumsumSpec): Kernel => {
  const { outer, length, inner, reverse, type, lanes } = spec;
  const rows = outer * inner;
  const span = Math.ceil(length / lanes);
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
  const stored = blocked({
    state,
    end: 'end',
    step: '1u',
    turns: span,
    turn: (level, levels) => {
      const soFar = levels.map((each) => each('total')).reduceRight((sum, each) => `${each} + (${sum})`);
      return `${place} ${level('total')} += xs[at]; ys[at] = ${lanes === 1 ? soFar : `begin + (${soFar})`};`;
    },
  });
  const base = `let base = row / ${inner}u * ${length * inner}u + row % ${inner}u;`;
  const alone = `${linearMain(rows)}
  let row = i;
  let first = 0u;
  let end = ${length}u;
  ${base}
  var k = first;`;
  const together = `var<workgroup> sums: array<${type}, ${lanes}>;
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32) {
  let row = group.x + group.y * groups.x;
  if (row >= ${rows}u) { return; }
  let first = lane * ${span}u;
  let end = min(first + ${span}u, ${length}u);
  ${base}
  var k = first;
  {
    ${summed}
    sums[lane] = total;
  }
  workgroupBarrier();
  k = 0u;
  ${before}
  k = first;`;
  return kernel({
    name: 'cumsum',
    read: { xs: type },
    write: { ys: type },
    workgroups: linear(lanes === 1 ? rows : rows * LINEAR_WORKGROUP),
    wgsl: `${lanes === 1 ? alone : together}
  ${stored}
}`,
  });
});
