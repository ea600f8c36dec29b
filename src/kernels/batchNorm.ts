/**
 * Batch normalisation: y = (x − m[c]) · r[c] · w[c] + b[c], r = 1/√(v + eps), with mean m and variance v of channel c over
 * batch and pixels (training) or running ones (evaluation). Statistics take two passes: mean, then squares about it.
 * Gradients: dw = Σ g x̂, db = Σ g, x̂ = (x − m) r; dx = w r (g − (db + x̂ dw) / count), and w r g in evaluation.
 *
 * Layout: [n, channels, inner]. Launch: statistics and sums see rows.ts, a row being a channel; the others one invocation
 * per element.
 */
import { type Element, f32, interned, type Kernel, linearKernel } from './kernel.js';
import { rowKernel } from './rows.js';

export interface BatchNormSpec {
  readonly n: number;
  readonly channels: number;
  readonly inner: number;
}

export interface AffineSpec extends BatchNormSpec {
  readonly eps: number;
  readonly weighted: boolean;
}

/** WGSL of the place of element k of channel `row`. */
const place = ({ channels, inner }: BatchNormSpec): string =>
  inner === 1 ? `k * ${channels}u + row` : `(k / ${inner}u * ${channels}u + row) * ${inner}u + k % ${inner}u`;

/**
 * [x] → mean and biased variance per channel; with `momentum`, running means and (unbiased) variances are moved towards
 * them in place: running += momentum · (found − running).
 */
export const batchNormStatsKernel = /* @__PURE__ */ interned(
  (spec: BatchNormSpec & { momentum: number | null }): Kernel => {
    const { n, channels, inner, momentum } = spec;
    const count = n * inner;
    const running: Record<string, Element> = momentum === null ? {} : { runningMeans: 'f32', runningVariances: 'f32' };
    const loop = `for (var k = lane; k < ${count}u; k += lanes)`;
    return rowKernel({
      name: 'batchNorm.statistics',
      read: { xs: 'f32' },
      write: { means: 'f32', variances: 'f32', ...running },
      rows: channels,
      length: count,
      body: `  var part = 0.0;
  ${loop} { part += xs[${place(spec)}]; }
  let mean = rowSum(part) / ${count}.0;
  var squares = 0.0;
  ${loop} {
    let centred = xs[${place(spec)}] - mean;
    squares += centred * centred;
  }
  let total = rowSum(squares);
  if (lane == 0u) {
    means[row] = mean;
    variances[row] = total / ${count}.0;${
      momentum === null
        ? ''
        : `
    runningMeans[row] += ${f32(momentum)} * (mean - runningMeans[row]);
    runningVariances[row] += ${f32(momentum)} * (total / ${count - 1}.0 - runningVariances[row]);`
    }
  }`,
    });
  },
);

/** [x, means, variances, weights?, biases?] → y. */
export const batchNormKernel = /* @__PURE__ */ interned((spec: AffineSpec & { biased: boolean }): Kernel => {
  const { n, channels, inner, eps, weighted, biased } = spec;
  const size = n * channels * inner;
  return linearKernel({
    name: 'batchNorm',
    read: {
      ...{ xs: 'f32', means: 'f32', variances: 'f32' },
      ...(weighted ? { weights: 'f32' as const } : {}),
      ...(biased ? { biases: 'f32' as const } : {}),
    } as Record<string, Element>,
    write: { ys: 'f32' },
    size,
    body: `  let c = i / ${inner}u % ${channels}u;
  let scale = inverseSqrt(variances[c] + ${f32(eps)})${weighted ? ' * weights[c]' : ''};
  ys[i] = (xs[i] - means[c]) * scale${biased ? ' + biases[c]' : ''};`,
  });
});

/** [x, means, variances, g] → dw = Σ g x̂ and db = Σ g per channel. */
export const batchNormSumsKernel = /* @__PURE__ */ interned((spec: BatchNormSpec & { eps: number }): Kernel => {
  const { n, channels, inner, eps } = spec;
  return rowKernel({
    name: 'batchNorm.sums',
    read: { xs: 'f32', means: 'f32', variances: 'f32', gs: 'f32' },
    write: { dws: 'f32', dbs: 'f32' },
    rows: channels,
    length: n * inner,
    body: `  let mean = means[row];
  var products = 0.0;
  var sums = 0.0;
  for (var k = lane; k < ${n * inner}u; k += lanes) {
    let at = ${place(spec)};
    products += gs[at] * (xs[at] - mean);
    sums += gs[at];
  }
  let product = rowSum(products);
  let sum = rowSum(sums);
  if (lane == 0u) {
    dws[row] = product * inverseSqrt(variances[row] + ${f32(eps)});
    dbs[row] = sum;
  }`,
  });
});

/** [x, means, variances, g, dws, dbs, weights?] → dx; in evaluation [variances, g, weights?] → dx. */
export const batchNormGradKernel = /* @__PURE__ */ interned((spec: AffineSpec & { training: boolean }): Kernel => {
  const { n, channels, inner, eps, weighted, training } = spec;
  const size = n * channels * inner;
  const all: Record<string, Element> = {
    ...(training ? { xs: 'f32' as const, means: 'f32' as const } : {}),
    ...{ variances: 'f32', gs: 'f32' },
    ...(training ? { dws: 'f32' as const, dbs: 'f32' as const } : {}),
    ...(weighted ? { weights: 'f32' as const } : {}),
  };
  const centred = `(gs[i] - (dbs[c] + (xs[i] - means[c]) * r * dws[c]) / ${n * inner}.0)`;
  return linearKernel({
    name: training ? 'batchNorm.grad' : 'batchNorm.grad.evaluation',
    read: all,
    write: { dxs: 'f32' },
    size,
    body: `  let c = i / ${inner}u % ${channels}u;
  let r = inverseSqrt(variances[c] + ${f32(eps)});
  dxs[i] = ${weighted ? 'weights[c] * ' : ''}r * ${training ? centred : 'gs[i]'};`,
  });
});
