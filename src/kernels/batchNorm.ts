/**
 * Batch normalisation: y = (x − m[c]) · r[c] · w[c] + b[c], r = 1/√(v + eps), with mean m and variance v of channel c over
 * batch and pixels (training) or running ones (evaluation). Statistics take one pass, see moments.ts.
 * Gradients: dw = Σ g x̂, db = Σ g, x̂ = (x − m) r; dx = w r (g − (db + x̂ dw) / count), and w r g in evaluation.
 *
 * A channel of which there are few is cut into `splits`: a first launch finds the moments, or sums, of every part, and a
 * second combines them in order.
 *
 * Layout: [n, channels, inner], read and written four pixels at a time where inner is a multiple of four; parts are
 * [splits, channels].
 * Launch: statistics and sums see rows.ts, a row being a channel or a part of it; the others one invocation per element, or
 * four of them.
 */
import { blocked } from './blocked.js';
import { type Element, f32, interned, type Kernel, linearKernel } from './kernel.js';
import { aboutOf, momentsOf, momentsWalk, whole } from './moments.js';
import { JOINING } from './partSums.js';
import { rowKernel } from './rows.js';

export interface BatchNormSpec {
  readonly n: number;
  readonly channels: number;
  readonly inner: number;
}

/** How statistics and sums are launched. */
export interface CutSpec extends BatchNormSpec {
  /** Invocations per channel, or part of one; see rows.ts. Default: 64. */
  readonly lanes?: number;
  /** Default: 1. */
  readonly splits?: number;
}

export interface AffineSpec extends BatchNormSpec {
  readonly eps: number;
  readonly weighted: boolean;
}

/** How channels are walked: in elements of this type, so many to a plane. */
export function walkOf({ n, channels, inner }: BatchNormSpec) {
  const vector = inner % 4 === 0;
  const plane = vector ? inner / 4 : inner;
  const place = (k: string): string =>
    plane === 1
      ? `(${k}) * ${channels}u + channel`
      : `((${k}) / ${plane}u * ${channels}u + channel) * ${plane}u + (${k}) % ${plane}u`;
  return {
    vector,
    element: vector ? ('vec4<f32>' as const) : ('f32' as const),
    plane,
    /** Elements of a channel: a parameter. */
    count: n * plane,
    /** WGSL of the numbers in a channel. */
    size: `f32(params.count${vector ? ' * 4u' : ''})`,
    /** WGSL of the place of element k of `channel`. */
    place,
    /** WGSL of the first element of `channel`, one in the middle, and the last. */
    some: ['0u', 'params.count / 2u', 'params.count - 1u'].map((k) => `xs[${place(k)}]`) as [string, string, string],
    sum: (value: string): string => (vector ? `dot(${value}, vec4(1.0))` : value),
  };
}

/** How the rows of a launch cut channels: what they have of `rowKernel`'s spec, and WGSL of what a row walks. */
function cutOf(spec: CutSpec) {
  const { channels, lanes = 64, splits = 1 } = spec;
  const { count, plane } = walkOf(spec);
  const span = Math.ceil(count / splits / (4 * lanes)) * 4 * lanes;
  const isCut = splits > 1;
  return {
    isCut,
    launch: {
      rows: channels * splits,
      lanes,
      across: plane === 1,
      params: { count, ...(isCut && { span, splits }) },
      ...(isCut && { count: `params.splits * ${channels}u` }),
    },
    turns: Math.ceil(span / lanes / 4),
    end: isCut ? 'end' : 'params.count',
    start: isCut
      ? `  let channel = row % ${channels}u;
  let begin = row / ${channels}u * params.span;
  let end = min(begin + params.span, params.count);
  var k = begin + lane;`
      : '  let channel = row;\n  var k = lane;',
  };
}

export interface StatsSpec extends CutSpec {
  readonly momentum: number | null;
  readonly counts?: boolean;
}

const written = ({ momentum, counts = false }: StatsSpec): Record<string, Element> => ({
  ...{ means: 'f32', variances: 'f32' },
  ...(momentum !== null && { runningMeans: 'f32', runningVariances: 'f32' }),
  ...(counts && { batches: 'i32' }),
});

/** WGSL that writes what is known of a channel: `about`, `drift` and `total`, of so many numbers. */
const stored = ({ momentum, counts }: StatsSpec): string => `
  if (lane == 0u) {
    let mean = about + drift;
    means[row] = mean;
    variances[row] = total / size;${counts ? '\n    if (row == 0u) { batches[0] += 1; }' : ''}${
      momentum === null
        ? ''
        : `
    runningMeans[row] += ${f32(momentum)} * (mean - runningMeans[row]);
    runningVariances[row] += ${f32(momentum)} * (total / (size - 1.0) - runningVariances[row]);`
    }
  }`;

/**
 * [x] → mean and biased variance per channel; with `momentum`, running means and (unbiased) variances are moved towards
 * them in place: running += momentum · (found − running); and `counts`, what counts batches grows by 1. In splits, mean and
 * squares of every part, the mean less `about`.
 */
