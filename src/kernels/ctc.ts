/**
 * Connectionist temporal classification (Graves et al., 2006): −log of the sum of the probabilities of all paths that read as the
 * target, once repeats are joined and blanks left out. The states s of a sample are its L labels with a blank before, between and
 * behind, 2L + 1 of them; with y the log-probability of state s's label at time t,
 *
 *   α[t, s] = y + log(e^α[t−1, s] + e^α[t−1, s−1] + e^α[t−1, s−2]),   the last where s and s−2 are different labels,
 *   loss = −log(e^α[T−1, 2L] + e^α[T−1, 2L−1]),
 *
 * and β the same from the end. The gradient by a log-probability is PyTorch's, which takes it for that of a log-softmax:
 * (e^y − Σ_s e^(α + β + loss − y)) g, over the states of its label.
 *
 * Layout: y [steps, rows, classes]; targets [rows, stride] or, `packed`, one behind the other. States of a sample lie together,
 * [T, 2L + 1], where `steps` times as many begin as samples and labels before it have: first those of α, then those of β. A length
 * that does not fit and a label outside the classes make the loss NaN.
 *
 * Launch: a workgroup for each sample and direction, its lanes side by side along s, a barrier each step; the gradient an invocation
 * per log-probability, which looks at every label of its target. On SwiftShader, 200 steps of 8 rows and 61 states, α and β: 62 ms by
 * 1 lane, 24 by 4, 27 by 16, 45 by 64 (two cores, busy, 2026-11).
 */
import { EXP, LOG } from './elementwise/helpers.js';
import { FLOATS } from './floats.js';
import { interned, type Kernel, kernel, linear, linearMain } from './kernel.js';

export interface CtcSpec {
  readonly steps: number;
  readonly rows: number;
  readonly classes: number;
  /** Labels of a padded row, or of all rows where they are `packed`. */
  readonly stride: number;
  readonly packed: boolean;
  readonly blank: number;
}

/** Elements that α takes, and β. */
export const ctcStates = ({ steps, rows, stride, packed }: CtcSpec): number =>
  steps * (2 * stride * (packed ? 1 : rows) + rows);

const READ = { ys: 'f32', targets: 'i32', inputLengths: 'u32', targetLengths: 'u32' } as const;

/** What both kernels know of a sample. The logarithm of 0 is the lowest float: nothing infinite is computed with. */
const sample = ({ packed }: CtcSpec): string => `${FLOATS}${EXP}${LOG}
const NONE = -3.4028234e38f;

fn firstLabel(n: u32) -> u32 {
  ${
    packed
      ? `var first = 0u;
  for (var k = 0u; k < n; k++) { first += min(targetLengths[k], params.stride + 1u); }
  return first;`
      : 'return n * params.stride;'
  }
}
fn fits(n: u32, first: u32) -> bool {
  return inputLengths[n] <= params.steps && targetLengths[n] <= params.stride${packed ? ' && first + targetLengths[n] <= params.stride' : ''};
}
fn labelOf(place: u32, first: u32) -> i32 {
  if ((place & 1u) == 0u) { return i32(params.blank); }
  return targets[first + place / 2u];
}
fn logProb(t: u32, n: u32, label: i32) -> f32 {
  if (u32(label) >= params.classes) {
    var nan = 0x7fc00000u;
    return bitcast<f32>(nan);
  }
  let y = ys[(t * params.rows + n) * params.classes + u32(label)];
  return select(y, NONE, bitcast<u32>(y) == 0xff800000u);
}`;

const params = ({ steps, rows, classes, stride, blank }: CtcSpec) => ({ steps, rows, classes, stride, blank });

