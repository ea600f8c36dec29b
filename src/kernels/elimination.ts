/**
 * Square matrices A by Gaussian elimination: PA = LU, the largest element of what is left of a column being the next pivot.
 *
 *   solve      X of AX = B           inverse    X of AX = 1
 *   det        ±∏ uᵢᵢ                cofactors  det(A) A⁻ᵀ, where A is singular too
 *
 * X comes from UX = L⁻¹PB from the last row up; where a pivot is 0 all of it is NaN. For cofactors the pivot is the largest element of
 * all that is left, PAQ = LU, so that a singular matrix has its zeros at the end: with d the product of all pivots but the last,
 * Xₙ = d (L⁻¹P)ₙ, and the rows above are divided by pivots that are not 0, or are 0 themselves where two are.
 *
 * Layout: A [batch, n, n], B and X [batch, n, k]; `work` has A and n columns of B at most beside it, for each workgroup. Launch: a
 * workgroup for each matrix and n columns of B; its lanes have every so many-th element, and of X a column each.
 */
import { interned, type Kernel, kernel } from './kernel.js';

/** Rows that a matrix may have: lavapipe leaves loops after 65,535 turns, and by 64 lanes has some 55,000 here. */
export const MOST_ROWS = 128;

export interface EliminationSpec {
  readonly kind: 'solve' | 'inverse' | 'det' | 'cofactors';
  readonly batch: number;
  readonly n: number;
  /** Columns of B, or of the unit matrix in its place; none for a determinant. */
  readonly k: number;
  readonly lanes: number;
}

/** How B is cut, and how many elements `work` has. */
export function eliminationParts({ batch, n, k }: Pick<EliminationSpec, 'batch' | 'n' | 'k'>) {
  const chunks = Math.max(1, Math.ceil(k / n));
  const width = n + Math.min(n, k);
  return { chunks, width, groups: batch * chunks, size: batch * chunks * n * width };
}

/** What is written in the end. X: rows from the last one up, a column for each lane, which reads but what it wrote itself. */
function result(kind: EliminationSpec['kind']): string {
  if (kind === 'det') {
    return `if (lane > 0u) { return; }
  var product = sign;
  for (var i = 0u; i < n; i++) { product *= work[start + i * w + i]; }
  ys[g] = product;`;
  }
  const cofactors = kind === 'cofactors';
  return `${
    cofactors
      ? `var d = sign;
  for (var i = 0u; i + 1u < n; i++) { d *= work[start + i * w + i]; }
  let last = work[start + n * w - columns - 1u];`
      : 'var nan = 0x7fc00000u;'
  }
  for (var c = lane; c < columns; c += LANES) {
    for (var left = n; left > 0u; left--) {
      let i = left - 1u;
      let pivot = work[start + i * w + i];
      var x = work[start + i * w + n + c]${cofactors ? ' * d * select(last, 1.0, left == n)' : ''};
      for (var j = left; j < n; j++) { x -= work[start + i * w + j] * work[start + j * w + n + c]; }
      ${
        cofactors
          ? `let none = (bitcast<u32>(pivot) << 1u) == 0u;
      if (left < n) { x = select(x / pivot, 0.0, none); }`
          : 'x /= pivot;'
      }
      work[start + i * w + n + c] = x;
      ${
        cofactors
          ? 'ys[(b * n + c) * n + order[i]] = x;'
          : 'ys[(b * n + i) * params.k + first + c] = select(x, bitcast<f32>(nan), singular);'
      }
    }
  }`;
}

/** [A, B if there is one] → the result, and `work`. */
export const eliminationKernel = /* @__PURE__ */ interned((spec: EliminationSpec): Kernel => {
  const { kind, n, k, batch, lanes } = spec;
  const { chunks, width, groups } = eliminationParts(spec);
  const complete = kind === 'cofactors';
  const across = Math.min(groups, 65535);
  return kernel({
    name: `linalg.${kind}`,
    read: { as_: 'f32', ...(kind === 'solve' && { bs: 'f32' as const }) },
    write: { ys: 'f32', work: 'f32' },
    params: { batch, n, k, chunks, width },
    workgroups: [across, Math.ceil(groups / across), 1],
    wgsl: `const LANES = ${lanes}u;
var<workgroup> sizes: array<u32, LANES>;
var<workgroup> places: array<u32, LANES>;
${complete ? `/** Which column of A has come to a place. */\nvar<workgroup> order: array<u32, ${MOST_ROWS}>;\n` : ''}
@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let g = group.x + group.y * groups.x;
  if (g >= params.batch * params.chunks) { return; }
  let n = params.n;
  let b = g / params.chunks;
  let first = g % params.chunks * n;
  let columns = min(n, params.k - first);
  let w = n + columns;
  let start = g * n * params.width;
  for (var i = lane; i < n * w; i += LANES) {
    let r = i / w;
    let c = i % w;
    if (c < n) {
      work[start + i] = as_[(b * n + r) * n + c];
    } else {
      work[start + i] = ${kind === 'solve' ? 'bs[(b * n + r) * params.k + first + c - n]' : 'select(0.0, 1.0, c - n == r)'};
    }
  }
  ${complete ? 'for (var i = lane; i < n; i += LANES) { order[i] = i; }' : ''}
  var sign = 1.0;
  var singular = false;
  for (var k = 0u; k < n; k++) {
    storageBarrier();
    workgroupBarrier();
    let across = ${complete ? 'n - k' : '1u'};
    var size = 0u;
    var place = k * n + k;
    for (var i = lane; i < (n - k) * across; i += LANES) {
      let r = k + i / across;
      let c = k + i % across;
      // As whole numbers, floats without their signs have the same order, and NaN is above all.
      let own = bitcast<u32>(work[start + r * w + c]) & 0x7fffffffu;
      if (own > size) {
        size = own;
        place = r * n + c;
      }
    }
    sizes[lane] = size;
    places[lane] = place;
    workgroupBarrier();
    for (var l = 0u; l < LANES; l++) {
      if (sizes[l] > size || (sizes[l] == size && places[l] < place)) {
        size = sizes[l];
        place = places[l];
      }
    }
    let row = place / n;
    if (row != k) {
      sign = -sign;
      for (var c = k + lane; c < w; c += LANES) {
        let above = work[start + k * w + c];
        work[start + k * w + c] = work[start + row * w + c];
        work[start + row * w + c] = above;
      }
    }
    storageBarrier();
    ${
      complete
        ? `let column = place % n;
    if (column != k) {
      sign = -sign;
      for (var r = lane; r < n; r += LANES) {
        let before = work[start + r * w + k];
        work[start + r * w + k] = work[start + r * w + column];
        work[start + r * w + column] = before;
      }
      if (lane == 0u) {
        let before = order[k];
        order[k] = order[column];
        order[column] = before;
      }
    }
    storageBarrier();`
        : ''
    }
    let pivot = work[start + k * w + k];
    let none = (bitcast<u32>(pivot) << 1u) == 0u;
    singular = singular || none;
    let wide = w - k - 1u;
    for (var i = lane; i < (n - k - 1u) * wide; i += LANES) {
      let r = k + 1u + i / wide;
      let c = k + 1u + i % wide;
      if (!none) { work[start + r * w + c] -= work[start + r * w + k] / pivot * work[start + k * w + c]; }
    }
  }
  storageBarrier();
  workgroupBarrier();
  ${result(kind)}
}`,
  });
});
