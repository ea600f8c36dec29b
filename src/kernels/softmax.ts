/**
 * Softmax along one dimension, y = e^(x − m) / Σ e^(x − m) with m the row's maximum, and its logarithm x − m − log Σ.
 * A row with a NaN or +∞ is NaN throughout.
 * Gradients: softmax dx = y (g − Σ g y); log-softmax dx = g − e^y Σ g.
 *
 * A row is walked twice. The first walk finds maximum and sum at once, 16 elements at a time: when the largest so far is
 * exceeded, the sum so far is scaled to the new one. Where rows lie without gaps and are a multiple of four long, elements
 * go four by four.
 *
 * Layout: [outer, length, inner], a row being the `length` elements that share outer and inner. Launch: see rows.ts.
 *
 * Log-softmax [4096, 1000], SwiftShader on two cores, Chromium 156, 2026-11: one invocation per row 14 ms (rows of 999,
 * without vec4, 20), 4 lanes 21, 16 lanes 51, 64 lanes 189, 256 lanes 1,100: barriers cost. Its gradient 15 ms. Three walks
 * over single elements, 64 lanes per row, took 199 and 139 ms.
 */
import { blocked, type Level } from './blocked.js';
import { isNan, nanNotes, nanOf } from './floats.js';
import { interned, type Kernel } from './kernel.js';
import { LOWEST, rowKernel } from './rows.js';

export interface SoftmaxSpec {
  readonly log: boolean;
  /** Whether a row of nothing but −∞ becomes 0, and not NaN. */
  readonly masked?: boolean;
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  /** Invocations per row; see rows.ts. */
  readonly lanes?: number;
}

/** WGSL of log(sum): NaN where the sum is one, or 0, which a row of nothing but −∞ has. */
export const LOG_OF_SUM = `select(${nanOf('sum')}, log(sum), bitcast<u32>(sum) - 1u < 0x7f800000u)`;

/** Elements, or vec4 of them, that a step of a walk takes. */
const STEP = 4;

/** How a row is walked: in `count` elements of type `element`, `stride` apart. */
function walkOf({ length, inner, lanes = 1 }: SoftmaxSpec) {
  const vector = inner === 1 && length % 4 === 0;
  const count = vector ? length / 4 : length;
  const each = Array.from({ length: STEP }, (_, j) => j);
  return {
    vector,
    element: vector ? ('vec4<f32>' as const) : ('f32' as const),
    each,
    start: `  let base = ${inner === 1 ? `row * ${count}u` : `row / ${inner}u * ${length * inner}u + row % ${inner}u`};
  var k = lane;`,
    /** The index of the `j`-th element of a step. */
    at: (j = 0): string => `base + (k + ${j}u * lanes) * ${inner}u`,
    /** Runs `step` while whole steps are left, then `one` for each element. */
    walk: (step: string, one: string): string => `
  for (k = lane; k + ${STEP - 1}u * lanes < ${count}u; k += ${STEP}u * lanes) {${step}
  }
  for (; k < ${count}u; k += lanes) {${one}
  }`,
    /** As `walk`, gathering what `state` names by blocks. */
    gather: (
      state: Readonly<Record<string, string>>,
      met: (steps: number, level: Level) => string,
      join?: (outer: Level, inner: Level) => string,
    ): string => {
      const walked = blocked({
        state,
        end: 'last',
        step: `(${STEP}u * lanes)`,
        turns: Math.ceil(count / STEP / lanes),
        turn: (level) => met(STEP, level),
        ...(join && { join }),
      });
      return `
  let last = max(${count}u, ${STEP - 1}u * lanes) - ${STEP - 1}u * lanes;
  ${walked}
  for (; k < ${count}u; k += lanes) {${met(1, (name) => name)}
  }`;
    },
    sum: (value: string): string => (vector ? `dot(${value}, vec4(1.0))` : value),
  };
}

const largestOf = (vector: boolean): string =>
  vector
    ? 'fn largestOf(x: vec4<f32>) -> f32 { return max(max(x.x, x.y), max(x.z, x.w)); }'
    : 'fn largestOf(x: f32) -> f32 { return x; }';

