/**
 * Negative log-likelihood of the target classes, with class weights w, label smoothing ε and a class to ignore:
 *
 *   loss[p] = −Σ_c q[p, c] · w[c] · y[p, c],   q[p, c] = (1 − ε)·[c = t(p)] + ε / classes
 *
 * where y are log-probabilities. A sum adds them, a mean divides by Σ_p w[t(p)]. The gradient by y is −q w g; by the
 * logits under a log-softmax it is (e^y Σ_c q w − q w) g, in one launch.
 *
 * Layout: y is [n, classes, inner], targets [n, inner]; position p = (n, inner). A target outside the classes makes the
 * loss NaN. Launch: one invocation per position, per element of y for the gradient. Sums are reductions (reduce.ts).
 */
import { blocked } from './blocked.js';
import { isNan } from './floats.js';
import { type Element, f32, interned, type Kernel, kernel, linear, linearKernel, linearMain } from './kernel.js';

export interface NllSpec {
  readonly n: number;
  readonly classes: number;
  readonly inner: number;
  readonly weighted: boolean;
  readonly smoothing: number;
  readonly ignoreIndex: number;
  readonly reduction: 'mean' | 'sum' | 'none';
}

/** What a loss reads, behind what it is of. */
export const inputs = ({ weighted }: NllSpec, of: Readonly<Record<string, Element>>): Record<string, Element> => ({
  ...of,
  targets: 'i32',
  ...(weighted && { weights: 'f32' }),
});

/** WGSL of `lossAt(p)`: the loss of a position, by y, and its weight. */
export function lossAt({ classes, inner, weighted, smoothing, ignoreIndex }: NllSpec): string {
  const weight = (c: string): string => (weighted ? `weights[${c}]` : '1.0');
  return `
fn lossAt(p: u32) -> vec2<f32> {
  let t = targets[p];
  if (t == ${ignoreIndex}i) { return vec2(0.0, 0.0); }
  if (u32(t) >= ${classes}u) {
    var nan = 0x7fc00000u;
    return vec2(bitcast<f32>(nan));
  }
  let base = p / ${inner}u * ${classes * inner}u + p % ${inner}u;
  let w = ${weight('t')};
  let hard = -w * ys[base + u32(t) * ${inner}u];${
    smoothing === 0
      ? '\n  return vec2(hard, w);'
      : `
  var k = 0u;
  ${blocked({
    state: { soft: '0.0' },
    turns: classes,
    turn: (level) => `${level('soft')} -= ${weight('k')} * ys[base + k * ${inner}u];`,
  })}
  return vec2(${f32(1 - smoothing)} * hard + ${f32(smoothing / classes)} * soft, w);`
  }
}`;
}

/** [y, targets, weights?] → the loss of every position, and the weight of its target. */
export const nllEachKernel = /* @__PURE__ */ interned((spec: NllSpec): Kernel => {
  const positions = spec.n * spec.inner;
  return kernel({
    name: 'nll',
    read: inputs(spec, { ys: 'f32' }),
    write: { losses: 'f32', counts: 'f32' },
    workgroups: linear(positions),
    wgsl: `${lossAt(spec)}
${linearMain('arrayLength(&losses)')}
  let found = lossAt(i);
  losses[i] = found.x;
  counts[i] = found.y;
}`,
  });
});

/** [y, targets, weights?, g, totals if mean] → the gradient by y, or by the logits that y is the log-softmax of. */
export const nllGradKernel = /* @__PURE__ */ interned((spec: NllSpec & { logits: boolean }): Kernel => {
  const { n, classes, inner, weighted, smoothing, ignoreIndex, reduction, logits } = spec;
  const size = n * classes * inner;
  const weight = (c: string): string => (weighted ? ` * weights[${c}]` : '');
  const even = f32(smoothing / classes);
  const q =
    smoothing === 0
      ? 'select(0.0, 1.0, c == t)'
      : `select(${even}, ${f32(1 - smoothing + smoothing / classes)}, c == t)`;
  // Σ_c q w
  const all =
    smoothing === 0 || !weighted
      ? `let all = 1.0${weight('t')};`
      : `var k = 0u;
  ${blocked({
    state: { spread: '0.0' },
    turns: classes,
    turn: (level) => `${level('spread')} += ${even}${weight('k')};`,
  })}
  let all = ${f32(1 - smoothing)}${weight('t')} + spread;`;
  return linearKernel({
    name: logits ? 'crossEntropy.grad' : 'nll.grad',
    read: {
      ...inputs(spec, logits ? { ys: 'f32' } : {}),
      gs: 'f32',
      ...(reduction === 'mean' && { totals: 'f32' }),
    },
    write: { dys: 'f32' },
    size,
    count: 'arrayLength(&dys)',
    body: `  let p = i / ${classes * inner}u * ${inner}u + i % ${inner}u;
  let target_ = targets[p];
  if (target_ == ${ignoreIndex}i) {
    dys[i] = 0.0;
    return;
  }
  let t = u32(target_);
  let c = i / ${inner}u % ${classes}u;
  let g = gs[${reduction === 'none' ? 'p' : '0'}]${reduction === 'mean' ? ' / totals[0]' : ''};
  let wanted = ${q}${weight('c')};
  ${logits ? `let y = ys[i];\n  ${all}` : ''}
  dys[i] = ${logits ? `(select(exp(y), y, ${isNan('y')}) * all - wanted)` : '-wanted'} * g;`,
  });
});
