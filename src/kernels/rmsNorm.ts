/**
 * Normalisation by the root mean square: y = x r w with w along the row, r = 1/√(mean x² + eps).
 * Gradients: with h = g w, dx = r (h − x r² · mean(h x)); dw = Σ g x r over rows.
 *
 * Layout: [rows, length], four elements at a time where the length is a multiple of four. Launch: see rows.ts; for dw a "row"
 * there is a column here, which may be cut into `splits`, whose sums are [splits, length].
 */
import { blocked } from './blocked.js';
import { elementOf } from './floats.js';
import { f32, interned, type Kernel } from './kernel.js';
import { rowKernel } from './rows.js';

export interface RmsNormSpec {
  readonly rows: number;
  readonly length: number;
  /** Invocations per row, or per column and split for sums; see rows.ts. */
  readonly lanes: number;
}

/** How a row is walked: {@link blocked} sums of `term`, in `total`. */
function walkOf({ length, lanes }: RmsNormSpec, weighted: boolean) {
  const vector = length % 4 === 0;
  const element = elementOf('f32', vector);
  const count = vector ? length / 4 : length;
  return {
    element,
    weights: weighted ? { weights: element } : {},
    each: (body: string): string => `for (k = lane; k < ${count}u; k += lanes) { ${body} }`,
    total: (term: string): string => `  let base = row * ${count}u;
  var k = lane;
  ${blocked({
    state: { part: `${element}()` },
    end: `${count}u`,
    step: 'lanes',
    turns: Math.ceil(count / lanes),
    turn: (level) => `${level('part')} += ${term};`,
  })}
  let total = rowSum(${vector ? 'dot(part, vec4(1.0))' : 'part'});`,
  };
}

/** [x, weight?] → y, and r of every row. */
export const rmsNormKernel = /* @__PURE__ */ interned(
  (spec: RmsNormSpec & { eps: number; weighted: boolean }): Kernel => {
    const { rows, length, lanes, eps, weighted } = spec;
    const { element, weights, each, total } = walkOf(spec, weighted);
    return rowKernel({
      name: 'rmsNorm',
      read: { xs: element, ...weights },
      write: { ys: element, scales: 'f32' },
      rows,
      count: 'arrayLength(&scales)',
      lanes,
      body: `${total('xs[base + k] * xs[base + k]')}
  let scale = inverseSqrt(total / ${length}.0 + ${f32(eps)});
  ${each(`ys[base + k] = xs[base + k] * scale${weighted ? ' * weights[k]' : ''};`)}
  if (lane == 0u) { scales[row] = scale; }`,
    });
  },
);

/** [x, scales, g, weight?] → dx. */
export const rmsNormGradKernel = /* @__PURE__ */ interned((spec: RmsNormSpec & { weighted: boolean }): Kernel => {
  const { rows, length, lanes, weighted } = spec;
  const { element, weights, each, total } = walkOf(spec, weighted);
  const h = `gs[base + k]${weighted ? ' * weights[k]' : ''}`;
  return rowKernel({
    name: 'rmsNorm.grad',
    read: { xs: element, scales: 'f32', gs: element, ...weights },
    write: { dxs: element },
    puts: 'dxs',
    rows,
    count: 'arrayLength(&scales)',
    lanes,
    body: `  let scale = scales[row];
${total(`${h} * (xs[base + k] * scale)`)}
  let slope = total / ${length}.0 * scale;
  ${each(`put(scale * (${h} - xs[base + k] * slope), base + k);`)}`,
  });
});

/** [x, scales, g] → dw, or that of every part of the rows. */
export const rmsNormSumsKernel = /* @__PURE__ */ interned((spec: RmsNormSpec & { splits: number }): Kernel => {
  const { rows, length, lanes, splits } = spec;
  const span = Math.ceil(rows / splits);
  return rowKernel({
    name: 'rmsNorm.sums',
    read: { xs: 'f32', scales: 'f32', gs: 'f32' },
    write: { dws: 'f32' },
    rows: length * splits,
    count: 'arrayLength(&dws)',
    lanes,
    across: true,
    params: { rows, span },
    body: `  let column = row % ${length}u;
  let begin = row / ${length}u * params.span;
  let end = min(begin + params.span, params.rows);
  var k = begin + lane;
  ${blocked({
    state: { part: '0.0' },
    end: 'end',
    step: 'lanes',
    turns: Math.ceil(span / lanes),
    turn: (level) => `${level('part')} += gs[k * ${length}u + column] * (xs[k * ${length}u + column] * scales[k]);`,
  })}
  let total = rowSum(part);
  if (lane == 0u) { dws[row] = total; }`,
  });
});
