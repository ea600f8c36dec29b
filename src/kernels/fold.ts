/**
 * Windows of an image added up where they overlap: y[p, i, j] = Σ_{a, b} xs[p, a, b, r, c] over the windows (r, c) whose tap (a, b)
 * lies at (i, j), that is i = r·stepH + a·dilationH − padH, and so of j. What lies in the padding is dropped.
 *
 * Layout: xs is [planes, kh, kw, rows, columns], y [planes, h, w]. Each element of y looks for its taps: there are kh·kw, and no
 * atomics. Launch: see flat.ts; elements one by one, all sizes are params.
 */
import { type Flat, flatKernel, SOFTWARE_FLAT } from './flat.js';
import { interned, type Kernel } from './kernel.js';

export interface FoldSpec {
  readonly planes: number;
  readonly h: number;
  readonly w: number;
  readonly kh: number;
  readonly kw: number;
  /** How many windows there are, one below the other and side by side. */
  readonly rows: number;
  readonly columns: number;
  readonly stepH: number;
  readonly stepW: number;
  readonly dilationH: number;
  readonly dilationW: number;
  readonly padH: number;
  readonly padW: number;
  readonly flat?: Flat;
}

/** [xs] → y. */
export const foldKernel = /* @__PURE__ */ interned((spec: FoldSpec): Kernel => {
  const { planes, flat = SOFTWARE_FLAT, ...sizes } = spec;
  return flatKernel({
    name: 'fold',
    read: { xs: 'f32' },
    write: { ys: { walked: 'f32' } },
    params: sizes,
    size: planes * spec.h * spec.w,
    // A loop hides what a launch costs: no more of them in an invocation than there were vec4.
    flat: { ...flat, vector: false },
    // A window that begins before the image wraps around to a row beyond all.
    body: () => `let plane = i / (params.h * params.w);
let y = i / params.w % params.h + params.padH;
let x = i % params.w + params.padW;
var total = 0.0;
for (var a = 0u; a < params.kh; a++) {
  let top = y - a * params.dilationH;
  let row = top / params.stepH;
  if (row >= params.rows || row * params.stepH != top) { continue; }
  for (var b = 0u; b < params.kw; b++) {
    let left = x - b * params.dilationW;
    let column = left / params.stepW;
    if (column >= params.columns || column * params.stepW != left) { continue; }
    total += xs[(((plane * params.kh + a) * params.kw + b) * params.rows + row) * params.columns + column];
  }
}
ys[i] = total;`,
  });
});
