/**
 * A recurrent layer in one direction, all its steps in one dispatch: the equations are those of ops/recurrentCell.ts, a is given for
 * all steps. A workgroup has one row of the batch and its states in workgroup memory; an invocation has every so many-th
 * hidden element and takes the products for all its gates, so that nothing but h has to be waited for: one barrier a step forward,
 * two back. On SwiftShader, hidden size 64, 50 steps of 8 rows, forward and back: gru 164 ms against 842 step by step, lstm 378
 * against 1,098 (2026-11).
 *
 * Layout: a [L, N, gates · H], states [N, H], weight [gates · H, H]. The value is h of all steps [L, N, H], and of an LSTM the last
 * cell state behind it, [L + 1, N, H]. `kept` is what the gradient needs besides, [L, N, parts, H]: r, z, n and b₃ of a GRU,
 * i, f, g, o and c' of an LSTM.
 */
import { EXP, EXPM1, SIGMOID, TANH } from './elementwise/helpers.js';
import { FLOATS, RELU, whereRelu } from './floats.js';
import { interned, type Kernel, kernel } from './kernel.js';

export interface RecurrentSpec {
  readonly kind: 'tanh' | 'relu' | 'gru' | 'lstm';
  readonly hidden: number;
  readonly steps: number;
  readonly rows: number;
  readonly reverse: boolean;
  /** Invocations that a workgroup may have. */
  readonly most: number;
}

const GATES = { tanh: 1, relu: 1, gru: 3, lstm: 4 };
/** Parts of `kept`. */
export const KEPT = { tanh: 0, relu: 0, gru: 4, lstm: 5 };

/** Floats of workgroup memory that every adapter has. */
const MEMORY = 4096;

/** Whether the states fit, forward and back. */
export const recurrentFits = (kind: RecurrentSpec['kind'], hidden: number): boolean =>
  hidden * Math.max(2 + Number(kind === 'lstm'), GATES[kind] + 1 + Number(kind === 'lstm')) <= MEMORY;

const HELPERS = `${FLOATS}${EXP}${EXPM1}${SIGMOID}${TANH}${RELU}
fn sig(x: f32) -> f32 { return or_nan(sigmoid_(x), x); }
fn tan(x: f32) -> f32 { return or_nan(tanh_(x), x); }`;

const times = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n      ');

/** Statements for each hidden element `u` of an invocation. */
const forUnits = (hidden: number, width: number, body: string): string =>
  `for (var u = lane; u < ${hidden}u; u += ${width}u) {\n      ${body}\n    }`;

/** The kernel whose workgroups have the rows of the batch, with `steps` in the order of time or against it. */
function perRow(
  { hidden, steps, rows, reverse, most }: RecurrentSpec,
  own: {
    name: string;
    read: Readonly<Record<string, 'f32' | 'vec4<f32>'>>;
    write: Readonly<Record<string, 'f32'>>;
    memory: string;
  },
  body: (units: (body: string) => string) => string,
): Kernel {
  const width = Math.min(most, Math.ceil(hidden / 32) * 32);
  const { name, memory, ...bound } = own;
  const across = Math.min(rows, 65535);
  return kernel({
    name,
    ...bound,
    params: { steps, rows },
    workgroups: [across, Math.ceil(rows / across), 1],
    wgsl: `${HELPERS}
${memory}
/** The step that is number s in the order of reading. */
fn time(s: u32) -> u32 { return ${reverse ? 'params.steps - 1u - s' : 's'}; }

@compute @workgroup_size(${width})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let n = group.x + group.y * groups.x;
  if (n >= params.rows) { return; }
  let first = n * ${hidden}u;
  ${body((units) => forUnits(hidden, width, units))}
}`,
  });
}

const array = (name: string, length: number): string => `var<workgroup> ${name}: array<f32, ${length}>;\n`;

