/**
 * Softmax along one dimension, y = e^(x − m) / Σ e^(x − m) with m the row's maximum, and its logarithm x − m − log Σ.
 * Gradients: softmax dx = y (g − Σ g y); log-softmax dx = g − e^y Σ g.
 *
 * Layout: [outer, length, inner], a row being the `length` elements that share outer and inner. Launch: see rows.ts.
 */
import { interned, type Kernel } from './kernel.js';
import { LOWEST, rowKernel } from './rows.js';

export interface SoftmaxSpec {
  readonly log: boolean;
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

const start = ({ length, inner }: SoftmaxSpec): string =>
  inner === 1 ? `row * ${length}u` : `row / ${inner}u * ${length * inner}u + row % ${inner}u`;

/** [x] → y. */
export const softmaxKernel = interned((spec: SoftmaxSpec): Kernel => {
  const { log, outer, length, inner } = spec;
  const loop = `for (var k = lane; k < ${length}u; k += lanes)`;
  return rowKernel({
    name: log ? 'logSoftmax' : 'softmax',
    read: { xs: 'f32' },
    write: { ys: 'f32' },
    rows: outer * inner,
    length,
    body: `  let base = ${start(spec)};
  var largest = ${LOWEST};
  ${loop} { largest = max(largest, xs[base + k * ${inner}u]); }
  let top = rowMax(largest);
  var part = 0.0;
  ${loop} { part += exp(xs[base + k * ${inner}u] - top); }
  let total = rowSum(part);
  ${log ? 'let logTotal = log(total);' : ''}
  ${loop} {
    let at = base + k * ${inner}u;
    ys[at] = ${log ? 'xs[at] - top - logTotal' : 'exp(xs[at] - top) / total'};
  }`,
  });
});

/** [y, g] → dx. */
export const softmaxGradKernel = interned((spec: SoftmaxSpec): Kernel => {
  const { log, outer, length, inner } = spec;
  const loop = `for (var k = lane; k < ${length}u; k += lanes)`;
  return rowKernel({
    name: log ? 'logSoftmax.grad' : 'softmax.grad',
    read: { ys: 'f32', gs: 'f32' },
    write: { dxs: 'f32' },
    rows: outer * inner,
    length,
    body: `  let base = ${start(spec)};
  var part = 0.0;
  ${loop} {
    let at = base + k * ${inner}u;
    part += ${log ? 'gs[at]' : 'gs[at] * ys[at]'};
  }
  let total = rowSum(part);
  ${loop} {
    let at = base + k * ${inner}u;
    dxs[at] = ${log ? 'gs[at] - exp(ys[at]) * total' : 'ys[at] * (gs[at] - total)'};
  }`,
  });
});
