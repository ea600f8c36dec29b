/**
 * Reductions along one dimension of three: y[o, c] = combine over k of x[o, k, c]. Where k is long and there are few
 * outputs, `splits` share one, and the next launch combines their partial results, which may be cut in turn: the order of
 * additions is fixed, so results repeat to the bit. A stretch of k belongs to all splits that lie across it or, along the last
 * dimension, to 64 of them or to the lanes of one, which take turns: neighbours read neighbours, and no step leaps over a page.
 * Several dimensions that do not lie side by side are reduced one after the other, the last first.
 *
 * Layout: x is [outer, length, inner], y [outer, splits, inner]. Four elements are loaded at once along c where inner is a
 * multiple of four, along k where inner is 1 and the length is one.
 * Launch: one invocation per output, neighbouring lanes on neighbouring elements; with `lanes`, where inner is 1, one
 * workgroup per output, whose lanes combine what they found in a tree of fixed shape.
 *
 * Sum of 2²², SwiftShader on two cores, Chromium 156, 2026-11: one element at a time in a loop 15 ms; four steps unrolled
 * 8, four vec4 unrolled 5 (256 to 4096 splits alike); each split a stretch of its own 3.5, but GPUs want neighbours. Over
 * [65536, 64] along the first dimension 4.9 (before 27), over [4096, 1024] along the last 4.9 (before 13). Workgroups with
 * barriers: 64 lanes 103 ms there, 256 lanes 727.
 */
import { blocked } from './blocked.js';
import { elementOf, extremeOf, isNan, nanNotes } from './floats.js';
import { f32, interned, type Kernel, kernel, LINEAR_WORKGROUP, linear, linearKernel, linearMain } from './kernel.js';
import { combined, found, laneMain } from './lanes.js';
import { range } from './range.js';

type Scalar = 'f32' | 'i32' | 'u32';

/** A way to combine elements. */
export interface Reduction {
  readonly name: string;
  /** What no elements make. */
  readonly ofNothing: number;
  /** Where it starts, as WGSL. Extremes start from an element: no other is as small as minus infinity. */
  readonly start?: string;
  readonly next: (a: string, b: string) => string;
  /** How floats, or vec4 of them, are combined, where that is otherwise. */
  readonly floats?: (vector: boolean, across: boolean) => Partial<Combining>;
}

/** WGSL around the walk. */
interface Combining {
  readonly before: string;
  /** What takes an element to `total`. */
  readonly step: (element: string) => string;
  /** What becomes of `result`, the total, which has columns of its own where it lies across. */
  readonly after: string;
  /** Of the totals of two lanes. */
  readonly join: (a: string, b: string) => string;
}

export const SUM: Reduction = { name: 'sum', ofNothing: 0, start: '0', next: (a, b) => `${a} + ${b}` };
export const PROD: Reduction = { name: 'prod', ofNothing: 1, start: '1', next: (a, b) => `${a} * ${b}` };

/** Extremes of floats lose NaNs, which are noted beside. */
function extreme(name: 'max' | 'min'): Reduction {
  const next = (a: string, b: string): string => `${name}(${a}, ${b})`;
  return {
    name,
    ofNothing: name === 'max' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
    next,
    floats: (vector, across) => {
      const { start, note, met, nan } = nanNotes(vector);
      const noticed = across
        ? 'result = select(result, bitcast<vec4<f32>>(notes >> vec4(1u)), notes > vec4(0xff000000u));'
        : `if (${met}) { result = ${nan}; }`;
      return {
        before: `  ${start}\n`,
        step: (element) => `{ let x = ${element}; total = ${next('total', 'x')}; ${note('x')} }`,
        after: `\n  ${noticed}`,
        join: (a, b) => extremeOf(name, a, b),
      };
    },
  };
}

export const MAX = /* @__PURE__ */ extreme('max');
export const MIN = /* @__PURE__ */ extreme('min');

/** How reductions are cut. */
export interface ReduceVariant {
  /** Invocations per output along the last dimension; 1 is best without barriers. A power of two. */
  readonly lanes: number;
  /** Splits are made until so many invocations run. */
  readonly fill: number;
  /** An invocation alone reduces up to so many elements without splits. */
  readonly alone: number;
}