/** WGSL of h' as `v` from a_g, b_g and what was before. */
function forwardOf({ kind, hidden: h }: RecurrentSpec, keep: boolean): string {
  const store = (...parts: string[]): string =>
    keep ? parts.map((part, i) => `kept[at * ${parts.length * h}u + ${i * h}u + u] = ${part};`).join('\n      ') : '';
  switch (kind) {
    case 'tanh':
      return 'let v = tan(a0 + b0);';
    case 'relu':
      return 'let v = relu(a0 + b0);';
    case 'gru':
      return `let r = sig(a0 + b0);
      let z = sig(a1 + b1);
      let new_ = tan(a2 + r * b2);
      let v = (1.0 - z) * new_ + z * h[old + u];
      ${store('r', 'z', 'new_', 'b2')}`;
    case 'lstm':
      return `let i = sig(a0 + b0);
      let f = sig(a1 + b1);
      let g = tan(a2 + b2);
      let o = sig(a3 + b3);
      let c = f * cell[u] + i * g;
      let v = o * tan(c);
      cell[u] = c;
      ${store('i', 'f', 'g', 'o', 'c')}`;
  }
}

/** [a, weight, bias?, h, c?] → the value and, if the gradient will want it, `kept`. */
export const recurrentKernel = /* @__PURE__ */ interned(
  (spec: RecurrentSpec & { bias: boolean; keep: boolean }): Kernel => {
    const { kind, hidden: h, bias } = spec;
    const [gates, memory, keep] = [GATES[kind], kind === 'lstm', spec.keep && KEPT[kind] > 0];
    const wide = h % 4 === 0;
    const element = wide ? 'vec4<f32>' : 'f32';
    const product = wide
      ? `let part = vec4(h[old + 4u * k], h[old + 4u * k + 1u], h[old + 4u * k + 2u], h[old + 4u * k + 3u]);`
      : 'let part = h[old + k];';
    const length = wide ? h / 4 : h;
    return perRow(
      spec,
      {
        name: `recurrent.${kind}`,
        read: {
          as_: 'f32',
          weights: element,
          ...(bias && { biases: 'f32' as const }),
          hs: 'f32',
          ...(memory && { cs: 'f32' as const }),
        },
        write: { ys: 'f32', ...(keep && { kept: 'f32' as const }) },
        memory: `${array('h', 2 * h)}${memory ? array('cell', h) : ''}`,
      },
      (units) => `${units(`h[u] = hs[first + u];${memory ? '\n      cell[u] = cs[first + u];' : ''}`)}
  workgroupBarrier();
  for (var s = 0u; s < params.steps; s++) {
    let at = time(s) * params.rows + n;
    let old = (s & 1u) * ${h}u;
    ${units(`${times(gates, (i) => `var sum${i} = ${element}();`)}
      for (var k = 0u; k < ${length}u; k++) {
        ${product}
        ${times(gates, (i) => `sum${i} += weights[(${i * h}u + u) * ${length}u + k] * part;`)}
      }
      ${times(gates, (i) => {
        const sum = wide ? `dot(sum${i}, vec4(1.0))` : `sum${i}`;
        return `let a${i} = as_[at * ${gates * h}u + ${i * h}u + u];
      let b${i} = ${sum}${bias ? ` + biases[${i * h}u + u]` : ''};`;
      })}
      ${forwardOf(spec, keep)}
      h[${h}u - old + u] = v;
      ys[at * ${h}u + u] = v;`)}
    workgroupBarrier();
  }
  ${memory ? units(`ys[(params.steps * params.rows + n) * ${h}u + u] = cell[u];`) : ''}`,
    );
  },
);