/** [y, targets, lengths of inputs and of targets] → the loss of every sample, and α; with `back` also β. */
export const ctcKernel = /* @__PURE__ */ interned((spec: CtcSpec & { back: boolean; lanes: number }): Kernel => {
  const { rows, back, lanes } = spec;
  const groups = rows * (back ? 2 : 1);
  const across = Math.min(groups, 65535);
  return kernel({
    name: 'ctcLoss',
    read: READ,
    write: { losses: 'f32', states: 'f32' },
    params: { ...params(spec), states: ctcStates(spec) },
    workgroups: [across, Math.ceil(groups / across), 1],
    wgsl: `${sample(spec)}
/** The product of two probabilities. */
fn both(a: f32, b: f32) -> f32 {
  return or_nan(or_nan(select(max(a + b, NONE), NONE, a == NONE || b == NONE), a), b);
}
/** The sum of three. */
fn either(a: f32, b: f32, c: f32) -> f32 {
  let top = max(a, max(b, c));
  let total = top + log_(exp_(a - top) + exp_(b - top) + exp_(c - top));
  return or_nan(or_nan(or_nan(total, a), b), c);
}

@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let g = group.x + group.y * groups.x;
  if (g >= ${back ? '2u * ' : ''}params.rows) { return; }
  let n = g % params.rows;
  let backward = g >= params.rows;
  let first = firstLabel(n);
  if (!fits(n, first)) {
    var nan = 0x7fc00000u;
    if (lane == 0u && !backward) { losses[n] = bitcast<f32>(nan); }
    return;
  }
  let steps = inputLengths[n];
  let labels = targetLengths[n];
  let width = 2u * labels + 1u;
  let start = params.steps * (2u * first + n) + select(0u, params.states, backward);
  for (var k = 0u; k < steps; k++) {
    let t = select(k, steps - 1u - k, backward);
    let row = start + t * width;
    let before = select(row - width, row + width, backward);
    for (var s = lane; s < width; s += ${lanes}u) {
      let place = select(s, width - 1u - s, backward);
      let label = labelOf(place, first);
      var a = NONE;
      var b = NONE;
      var c = NONE;
      if (k == 0u) {
        a = select(NONE, 0.0, s < 2u);
      } else {
        a = states[before + place];
        if (s > 0u) { b = states[before + select(place - 1u, place + 1u, backward)]; }
        if (s > 1u) {
          let far = select(place - 2u, place + 2u, backward);
          if (labelOf(far, first) != label) { c = states[before + far]; }
        }
      }
      states[row + place] = both(either(a, b, c), logProb(t, n, label));
    }
    storageBarrier();
  }
  if (lane > 0u || backward) { return; }
  var likelihood = select(NONE, 0.0, labels == 0u);
  if (steps > 0u) {
    let last = start + steps * width - 1u;
    likelihood = states[last];
    if (labels > 0u) { likelihood = either(likelihood, states[last - 1u], NONE); }
  }
  var infinity = 0x7f800000u;
  losses[n] = select(0.0 - likelihood, bitcast<f32>(infinity), likelihood == NONE);
}`,
  });
});

/** [y, targets, lengths of inputs and of targets, losses, α and β, g] → the gradient by y. */
export const ctcGradKernel = /* @__PURE__ */ interned((spec: CtcSpec & { zeroInfinity: boolean }): Kernel => {
  const size = spec.steps * spec.rows * spec.classes;
  return kernel({
    name: 'ctcLoss.grad',
    read: { ...READ, losses: 'f32', states: 'f32', gs: 'f32' },
    write: { dys: 'f32' },
    params: { ...params(spec), states: ctcStates(spec), size },
    workgroups: linear(size),
    wgsl: `${sample(spec)}
${linearMain('params.size')}
  let c = i % params.classes;
  let n = i / params.classes % params.rows;
  let t = i / params.classes / params.rows;
  if (t >= min(inputLengths[n], params.steps)) {
    dys[i] = 0.0;
    return;
  }
  let loss = losses[n];
  if ((bitcast<u32>(loss) & 0x7fffffffu) >= 0x7f800000u) {
    var nan = 0x7fc00000u;
    dys[i] = ${spec.zeroInfinity ? 'select(0.0, bitcast<f32>(nan), is_nan(loss))' : 'bitcast<f32>(nan)'};
    return;
  }
  let first = firstLabel(n);
  let width = 2u * targetLengths[n] + 1u;
  let row = params.steps * (2u * first + n) + t * width;
  let y = logProb(t, n, i32(c));
  var share = 0.0;
  for (var s = select(1u, 0u, c == params.blank); s < width; s += select(2u, 1u, c == params.blank)) {
    if (labelOf(s, first) != i32(c)) { continue; }
    let a = states[row + s];
    let b = states[params.states + row + s];
    let none = a == NONE || b == NONE || y == NONE;
    share += or_nan(or_nan(select(exp_(a + b + loss - y), 0.0, none), a), b);
  }
  dys[i] = or_nan(exp_(y) - share, y) * gs[n];
}`,
  });
});
