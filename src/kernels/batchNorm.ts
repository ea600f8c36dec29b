/**
 * Batch normalisation: y = (x − m[c]) · r[c] · w[c] + b[c], r = 1/√(v + eps), with mean m and variance v of channel c over
 * batch and pixels (training) or running ones (evaluation). Statistics take two passes: mean, then squares about it, and what
 * the mean was off by: squares about another number are too large by its distance squared.
 * Gradients: dw = Σ g x̂, db = Σ g, x̂ = (x − m) r; dx = w r (g − (db + x̂ dw) / count), and w r g in evaluation.
 *
 * Layout: [n, channels, inner], read and written four pixels at a time where inner is a multiple of four.
 * Launch: statistics and sums see rows.ts, a row being a channel; the others one invocation per element, or four of them.
 */
import { blocked } from './blocked.js';
import { type Element, f32, interned, type Kernel, linearKernel } from './kernel.js';
import { rowKernel } from './rows.js';

export interface BatchNormSpec {
  readonly n: number;
  readonly channels: number;
  readonly inner: number;
  /** Invocations per channel of statistics and sums; see rows.ts. */
  readonly lanes?: number;
}

export interface AffineSpec extends BatchNormSpec {
  readonly eps: number;
  readonly weighted: boolean;
}

/** How channels are walked: in elements of this type, so many to a plane. */
export function walkOf({ n, channels, inner }: BatchNormSpec) {
  const vector = inner % 4 === 0;
  const plane = vector ? inner / 4 : inner;
  return {
    element: vector ? ('vec4<f32>' as const) : ('f32' as const),
    plane,
    /** Elements of a channel: a parameter. */
    count: n * plane,
    /** WGSL of the numbers in a channel. */
    size: `f32(params.count${vector ? ' * 4u' : ''})`,
    /** WGSL of the place of element k of channel `row`. */
    place: plane === 1 ? `k * ${channels}u + row` : `(k / ${plane}u * ${channels}u + row) * ${plane}u + k % ${plane}u`,
    sum: (value: string): string => (vector ? `dot(${value}, vec4(1.0))` : value),
  };
}

/**
 * [x] → mean and biased variance per channel; with `momentum`, running means and (unbiased) variances are moved towards
 * them in place: running += momentum · (found − running); and `counts`, what counts batches grows by 1.
 */
export const batchNormStatsKernel = /* @__PURE__ */ interned(
  (spec: BatchNormSpec & { momentum: number | null; counts?: boolean }): Kernel => {
    const { n, channels, inner, lanes, momentum, counts = false } = spec;
    const { element, count, size, place, sum } = walkOf(spec);
    const running: Record<string, Element> = momentum === null ? {} : { runningMeans: 'f32', runningVariances: 'f32' };
    const walk = { end: 'params.count', step: 'lanes', turns: count / (lanes ?? 1) };
    const summed = blocked({
      ...walk,
      state: { part: `${element}()` },
      turn: (inner) => `${inner('part')} += xs[${place}];`,
    });
    const squared = blocked({
      ...walk,
      state: { squares: `${element}()`, drifts: `${element}()` },
      turn: (inner) => `let centred = xs[${place}] - about;
      ${inner('squares')} += centred * centred;
      ${inner('drifts')} += centred;`,
    });
    return rowKernel({
      name: 'batchNorm.statistics',
      read: { xs: element },
      write: { means: 'f32', variances: 'f32', ...running, ...(counts && { batches: 'i32' as const }) },
      params: { count },
      rows: channels,
      length: n * inner,
      lanes,
      body: `  let size = ${size};
  var k = lane;
  ${summed}
  let about = rowSum(${sum('part')}) / size;
  k = lane;
  ${squared}
  let drift = rowSum(${sum('drifts')}) / size;
  let mean = about + drift;
  let total = max(rowSum(${sum('squares')}) - drift * drift * size, 0.0);
  if (lane == 0u) {
    means[row] = mean;
    variances[row] = total / size;${counts ? '\n    if (row == 0u) { batches[0] += 1; }' : ''}${
      momentum === null
        ? ''
        : `
    runningMeans[row] += ${f32(momentum)} * (mean - runningMeans[row]);
    runningVariances[row] += ${f32(momentum)} * (total / (size - 1.0) - runningVariances[row]);`
    }
  }`,
    });
  },
);

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

/** [x, means, variances, g] → dw = Σ g x̂ and db = Σ g per channel. */
export const batchNormSumsKernel = /* @__PURE__ */ interned((spec: BatchNormSpec & { eps: number }): Kernel => {
  const { n, channels, inner, lanes, eps } = spec;
  const { element, count, place, sum } = walkOf(spec);
  const summed = blocked({
    state: { products: `${element}()`, sums: `${element}()` },
    end: 'params.count',
    step: 'lanes',
    turns: count / (lanes ?? 1),
    turn: (inner) => `let at = ${place};
    ${inner('products')} += gs[at] * (xs[at] - mean);
    ${inner('sums')} += gs[at];`,
  });
  return rowKernel({
    name: 'batchNorm.sums',
    read: { xs: element, means: 'f32', variances: 'f32', gs: element },
    write: { dws: 'f32', dbs: 'f32' },
    params: { count },
    rows: channels,
    length: n * inner,
    lanes,
    body: `  let mean = means[row];
  var k = lane;
  ${summed}
  let product = rowSum(${sum('products')});
  let sum = rowSum(${sum('sums')});
  if (lane == 0u) {
    dws[row] = product * inverseSqrt(variances[row] + ${f32(eps)});
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
