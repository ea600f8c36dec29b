/**
 * The updates of Adadelta and Adamax, in place; layout, launch and the buffer `scalars` are those of optimizer.ts.
 */
import { type Flat, flatKernel, SOFTWARE_FLAT } from './flat.js';
import { largerOf } from './floats.js';
import { interned, type Kernel } from './kernel.js';
import { loaded } from './optimizer.js';

export interface AdaptiveSpec {
  readonly size: number;
  readonly flat?: Flat;
}

/** What `adadeltaKernel` finds in `scalars`; `rest` is 1 − rho. */
export const ADADELTA_SCALARS = ['lr', 'l2', 'rho', 'rest', 'eps'] as const;

/** What `adamaxKernel` finds in `scalars`; `rest1` is 1 − beta1, `stepSize` lr / (1 − beta1^t). */
export const ADAMAX_SCALARS = ['l2', 'beta1', 'rest1', 'beta2', 'eps', 'stepSize'] as const;

/**
 * [scalars, g] → p, v, d: g ← g + l2 · p;  v ← rho · v + rest · g²;  s = √(d + eps) / √(v + eps) · g;
 * d ← rho · d + rest · s²;  p ← p − lr · s.
 */
export const adadeltaKernel = /* @__PURE__ */ interned(
  ({ size, flat = SOFTWARE_FLAT }: AdaptiveSpec): Kernel =>
    flatKernel({
      name: 'optimizer.adadelta',
      read: { scalars: 'f32', grads: { walked: 'f32' } },
      write: { params: { walked: 'f32' }, vs: { walked: 'f32' }, ds: { walked: 'f32' } },
      size,
      flat,
      setup: loaded(ADADELTA_SCALARS),
      body: () => `let p = params[i];
let g = grads[i] + l2 * p;
let v = rho * vs[i] + rest * g * g;
vs[i] = v;
let d = ds[i];
let s = sqrt(d + eps) / sqrt(v + eps) * g;
ds[i] = rho * d + rest * s * s;
params[i] = p - lr * s;`,
    }),
);

/**
 * [scalars, g] → p, m, u: g ← g + l2 · p;  m ← beta1 · m + rest1 · g;  u ← max(beta2 · u, |g| + eps);  p ← p − stepSize · m / u.
 */
export const adamaxKernel = /* @__PURE__ */ interned(
  ({ size, flat = SOFTWARE_FLAT }: AdaptiveSpec): Kernel =>
    flatKernel({
      name: 'optimizer.adamax',
      read: { scalars: 'f32', grads: { walked: 'f32' } },
      write: { params: { walked: 'f32' }, ms: { walked: 'f32' }, us: { walked: 'f32' } },
      size,
      flat,
      setup: loaded(ADAMAX_SCALARS),
      body: (vector) => `let p = params[i];
let g = grads[i] + l2 * p;
let m = beta1 * ms[i] + rest1 * g;
ms[i] = m;
let decayed = beta2 * us[i];
let size = abs(g) + eps;
let u = ${largerOf('decayed', 'size', vector)};
us[i] = u;
params[i] = p - stepSize * m / u;`,
    }),
);