export const batchNormStatsKernel = /* @__PURE__ */ interned((spec: StatsSpec): Kernel => {
  const { element, vector, size, place, some } = walkOf(spec);
  const { isCut, launch, start, end, turns } = cutOf(spec);
  return rowKernel({
    name: isCut ? 'batchNorm.statistics.partial' : 'batchNorm.statistics',
    read: { xs: element },
    write: isCut ? { drifts: 'f32', totals: 'f32' } : written(spec),
    ...launch,
    module: momentsOf(element),
    body: `${start}
  let size = ${isCut ? `max(f32((max(end, begin) - begin)${vector ? ' * 4u' : ''}), 1.0)` : size};
${aboutOf(vector, some)}${momentsWalk({
  element,
  at: (k) => `xs[${place(k)}] - about`,
  end,
  turns,
})}${whole(vector, 'size')}${
  isCut
    ? `
  if (lane == 0u) {
    drifts[row] = drift;
    totals[row] = total;
  }`
    : stored(spec)
}`,
  });
});

/** [x, drifts, totals] → as without splits. */
export const batchNormJoinKernel = /* @__PURE__ */ interned((spec: StatsSpec): Kernel => {
  const { channels } = spec;
  const { element, vector, size, some } = walkOf(spec);
  const walked = (line: string): string => `for (var k = lane; k < params.splits; k += lanes) {
    let at = k * ${channels}u + row;
    let count = f32(min(params.count - min(k * params.span, params.count), params.span)${vector ? ' * 4u' : ''});
    ${line}
  }`;
  return rowKernel({
    name: 'batchNorm.statistics',
    read: { xs: element, drifts: 'f32', totals: 'f32' },
    write: written(spec),
    params: cutOf(spec).launch.params,
    rows: channels,
    lanes: JOINING,
    across: true,
    body: `  let channel = row;
  let size = ${size};
${aboutOf(vector, some)}
  var sum = 0.0;
  ${walked('sum += count * drifts[at];')}
  let drift = rowSum(sum) / size;
  var squares = 0.0;
  ${walked('let away = drifts[at] - drift;\n    squares += totals[at] + count * away * away;')}
  let total = rowSum(squares);${stored(spec)}`,
  });
});

/** [x, means, variances, weights?, biases?] → y. */
export const batchNormKernel = /* @__PURE__ */ interned((spec: AffineSpec & { biased: boolean }): Kernel => {
  const { channels, eps, weighted, biased } = spec;
  const { element, plane, count } = walkOf(spec);
  return linearKernel({
    name: 'batchNorm',
    read: {
      ...{ xs: element, means: 'f32', variances: 'f32' },
      ...(weighted ? { weights: 'f32' as const } : {}),
      ...(biased ? { biases: 'f32' as const } : {}),
    } as Record<string, Element>,
    write: { ys: element },
    puts: 'ys',
    size: channels * count,
    count: 'arrayLength(&xs)',
    body: `  let c = i / ${plane}u % ${channels}u;
  let scale = inverseSqrt(variances[c] + ${f32(eps)})${weighted ? ' * weights[c]' : ''};
  put((xs[i] - means[c]) * scale${biased ? ' + biases[c]' : ''}, i);`,
  });
});

/** [x, means, variances, g] → dw = Σ g x̂ and db = Σ g per channel; in splits, those of every part, for partSums.ts. */
export const batchNormSumsKernel = /* @__PURE__ */ interned((spec: CutSpec & { eps: number }): Kernel => {
  const { element, place, sum } = walkOf(spec);
  const { isCut, launch, start, end, turns } = cutOf(spec);
  const summed = blocked({
    state: { products: `${element}()`, sums: `${element}()` },
    end,
    step: 'lanes',
    turns: 4 * turns,
    turn: (inner) => `let at = ${place('k')};
    ${inner('products')} += gs[at] * (xs[at] - mean);
    ${inner('sums')} += gs[at];`,
  });
  return rowKernel({
    name: isCut ? 'batchNorm.sums.partial' : 'batchNorm.sums',
    read: { xs: element, means: 'f32', variances: 'f32', gs: element },
    write: { dws: 'f32', dbs: 'f32' },
    ...launch,
    body: `${start}
  let mean = means[channel];
  ${summed}
  let product = rowSum(${sum('products')});
  let sum = rowSum(${sum('sums')});
  if (lane == 0u) {
    dws[row] = product * inverseSqrt(variances[channel] + ${f32(spec.eps)});
    dbs[row] = sum;
  }`,
  });
});

/** [x, means, variances, g, dws, dbs, weights?] → dx; in evaluation [variances, g, weights?] → dx. */
export const batchNormGradKernel = /* @__PURE__ */ interned((spec: AffineSpec & { training: boolean }): Kernel => {
  const { channels, eps, weighted, training } = spec;
  const { element, plane, count, size } = walkOf(spec);
  const all: Record<string, Element> = {
    ...(training ? { xs: element, means: 'f32' as const } : {}),
    ...{ variances: 'f32', gs: element },
    ...(training ? { dws: 'f32' as const, dbs: 'f32' as const } : {}),
    ...(weighted ? { weights: 'f32' as const } : {}),
  };
  const centred = `(gs[i] - (dbs[c] + (xs[i] - means[c]) * r * dws[c]) / ${size})`;
  return linearKernel({
    name: training ? 'batchNorm.grad' : 'batchNorm.grad.evaluation',
    read: all,
    write: { dxs: element },
    puts: 'dxs',
    params: { count },
    size: channels * count,
    count: 'arrayLength(&gs)',
    body: `  let c = i / ${plane}u % ${channels}u;
  let r = inverseSqrt(variances[c] + ${f32(eps)});
  put(${weighted ? 'weights[c] * ' : ''}r * ${training ? centred : 'gs[i]'}, i);`,
  });
});
