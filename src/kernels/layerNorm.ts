/**
 * Layer normalisation: every row of x gets mean 0 and variance 1, then y = x̂ w + b with w and b along the row.
 * x̂ = (x − m) r, r = 1/√(v + eps), m and v the row's mean and biased variance, in two passes as in
 * batchNorm.ts.
 * Gradients: with h = g w, dx = r (h − mean h − x̂ · mean(h x̂)); dw = Σ g x̂ and db = Σ g over rows.
 *
 * Layout: [rows, length]. Launch: see rows.ts; for dw and db a "row" there is a column here.
 */
import { blocked } from './blocked.js';
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
    const loop = `for (k = lane; k < ${length}u; k += lanes)`;
    const walk = { end: `${length}u`, step: 'lanes', turns: length };
    const summed = blocked({ ...walk, state: { part: '0.0' }, turn: (inner) => `${inner('part')} += xs[base + k];` });
    const squared = blocked({
      ...walk,
      state: { squares: '0.0', drifts: '0.0' },
      turn: (inner) => `let centred = xs[base + k] - about;
    ${inner('squares')} += centred * centred;
    ${inner('drifts')} += centred;`,
    });
    return rowKernel({
      name: 'layerNorm',
      read: { xs: 'f32', ...optional('weights', weighted), ...optional('biases', biased) },
      write: { ys: 'f32', means: 'f32', scales: 'f32' },
      rows,
      count: 'arrayLength(&means)',
      length,
      body: `  let base = row * ${length}u;
  var k = lane;
  ${summed}
  let about = rowSum(part) / ${length}.0;
  k = lane;
  ${squared}
  let drift = rowSum(drifts) / ${length}.0;
  let mean = about + drift;
  let scale = inverseSqrt(max(rowSum(squares) / ${length}.0 - drift * drift, 0.0) + ${f32(eps)});
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
    const h = `gs[base + k]${weighted ? ' * weights[k]' : ''}`;
    const summed = blocked({
      state: { part: '0.0', products: '0.0' },
      end: `${length}u`,
      step: 'lanes',
      turns: length,
      turn: (inner) => `let h = ${h};
    ${inner('part')} += h;
    ${inner('products')} += h * (xs[base + k] - mean) * scale;`,
    });
    return rowKernel({
      name: 'layerNorm.grad',
      read: { xs: 'f32', means: 'f32', scales: 'f32', gs: 'f32', ...optional('weights', weighted) },
      write: { dxs: 'f32' },
      puts: 'dxs',
      rows,
      count: 'arrayLength(&means)',
      length,
      body: `  let base = row * ${length}u;
  let mean = means[row];
  let scale = scales[row];
  var k = lane;
  ${summed}
  let meanOfH = rowSum(part) / ${length}.0;
  let meanOfProduct = rowSum(products) / ${length}.0;
  for (k = lane; k < ${length}u; k += lanes) { put(scale * (${h} - meanOfH - (xs[base + k] - mean) * scale * meanOfProduct), base + k); }`,
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
      params: { rows },
      lanes,
      body: `  var k = lane;
  ${blocked({
    state: { products: '0.0', sums: '0.0' },
    end: 'params.rows',
    step: 'lanes',
    turns: rows / (lanes ?? 1),
    turn: (inner) => `let at = k * ${length}u + row;
    ${inner('products')} += gs[at] * (xs[at] - means[k]) * scales[k];
    ${inner('sums')} += gs[at];`,
  })}
  let product = rowSum(products);
  let sum = rowSum(sums);
  if (lane == 0u) {
    dws[row] = product;
    dbs[row] = sum;
  }`,
    }),
);
