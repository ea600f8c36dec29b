/**
 * Layer normalisation: every row of x gets mean 0 and variance 1, then y = x̂ w + b with w and b along the row.
 * x̂ = (x − m) r, r = 1/√(v + eps), m and v the row's mean and biased variance, found in one walk (see moments.ts).
 * Gradients: with h = g w, dx = r (h − mean h − x̂ · mean(h x̂)); dw = Σ g x̂ and db = Σ g over rows.
 *
 * Layout: [rows, length], four elements at a time where the length is a multiple of four. Launch: see rows.ts; for dw and db
 * a "row" there is a column here, or four of them, which may be cut into `splits`, whose sums partSums.ts adds up.
 */
import { blocked } from './blocked.js';
import { elementOf } from './floats.js';
import { type Element, f32, interned, type Kernel } from './kernel.js';
import { aboutOf, momentsOf, momentsWalk, whole } from './moments.js';
import { rowKernel } from './rows.js';

export interface LayerNormSpec {
  readonly rows: number;
  readonly length: number;
  /** Invocations per row, or per column and split for sums; see rows.ts. Default: 64. */
  readonly lanes?: number;
}

const optional = (name: string, there: boolean, element: Element): Record<string, Element> =>
  there ? { [name]: element } : {};

/** How a row is walked. */
function walkOf({ length }: LayerNormSpec) {
  const vector = length % 4 === 0;
  return {
    vector,
    element: elementOf('f32', vector),
    count: vector ? length / 4 : length,
    sum: (value: string): string => (vector ? `dot(${value}, vec4(1.0))` : value),
  };
}

/** [x, weight?, bias?] → y, and m and r of every row. */
export const layerNormKernel = /* @__PURE__ */ interned(
  (spec: LayerNormSpec & { eps: number; weighted: boolean; biased: boolean }): Kernel => {
    const { rows, length, eps, weighted, biased, lanes = 64 } = spec;
    const { vector, element, count } = walkOf(spec);
    return rowKernel({
      name: 'layerNorm',
      read: { xs: element, ...optional('weights', weighted, element), ...optional('biases', biased, element) },
      write: { ys: element, means: 'f32', scales: 'f32' },
      rows,
      count: 'arrayLength(&means)',
      lanes,
      module: momentsOf(element),
      body: `  let base = row * ${count}u;
${aboutOf(vector, ['xs[base]', `xs[base + ${count >> 1}u]`, `xs[base + ${count - 1}u]`])}
  var k = lane;${momentsWalk({
    element,
    at: (k) => `xs[base + ${k}] - about`,
    end: `${count}u`,
    turns: Math.ceil(count / lanes / 4),
  })}${whole(vector, `${length}.0`)}
  let mean = about + drift;
  let scale = inverseSqrt(total / ${length}.0 + ${f32(eps)});
  for (k = lane; k < ${count}u; k += lanes) {
    ys[base + k] = (xs[base + k] - mean) * scale${weighted ? ' * weights[k]' : ''}${biased ? ' + biases[k]' : ''};
  }
  if (lane == 0u) {
    means[row] = mean;
    scales[row] = scale;
  }`,
    });
  },
);

/** [x, means, scales, g, weight?] → dx. */
export const layerNormGradKernel = /* @__PURE__ */ interned((spec: LayerNormSpec & { weighted: boolean }): Kernel => {
  const { rows, length, weighted, lanes = 64 } = spec;
  const { element, count, sum } = walkOf(spec);
  const h = `gs[base + k]${weighted ? ' * weights[k]' : ''}`;
  const summed = blocked({
    state: { part: `${element}()`, products: `${element}()` },
    end: `${count}u`,
    step: 'lanes',
    turns: Math.ceil(count / lanes),
    turn: (inner) => `let h = ${h};
    ${inner('part')} += h;
    ${inner('products')} += h * (xs[base + k] - mean);`,
  });
  return rowKernel({
    name: 'layerNorm.grad',
    read: { xs: element, means: 'f32', scales: 'f32', gs: element, ...optional('weights', weighted, element) },
    write: { dxs: element },
    puts: 'dxs',
    rows,
    count: 'arrayLength(&means)',
    lanes,
    body: `  let base = row * ${count}u;
  let mean = means[row];
  let scale = scales[row];
  var k = lane;
  ${summed}
  let meanOfH = rowSum(${sum('part')}) / ${length}.0;
  let slope = rowSum(${sum('products')}) / ${length}.0 * scale * scale;
  for (k = lane; k < ${count}u; k += lanes) { put(scale * (${h} - meanOfH - (xs[base + k] - mean) * slope), base + k); }`,
  });
});

/** [x, means, scales, g] → dw, db; in splits, those of every part of the rows. */
export const layerNormSumsKernel = /* @__PURE__ */ interned((spec: LayerNormSpec & { splits?: number }): Kernel => {
  const { rows, length, lanes = 64, splits = 1 } = spec;
  // Lanes that share a column combine single numbers.
  const { element, count } = lanes === 1 ? walkOf(spec) : { element: 'f32' as const, count: length };
  const span = Math.ceil(rows / splits);
  return rowKernel({
    name: splits > 1 ? 'layerNorm.sums.partial' : 'layerNorm.sums',
    read: { xs: element, means: 'f32', scales: 'f32', gs: element },
    write: { dws: element, dbs: element },
    rows: count * splits,
    count: 'arrayLength(&dws)',
    lanes,
    across: true,
    params: { rows, span },
    body: `  let column = row % ${count}u;
  let begin = row / ${count}u * params.span;
  let end = min(begin + params.span, params.rows);
  var k = begin + lane;
  ${blocked({
    state: { products: `${element}()`, sums: `${element}()` },
    end: 'end',
    step: 'lanes',
    turns: Math.ceil(span / lanes),
    turn: (inner) => `let at = k * ${count}u + column;
    ${inner('products')} += gs[at] * ((xs[at] - means[k]) * scales[k]);
    ${inner('sums')} += gs[at];`,
  })}
  let product = rowSum(products);
  let sum = rowSum(sums);
  if (lane == 0u) {
    dws[row] = product;
    dbs[row] = sum;
  }`,
  });
});
