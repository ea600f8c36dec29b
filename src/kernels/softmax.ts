/**
 * Softmax along one dimension, y = e^(x − m) / Σ e^(x − m) with m the row's maximum, and its logarithm x − m − log Σ.
 * A row with a NaN or +∞ is NaN throughout.
 * Gradients stand in softmaxGrad.ts.
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
import { elementOf, largestPart, nanNotes, nanOf } from './floats.js';
import { interned, type Kernel } from './kernel.js';
import { range } from './range.js';
import { LOWEST, rowKernel } from './rows.js';

export interface SoftmaxSpec {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  /** Invocations per row; see rows.ts. */
  readonly lanes?: number;
}

/** What is made of a row, as WGSL. */
export interface SoftmaxKind {
  readonly name: string;
  /** Names what `value` reads: of `sum`, that of the row. */
  readonly ofSum: string;
  /** An element of y: of x and of `all`, the maximum; `none` is a zero. */
  readonly value: (x: string, none: string) => string;
}

/** WGSL of log(sum): NaN where the sum is one, or 0, which a row of nothing but −∞ has. */
export const LOG_OF_SUM = `select(${nanOf('sum')}, log(sum), bitcast<u32>(sum) - 1u < 0x7f800000u)`;

export const LOG_SOFTMAX: SoftmaxKind = {
  name: 'logSoftmax',
  ofSum: `let logSum = ${LOG_OF_SUM};`,
  // Without min, which changes nothing, a compiler may add m and log Σ first and lose what is small beside m.
  value: (x, none) => `min(${x} - all, ${none}) - logSum`,
};

const exponential = (scale: string): SoftmaxKind => ({
  name: 'softmax',
  ofSum: `let scale = ${scale};`,
  value: (x) => `exp(${x} - all) * scale`,
});

export const SOFTMAX = /* @__PURE__ */ exponential('1.0 / sum');

/** A row of nothing but −∞ becomes 0, and not NaN. */
export const MASKED_SOFTMAX = /* @__PURE__ */ exponential('select(1.0 / sum, 0.0, sum == 0.0)');

/** Elements, or vec4 of them, that a step of a walk takes. */
const STEP = 4;

/** How a row is walked: in `count` elements of type `element`, `lanes` apart. */
export function walkOf({ outer, length, inner, lanes = 1 }: SoftmaxSpec) {
  const vector = inner === 1 && length % 4 === 0;
  const count = vector ? length / 4 : length;
  return {
    vector,
    element: elementOf('f32', vector),
    /** How rows of an array are launched. */
    launch: (array: string) => ({
      rows: outer * inner,
      count: `arrayLength(&${array}) / ${Math.max(count, 1)}u`,
      lanes,
      across: inner > 1,
    }),
    start: `  let base = ${inner === 1 ? `row * ${count}u` : `row / ${inner}u * ${length * inner}u + row % ${inner}u`};
  var k = lane;`,
    /** The index of the `j`-th element of a step. */
    at: (j: number): string => `base + (k + ${j}u * lanes) * ${inner}u`,
    /** Runs `some` for whole steps while there are any, then for each element. */
    walk: (some: (steps: number) => string): string => `
  for (k = lane; k + ${STEP - 1}u * lanes < ${count}u; k += ${STEP}u * lanes) {${some(STEP)}
  }
  for (; k < ${count}u; k += lanes) {${some(1)}
  }`,
    /** As `walk`, gathering what `state` names by blocks. */
    gather: (
      state: Readonly<Record<string, string>>,
      some: (steps: number, level: Level) => string,
      join?: (outer: Level, inner: Level) => string,
    ): string => `
  let last = max(${count}u, ${STEP - 1}u * lanes) - ${STEP - 1}u * lanes;
  ${blocked({
    state,
    end: 'last',
    step: `(${STEP}u * lanes)`,
    turns: Math.ceil(count / STEP / lanes),
    turn: (level) => some(STEP, level),
    join,
  })}
  for (; k < ${count}u; k += lanes) {${some(1, (name) => name)}
  }`,
    sum: (value: string): string => (vector ? `dot(${value}, vec4(1.0))` : value),
  };
}

/** [x] → y. */
export const softmaxKernel = /* @__PURE__ */ interned(
  ({ name, ofSum, value }: SoftmaxKind, spec: SoftmaxSpec): Kernel => {
    const { vector, element, launch, start, at, walk, gather, sum } = walkOf(spec);
    const notes = nanNotes(vector);
    const loaded = (some: readonly number[]): string => some.map((j) => `\n    let x${j} = xs[${at(j)}];`).join('');
    const met = (count: number, level: Level): string => {
      const some = range(count);
      const [top, total] = [level('top'), level('total')];
      return `${loaded(some)}
    let most = max(${top}, largestOf(${some.map((j) => `x${j}`).reduce((a, b) => `max(${a}, ${b})`)}));
    ${total} = ${total} * exp(${top} - most) + ${sum(`(${some.map((j) => `exp(x${j} - most)`).join(' + ')})`)};
    ${top} = most;
    ${some.map((j) => notes.note(`x${j}`)).join('\n    ')}`;
    };
    const join = (outer: Level, inner: Level): string => `{
      let most = max(${outer('top')}, ${inner('top')});
      ${outer('total')} = ${outer('total')} * exp(${outer('top')} - most) + ${inner('total')} * exp(${inner('top')} - most);
      ${outer('top')} = most;
    }`;
    const none = vector ? 'vec4<f32>()' : '0.0';
    const stored = (count: number): string => {
      const some = range(count);
      return loaded(some) + some.map((j) => `\n    put(${value(`x${j}`, none)}, ${at(j)});`).join('');
    };
    return rowKernel({
      name,
      read: { xs: element },
      write: { ys: element },
      puts: 'ys',
      ...launch('xs'),
      module: `fn largestOf(x: ${element}) -> f32 { return ${largestPart('x', vector)}; }`,
      body: `${start}
  ${notes.start}${gather({ top: LOWEST, total: '0.0' }, met, join)}
  let all = rowMax(top);
  total *= exp(top - all);
  if ((${notes.met}) | (bitcast<u32>(top) == 0x7f800000u)) { total = ${nanOf('top')}; }
  let sum = rowSum(total);
  ${ofSum}${walk(stored)}`,
    });
  },
);
