/**
 * Singular values and vectors, A = Σ σᵢ uᵢ vᵢᵀ, by one-sided Jacobi: columns of W, at first A or Aᵀ, whichever has the fewer, are
 * turned in pairs until all are orthogonal. Then |wᵢ| are the σᵢ, wᵢ / |wᵢ| the vectors of the longer side, and V, turned as W
 * from the unit matrix, those of the shorter. With α = |x|², β = |y|², γ = x·y of two columns,
 *
 *   ζ = (β − α) / 2γ     t = ±1 / (|ζ| + √(1 + ζ²))     c = 1 / √(1 + t²)     s = ct     τ = s / (1 + c)
 *   x ← x − s (y + τx)   y ← y + s (x − τy)
 *
 * which, towards the end, adds but a little to what there is. A sweep turns every pair once, in p − 1 rounds (p even) of pairs that
 * share no column: round r pairs r + k with r − k, modulo p − 1, and r with the last. The first sweep that turns nothing is the last.
 *
 * A is scaled by a power of two, so that its largest element is 2⁵⁰ and squares have all of the range; one with NaN or infinities is
 * NaN. Columns below 2⁻⁵⁰ then are as good as 0: they turn no more, and get vectors made by Gram and Schmidt, each from the unit
 * vector that is farthest from all before.
 *
 * Layout: A [batch, m, n], by `rowStep` and `columnStep` from an element of W to the next; σ [batch, p], descending, and in the same
 * order `longs` [batch, p, q] and `shorts` [batch, p, p]. `work`, in vec4, has of each matrix W's columns, one more, V's columns, and
 * what the next launch has to know: whether all is done, the scale and its inverse, whether A is NaN. Launch: a workgroup for each
 * matrix, and in it `team` lanes for each pair. Lavapipe leaves loops after 65,535 turns: large matrices take several launches,
 * which go on with what is in `work`.
 */
import { interned, type Kernel, kernel } from './kernel.js';
import { vectorsText } from './singularVectors.js';

/** The length of a matrix's shorter side, at most, and how many elements it may have. */
export const MOST_COLUMNS = 128;
export const MOST_ELEMENTS = 1 << 17;

/** Random matrices of 128 × 128 take ten, those of a condition of 1e10, the slowest of what was tried (2026-12-01), 26. */
const MOST_SWEEPS = 40;

/** Turns of loops in a launch. */
const MOST_TURNS = 50_000;

export interface SingularSpec {
  readonly batch: number;
  /** The length of the shorter side, and of the longer. */
  readonly p: number;
  readonly q: number;
  /** Whether W is Aᵀ. */
  readonly wide: boolean;
  /** Whether u and v are wanted. */
  readonly vectors: boolean;
  readonly isSoftware: boolean;
}

const powerFrom = (n: number): number => 2 ** Math.ceil(Math.log2(n));
const fours = (n: number): number => Math.ceil(n / 4);

/** Lanes for each pair of columns and for each matrix, and how much of `work` it has. */
export function singularParts({ p, q, vectors, isSoftware }: SingularSpec) {
  // Powers of four: fewer texts to compile.
  const pairs = 4 ** Math.ceil(Math.log2(Math.max(1, p / 2)) / 2);
  const most = Math.min(32, 128 / pairs);
  const team = Math.max(1, Math.min(most, powerFrom(fours(q) / (isSoftware ? 64 : 4))));
  const stride = (p + 1) * fours(q) + (vectors ? p * fours(p) : 0) + 1;
  return { team, lanes: pairs * team, stride };
}

/** The launches, all over the same tensors: A → σ, `work`, and with vectors `longs` and `shorts`. */
export function singularKernels(spec: SingularSpec): Kernel[] {
  const { p, q, vectors } = spec;
  const { team, lanes } = singularParts(spec);
  const sweep =
    (p + (p % 2)) * (2 * Math.ceil(fours(q) / team) + Math.ceil((vectors ? fours(p) : 0) / team) + team + 4);
  const perLaunch = Math.max(1, Math.floor(MOST_TURNS / (sweep + lanes)));
  // The vectors of columns that are 0 take as long as a few sweeps.
  const isShort = p <= 32 && MOST_SWEEPS <= perLaunch;
  const kernels: Kernel[] = [];
  for (let done = 0; done < MOST_SWEEPS; done += perLaunch) {
    const sweeps = Math.min(perLaunch, MOST_SWEEPS - done);
    kernels.push(singularKernel({ ...spec, sweeps, first: done === 0, last: isShort }));
  }
  if (!isShort) kernels.push(singularKernel({ ...spec, sweeps: 0, first: false, last: true }));
  return kernels;
}