/** [x] → y. */
export const softmaxKernel = /* @__PURE__ */ interned((spec: SoftmaxSpec): Kernel => {
  const { log, masked = false, outer, length, inner, lanes } = spec;
  const { start: noteNone, note, met: noticed } = nanNotes(spec.inner === 1 && spec.length % 4 === 0);
  const { vector, element, each, start, at, walk, gather, sum } = walkOf(spec);
  const loaded = (count: number): string =>
    each
      .slice(0, count)
      .map((j) => `\n    let x${j} = xs[${at(j)}];`)
      .join('');
  const met = (count: number, level: Level): string => {
    const some = each.slice(0, count);
    const [top, total] = [level('top'), level('total')];
    return `${loaded(count)}
    let most = max(${top}, largestOf(${some.map((j) => `x${j}`).reduce((a, b) => `max(${a}, ${b})`)}));
    ${total} = ${total} * exp(${top} - most) + ${sum(`(${some.map((j) => `exp(x${j} - most)`).join(' + ')})`)};
    ${top} = most;
    ${some.map((j) => note(`x${j}`)).join('\n    ')}`;
  };
  const join = (outer: Level, inner: Level): string => `{
      let most = max(${outer('top')}, ${inner('top')});
      ${outer('total')} = ${outer('total')} * exp(${outer('top')} - most) + ${inner('total')} * exp(${inner('top')} - most);
      ${outer('top')} = most;
    }`;
  // Without min, which changes nothing, a compiler may add m and log Σ first and lose what is small beside m.
  const none = vector ? 'vec4<f32>()' : '0.0';
  const value = (j: number): string => (log ? `min(x${j} - all, ${none}) - logSum` : `exp(x${j} - all) * scale`);
  const stored = (count: number): string =>
    loaded(count) +
    each
      .slice(0, count)
      .map((j) => `\n    ys[${at(j)}] = ${value(j)};`)
      .join('');
  return rowKernel({
    name: log ? 'logSoftmax' : 'softmax',
    read: { xs: element },
    write: { ys: element },
    rows: outer * inner,
    length,
    lanes,
    module: largestOf(vector),
    body: `${start}
  ${noteNone}${gather({ top: LOWEST, total: '0.0' }, met, join)}
  let all = rowMax(top);
  total *= exp(top - all);
  if (${noticed} || bitcast<u32>(top) == 0x7f800000u) { total = ${nanOf('top')}; }
  let sum = rowSum(total);
  ${log ? `let logSum = ${LOG_OF_SUM};` : `let scale = ${masked ? 'select(1.0 / sum, 0.0, sum == 0.0)' : '1.0 / sum'};`}${walk(stored(STEP), stored(1))}`,
  });
});

/** [y, g] → dx. */
export const softmaxGradKernel = /* @__PURE__ */ interned((spec: SoftmaxSpec): Kernel => {
  const { log, outer, length, inner, lanes } = spec;
  const { vector, element, each, start, at, walk, gather, sum } = walkOf(spec);
  const first = `ys[base]${vector ? '.x' : ''}`;
  // e^y of a NaN is a number on some adapters; a row has one throughout or nowhere.
  const spoilt = log ? `\n  if (${isNan(first)}) { all = ${nanOf(first)}; }` : '';
  const part = (j: number): string => (log ? `gs[${at(j)}]` : `gs[${at(j)}] * ys[${at(j)}]`);
  const summed = (count: number, level: Level): string =>
    `\n    ${level('total')} += ${sum(`(${each.slice(0, count).map(part).join(' + ')})`)};`;
  const stored = (count: number): string =>
    each
      .slice(0, count)
      .map((j) => {
        const index = at(j);
        const value = log ? `gs[${index}] - exp(ys[${index}]) * all` : `ys[${index}] * (gs[${index}] - all)`;
        return `\n    dxs[${index}] = ${value};`;
      })
      .join('');
  return rowKernel({
    name: log ? 'logSoftmax.grad' : 'softmax.grad',
    read: { ys: element, gs: element },
    write: { dxs: element },
    rows: outer * inner,
    length,
    lanes,
    body: `${start}
${gather({ total: '0.0' }, summed)}
  ${log ? 'var' : 'let'} all = rowSum(total);${spoilt}${walk(stored(STEP), stored(1))}`,
  });
});
