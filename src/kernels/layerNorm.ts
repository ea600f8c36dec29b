/**
 * Layer normalisation: every row of x gets mean 0 and variance 1, then y = x̂ w + b with w and b along the row.
 * x̂ = (x − m) r, r = 1/√(v + eps), m and v the row's mean and biased variance, in two passes.
 * Gradients: with h = g w, dx = r (h − mean h − x̂ · mean(h x̂)); dw = Σ g x̂ and db = Σ g over rows.
 *
 * Layout: [rows, length]. Launch: see rows.ts; for dw and db a "row" there is a column here.
 */
import { type Element, f32, interned, type Kernel } from './kernel.js';
import { rowKernel } from './rows.js';

export interface LayerNormSpec {
  readonly rows: number;
  readonly length: number;
}

const optional = (name: string, there: boolean): Record<string, Element> => (there ? { [name]: 'f32' } : {});

/** [x, weight?, bias?] → y, and m and r of every row. */
export const layerNormKernel = /* @__PURE__ */ interned(
  (spec: LayerNormSpec & { eps: number; weighted: boolean; biased: boolean }): Kernel => {
    const { rows, length, eps, weighted, biased } = spec;
    const loop = `for (var k = lane; k < ${length}u; k += lanes)`;
    return rowKernel({
      name: 'layerNorm',
      read: { xs: 'f32', ...optional('weights', weighted), ...optional('biases', biased) },
      write: { ys: 'f32', means: 'f32', scales: 'f32' },
      rows,
      length,
      body: `  let base = row * ${length}u;
  var part = 0.0;
  ${loop} { part += xs[base + k]; }
  let mean = rowSum(part) / ${length}.0;
  var squares = 0.0;
  ${loop} {
    let centred = xs[base + k] - mean;
    squares += centred * centred;
  }
  let scale = inverseSqrt(rowSum(squares) / ${length}.0 + ${f32(eps)});
  ${loop} { ys[base + k] = (xs[base + k] - mean) * scale${weighted ? ' * weights[k]' : ''}${biased ? ' + biases[k]' : ''}; }
  if (lane == 0u) {
    means[row] = mean;
    scales[row] = scale;
  }`,
    });
  },
);

/** [x, means, scales, g, weight?] → dx. */
export const layerNormGradKernel = /* @__PURE__ */ interned(
  ({ rows, length, weighted }: LayerNormSpec & { weighted: boolean }): Kernel => {
    const loop = `for (var k = lane; k < ${length}u; k += lanes)`;
    const h = `gs[base + k]${weighted ? ' * weights[k]' : ''}`;
    return rowKernel({
      name: 'layerNorm.grad',
      read: { xs: 'f32', means: 'f32', scales: 'f32', gs: 'f32', ...optional('weights', weighted) },
      write: { dxs: 'f32' },
      rows,
      length,
      body: `  let base = row * ${length}u;
  let mean = means[row];
  let scale = scales[row];
  var part = 0.0;
  var products = 0.0;
  ${loop} {
    let h = ${h};
    part += h;
    products += h * (xs[base + k] - mean) * scale;
  }
  let meanOfH = rowSum(part) / ${length}.0;
  let meanOfProduct = rowSum(products) / ${length}.0;
  ${loop} { dxs[base + k] = scale * (${h} - meanOfH - (xs[base + k] - mean) * scale * meanOfProduct); }`,
    });
  },
);

/** [x, means, scales, g] → dw, db. */
export const layerNormSumsKernel = /* @__PURE__ */ interned(
  ({ rows, length, lanes }: LayerNormSpec & { lanes?: number }): Kernel =>
    rowKernel({
      name: 'layerNorm.sums',
      read: { xs: 'f32', means: 'f32', scales: 'f32', gs: 'f32' },
      write: { dws: 'f32', dbs: 'f32' },
      rows: length,
      length: rows,
      lanes,
      body: `  var products = 0.0;
  var sums = 0.0;
  for (var k = lane; k < ${rows}u; k += lanes) {
    let at = k * ${length}u + row;
    products += gs[at] * (xs[at] - means[k]) * scales[k];
    sums += gs[at];
  }
  let product = rowSum(products);
  let sum = rowSum(sums);
  if (lane == 0u) {
    dws[row] = product;
    dbs[row] = sum;
  }`,
    }),
);