const singularKernel = /* @__PURE__ */ interned(
  ({ sweeps, first, last, ...spec }: SingularSpec & { sweeps: number; first: boolean; last: boolean }): Kernel => {
    const { batch, p, q, wide, vectors } = spec;
    const { team, lanes, stride } = singularParts(spec);
    const across = Math.min(batch, 65535);
    const [rowStep, columnStep] = wide ? [1, q] : [p, 1];
    return kernel({
      name: vectors ? 'linalg.singularVectors' : 'linalg.singularValues',
      read: { as_: 'f32' },
      write: { ss: 'f32', work: 'vec4<f32>', ...(vectors && { longs: 'f32', shorts: 'f32' }) },
      params: { batch, p, q, rowStep, columnStep, stride, sweeps, first: Number(first), last: Number(last) },
      workgroups: [across, Math.ceil(batch / across), 1],
      wgsl: `const LANES = ${lanes}u;
const TEAM = ${team}u;
const EMPTY = ${2 ** -50};
var<workgroup> sums: array<vec3<f32>, LANES>;
var<workgroup> marks: array<u32, LANES>;
var<workgroup> pending: u32;
var<workgroup> sizes: array<f32, ${MOST_COLUMNS}>;
/** Columns by the size of their values. */
var<workgroup> order: array<u32, ${MOST_COLUMNS}>;

fn element(at: u32, r: u32) -> f32 {
  if (r >= params.q) { return 0.0; }
  return as_[at + r * params.rowStep];
}

/** The sums of all lanes, in lane 0. */
fn add_up(lane: u32, own: f32) {
  sums[lane].x = own;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) { sums[lane].x += sums[lane + half].x; }
    workgroupBarrier();
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let g = group.x + group.y * groups.x;
  if (g >= params.batch) { return; }
  let p = params.p;
  let q = params.q;
  let q4 = (q + 3u) / 4u;
  let p4 = (p + 3u) / 4u;
  let start = g * params.stride;
  let turned = start + (p + 1u) * q4;
  let state = start + params.stride - 1u;

  if (params.first == 1u) {
    // As whole numbers, floats without their signs have the same order, and NaN is above all.
    var most = 0u;
    for (var i = lane; i < p * q; i += LANES) { most = max(most, bitcast<u32>(as_[g * p * q + i]) & 0x7fffffffu); }
    marks[lane] = most;
    workgroupBarrier();
    for (var l = 0u; l < LANES; l++) { most = max(most, marks[l]); }
    let exponent = clamp(254u + 50u - (most >> 23u), 1u, 253u);
    let scale = bitcast<f32>(exponent << 23u);
    let broken = most >= 0x7f800000u;
    for (var c = 0u; c < p; c++) {
      for (var i = lane; i < q4; i += LANES) {
        var four = vec4<f32>(0.0);
        if (!broken) {
          let at = g * p * q + c * params.columnStep;
          let r = 4u * i;
          four = vec4<f32>(element(at, r), element(at, r + 1u), element(at, r + 2u), element(at, r + 3u));
        }
        work[start + c * q4 + i] = scale * four;
      }
      ${vectors ? 'for (var i = lane; i < p4; i += LANES) { work[turned + c * p4 + i] = vec4<f32>(vec4<u32>(c) == 4u * i + vec4<u32>(0u, 1u, 2u, 3u)); }' : ''}
    }
    if (lane == 0u) {
      let rest = bitcast<f32>((254u - exponent) << 23u);
      work[state] = vec4<f32>(select(0.0, 1.0, broken), scale, rest, select(0.0, 1.0, broken));
    }
  }
  storageBarrier();
  workgroupBarrier();
  if (lane == 0u) { pending = select(0u, 1u, work[state].x == 0.0); }

  // The last of an even number of columns; where theirs is odd it is none of them.
  let other = (p + 1u) / 2u * 2u - 1u;
  let pairs = (other + 1u) / 2u;
  let least = ${2 ** -23} * sqrt(f32(q));
  let member = lane % TEAM;
  for (var sweep = 0u; sweep < params.sweeps; sweep++) {
    if (workgroupUniformLoad(&pending) == 0u) { break; }
    var mark = 0u;
    for (var turn = 0u; turn < other; turn++) {
      let k = lane / TEAM;
      var a = turn + k;
      if (a >= other) { a -= other; }
      var b = other;
      if (k > 0u) { b = select(turn + other - k, turn - k, turn >= k); }
      let own = k < pairs && max(a, b) < p;
      let xs = start + a * q4;
      let ys = start + b * q4;
      var alpha = vec4<f32>(0.0);
      var beta = vec4<f32>(0.0);
      var gamma = vec4<f32>(0.0);
      if (own) {
        for (var i = member; i < q4; i += TEAM) {
          let x = work[xs + i];
          let y = work[ys + i];
          alpha += x * x;
          beta += y * y;
          gamma += x * y;
        }
      }
      let one = vec4<f32>(1.0);
      var total = vec3<f32>(dot(alpha, one), dot(beta, one), dot(gamma, one));
      ${
        team > 1
          ? `sums[lane] = total;
      workgroupBarrier();
      total = vec3<f32>(0.0);
      for (var l = 0u; l < TEAM; l++) { total += sums[lane - member + l]; }`
          : ''
      }
      if (own && min(total.x, total.y) > EMPTY * EMPTY && abs(total.z) > least * sqrt(total.x) * sqrt(total.y)) {
        mark = 1u;
        let zeta = (total.y - total.x) / (2.0 * total.z);
        let size = abs(zeta);
        var t = 0.5 / size;
        if (size < 1e9) { t = 1.0 / (size + sqrt(1.0 + zeta * zeta)); }
        if (zeta < 0.0) { t = -t; }
        let c = 1.0 / sqrt(1.0 + t * t);
        let s = c * t;
        let tau = s / (1.0 + c);
        for (var i = member; i < q4; i += TEAM) {
          let x = work[xs + i];
          let y = work[ys + i];
          work[xs + i] = x - s * (y + tau * x);
          work[ys + i] = y + s * (x - tau * y);
        }
        ${
          vectors
            ? `for (var i = member; i < p4; i += TEAM) {
          let x = work[turned + a * p4 + i];
          let y = work[turned + b * p4 + i];
          work[turned + a * p4 + i] = x - s * (y + tau * x);
          work[turned + b * p4 + i] = y + s * (x - tau * y);
        }`
            : ''
        }
      }
      storageBarrier();
      workgroupBarrier();
    }
    marks[lane] = mark;
    workgroupBarrier();
    if (lane == 0u) {
      pending = 0u;
      for (var l = 0u; l < LANES; l++) { pending |= marks[l]; }
      if (pending == 0u) { work[state].x = 1.0; }
    }
  }
  if (params.last == 0u) { return; }

  storageBarrier();
  workgroupBarrier();
  for (var c = 0u; c < p; c++) {
    var square = 0.0;
    for (var i = lane; i < q4; i += LANES) {
      let x = work[start + c * q4 + i];
      square += dot(x, x);
    }
    add_up(lane, square);
    if (lane == 0u) { sizes[c] = sqrt(sums[0].x); }
    workgroupBarrier();
  }
  var bits = 0x7fc00000u;
  let nan = bitcast<f32>(bits);
  let broken = work[state].w > 0.0;
  for (var c = lane; c < p; c += LANES) {
    var rank = 0u;
    for (var i = 0u; i < p; i++) {
      if (sizes[i] > sizes[c] || (sizes[i] == sizes[c] && i < c)) { rank++; }
    }
    order[rank] = c;
    ss[g * p + rank] = select(sizes[c] * work[state].z, nan, broken);
  }
  workgroupBarrier();
  ${vectors ? vectorsText : ''}
}`,
    });
  },
);