export const SOFTWARE_REDUCE: ReduceVariant = { lanes: 1, fill: 1024, alone: 1024 };
export const GPU_REDUCE: ReduceVariant = { lanes: 128, fill: 65536, alone: 128 };

/** What a tuner may try. */
export const REDUCE_CANDIDATES: readonly ReduceVariant[] = [
  SOFTWARE_REDUCE,
  { lanes: 1, fill: 256, alone: 1024 },
  { lanes: 1, fill: 16384, alone: 128 },
  { lanes: 64, fill: 16384, alone: 128 },
  GPU_REDUCE,
  { lanes: 256, fill: 131072, alone: 128 },
];

/** One dimension to reduce, between those before and after it. */
export interface Slab {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** The slabs that reduce `dims` of `shape` one after the other. */
export function slabsOf(shape: readonly number[], dims: readonly number[]): Slab[] {
  const groups: { length: number; gone: boolean }[] = [];
  shape.forEach((length, d) => {
    if (length === 1) return;
    const gone = dims.includes(d);
    const before = groups.at(-1);
    if (before?.gone === gone) before.length *= length;
    else groups.push({ length, gone });
  });
  const slabs: Slab[] = [];
  if (groups.some(({ length }) => length === 0)) {
    // Nothing to walk: what there is of outputs gets the start.
    const outputs = shape.reduce((size, length, d) => size * (dims.includes(d) ? 1 : length), 1);
    return [{ outer: outputs, length: 0, inner: 1 }];
  }
  let inner = 1;
  let outer = shape.reduce((size, length) => size * length, 1);
  for (const { length, gone } of groups.reverse()) {
    outer /= length;
    if (gone) slabs.push({ outer, length, inner });
    else inner *= length;
  }
  return slabs.length > 0 ? slabs : [{ outer: 1, length: 1, inner }];
}

/** How a slab is launched: by a workgroup per output or not, and in how many splits. */
export function cut({ outer, length, inner }: Slab, variant: ReduceVariant): { lanes: number; splits: number } {
  const lanes = inner === 1 && length >= 2 * variant.lanes ? variant.lanes : 1;
  if (length <= variant.alone * lanes) return { lanes, splits: 1 };
  const wanted = Math.ceil(variant.fill / Math.max(1, outer * inner * lanes));
  const splits = Math.max(1, Math.min(wanted, Math.floor(length / (64 * lanes))));
  const whole = inner === 1 && lanes === 1 && splits > LINEAR_WORKGROUP ? LINEAR_WORKGROUP : 1;
  return { lanes, splits: splits - (splits % whole) };
}

export interface ReduceSpec extends Slab {
  readonly type: Scalar;
  readonly splits: number;
  readonly lanes: number;
  /** The result is multiplied by this: 1/n makes a mean. Ignored for integers. */
  readonly scale: number;
}

/** Steps of the walk that are unrolled. */
const STEP = 4;

/** [x] → y. */
export const reduceKernel = /* @__PURE__ */ interned((op: Reduction, spec: ReduceSpec): Kernel => {
  const { name, start, next, floats } = op;
  const { type, outer, inner, splits, lanes } = spec;
  const along = inner === 1 && spec.length > 0 && spec.length % 4 === 0;
  const across = inner > 0 && inner % 4 === 0;
  const element = elementOf(type, along || across);
  const length = along ? spec.length / 4 : spec.length;
  const columns = across ? inner / 4 : inner;
  const outputs = outer * splits * columns;
  // So many take turns in a stretch of `span` elements.
  const stride = lanes > 1 ? lanes : inner === 1 ? Math.min(splits, LINEAR_WORKGROUP) : splits;
  const span = Math.ceil((length * stride) / (splits * lanes) / stride) * stride;
  // What the size of a batch decides is data.
  const at = (k: string): string => `xs[base + ${columns === 1 ? k : `(${k}) * ${columns}u`}]`;
  const isFloat = type === 'f32';
  const {
    before = '',
    step = (element: string): string => `total = ${next('total', element)};`,
    after = '',
    join = next,
  }: Partial<Combining> = (isFloat && floats?.(along || across, across)) || {};
  const from = (j: number): string => at(j === 0 ? 'k' : `k + ${j * stride}u`);
  const sums = name === 'sum' && isFloat;
  const walk = blocked({
    state: { total: start ? `${element}(${start})` : at('min(first, max(params.length, 1u) - 1u)') },
    end: 'last',
    step: `${STEP * stride}u`,
    turns: sums ? Math.ceil(span / stride / STEP) : 1,
    turn: (inner) =>
      sums
        ? `${inner('total')} += (${from(0)} + ${from(1)}) + (${from(2)} + ${from(3)});`
        : `\n    ${range(STEP)
            .map((j) => step(from(j)))
            .join('\n    ')}\n  `,
  });
  const whole = next(next('total.x', 'total.y'), `(${next('total.z', 'total.w')})`);
  const scaled = spec.scale === 1 || !isFloat ? 'result' : `result * ${f32(spec.scale)}`;
  const stretch = lanes > 1 ? 'split' : `split / ${stride}u`;
  const turn = lanes > 1 ? 'lane' : `split % ${stride}u`;
  // `o`: an output, or a vec4 of them.
  const body = `  let split = o / ${columns}u % ${splits}u;
  let base = o / ${columns * splits}u * (params.length * ${columns}u) + o % ${columns}u;
  let first = ${stretch} * params.span + ${turn};
  let end = min((${stretch} + 1u) * params.span, params.length);
${before}  var k = first;
  let last = max(end, ${(STEP - 1) * stride}u) - ${(STEP - 1) * stride}u;
  ${walk}
  for (; k < end; k += ${stride}u) { ${step(from(0))} }
  var result = ${along ? whole : 'total'};${after}`;
  return kernel({
    name: `reduce.${name}`,
    read: { xs: element },
    write: { ys: across ? element : type },
    workgroups: linear(lanes > 1 ? outputs * LINEAR_WORKGROUP : outputs),
    params: { length, span },
    wgsl:
      lanes > 1
        ? `${found(lanes, type)}${laneMain(lanes, 'o', 'arrayLength(&ys)')}
${body}${combined(lanes, 'result', join)}
  if (lane == 0u) {
    result = found[0];
    ys[o] = ${scaled};
  }
}`
        : `${linearMain('arrayLength(&ys)')}
  let o = i;
${body}
  ys[o] = ${scaled};
}`,
  });
});

export interface ArgSpec extends Slab {
  readonly op: 'max' | 'min';
  readonly type: Scalar;
  readonly splits: number;
  /** Of how many splits the places are given that compete; without it all elements do. */
  readonly among?: number;
}

/**
 * [x] → the place k of the largest (or smallest) of every split's elements, the first where several are equal, and before
 * all others that of the first NaN; or [x, places] → the same of the places that splits found. Launch: one invocation per output.
 */
export const argKernel = /* @__PURE__ */ interned(
  ({ op, type, outer, length, inner, splits, among }: ArgSpec): Kernel => {
    const outputs = outer * splits * inner;
    const wins = `(x ${op === 'max' ? '>' : '<'} best)${among ? ' | ((x == best) & (k < where_))' : ''}`;
    const floats = type === 'f32';
    const candidates = among ?? length;
    const place = (n: string): string => (among ? `u32(places[(o * ${among}u + ${n}) * ${inner}u + c])` : n);
    return linearKernel({
      name: `arg${op}`,
      read: { xs: type, ...(among ? { places: 'i32' as const } : {}) },
      write: { ys: 'i32' },
      size: outputs,
      body: `  let c = i % ${inner}u;
  let split = i / ${inner}u % ${splits}u;
  let o = i / ${inner * splits}u;
  let base = o * ${length * inner}u + c;
  var where_ = ${place('split')};
  var best = xs[base + where_ * ${inner}u];
${floats ? `  var broken = ${isNan('best')};\n` : ''}  for (var n = split + ${splits}u; n < ${candidates}u; n += ${splits}u) {
    let k = ${place('n')};
    let x = xs[base + k * ${inner}u];
    if (${floats ? `select(!broken & (${wins}), !broken | (k < where_), ${isNan('x')})` : wins}) {
      best = x;
      where_ = k;${floats ? `\n      broken = ${isNan('x')};` : ''}
    }
  }
  ys[i] = i32(where_);`,
    });
  },
);