/** WGSL of the gradients by a and b, `da` and `db`, from `dh`, that by h'; what goes to h past the weight stays in `carry`. */
function backwardOf({ kind, hidden: h }: RecurrentSpec): string {
  const stores = (gradients: string[], gates = gradients): string =>
    gradients
      .map((gradient, i) => {
        const at = `at * ${gradients.length * h}u + ${i * h}u + u`;
        const other = kind === 'gru' ? `\n      dbs[${at}] = d[${i * h}u + u];` : '';
        return `d[${i * h}u + u] = ${gates[i]};\n      das[${at}] = ${gradient};${other}`;
      })
      .join('\n      ');
  const kept = (...names: string[]): string =>
    names.map((name, i) => `let ${name} = kept[at * ${names.length * h}u + ${i * h}u + u];`).join('\n      ');
  const before = `(time(s - 1u) * params.rows + n)`;
  switch (kind) {
    case 'tanh':
      return `let y = ys[at * ${h}u + u];
      carry[u] = 0.0;
      ${stores(['dh * (1.0 - y * y)'])}`;
    case 'relu':
      return `carry[u] = 0.0;
      ${stores([whereRelu('dh', `ys[at * ${h}u + u]`)])}`;
    case 'gru':
      return `${kept('r', 'z', 'new_', 'b')}
      var y = 0.0;
      if (s == 0u) { y = hs[first + u]; } else { y = ys[${before} * ${h}u + u]; }
      let dn = dh * (1.0 - z) * (1.0 - new_ * new_);
      let dz = dh * (y - new_) * z * (1.0 - z);
      let dr = dn * b * r * (1.0 - r);
      carry[u] = dh * z;
      ${stores(['dr', 'dz', 'dn'], ['dr', 'dz', 'dn * r'])}`;
    case 'lstm':
      return `${kept('i', 'f', 'g', 'o', 'c')}
      var y = 0.0;
      if (s == 0u) { y = cs[first + u]; } else { y = kept[${before} * ${5 * h}u + ${4 * h}u + u]; }
      let bent = tan(c);
      let dc = cell[u] + dh * o * (1.0 - bent * bent);
      cell[u] = dc * f;
      carry[u] = 0.0;
      ${stores(['dc * g * i * (1.0 - i)', 'dc * y * f * (1.0 - f)', 'dc * i * (1.0 - g * g)', 'dh * bent * o * (1.0 - o)'])}`;
  }
}

/**
 * [gradient by the value, the value (not of an LSTM), kept?, h (of a GRU) or c (of an LSTM), weight] → the gradients by a, by b (of a GRU,
 * of which it is another), by h, and by c (of an LSTM).
 */
export const recurrentGradKernel = /* @__PURE__ */ interned((spec: RecurrentSpec): Kernel => {
  const { kind, hidden: h } = spec;
  const [gates, memory] = [GATES[kind], kind === 'lstm'];
  return perRow(
    spec,
    {
      name: `recurrent.${kind}.grad`,
      read: {
        gs: 'f32',
        ...(!memory && { ys: 'f32' as const }),
        ...(KEPT[kind] > 0 && { kept: 'f32' as const, [memory ? 'cs' : 'hs']: 'f32' as const }),
        weights: 'f32',
      },
      write: {
        das: 'f32',
        ...(kind === 'gru' && { dbs: 'f32' as const }),
        dhs: 'f32',
        ...(memory && { dcs: 'f32' as const }),
      },
      memory: `${array('d', gates * h)}${array('carry', h)}${memory ? array('cell', h) : ''}`,
    },
    (
      units,
    ) => `${units(`carry[u] = 0.0;${memory ? `\n      cell[u] = gs[(params.steps * params.rows + n) * ${h}u + u];` : ''}`)}
  for (var left = params.steps; left > 0u; left--) {
    let s = left - 1u;
    let at = time(s) * params.rows + n;
    ${units(`let dh = gs[at * ${h}u + u] + carry[u];
      ${backwardOf(spec)}`)}
    workgroupBarrier();
    ${units(`var total = 0.0;
      for (var j = 0u; j < ${gates * h}u; j++) { total += d[j] * weights[j * ${h}u + u]; }
      carry[u] += total;`)}
    workgroupBarrier();
  }
  ${units(`dhs[first + u] = carry[u];${memory ? '\n      dcs[first + u] = cell[u];' : ''}`)}`,
  );
});
