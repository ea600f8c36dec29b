/**
 * The update of parameters by an optimizer, in place. What the mathematics calls rates and corrections is computed on the
 * host in float64 and lies in the buffer `scalars`, in the order of the lists below: it changes from step to step.
 *
 * Layout: parameters, gradients and moments are flat arrays of one size; several parameters in one arena are one array.
 * Launch: see flat.ts.
 *
 * Adam on 2²⁰ parameters, SwiftShader on two cores, Dawn in Node, 2026-11, medians of 20 in three rounds: two vec4 per
 * invocation 10 to 13 ms, with 64 lanes or 128; one or four of them 16 to 19; one element 31 (Chromium).
 */
import { type Flat, flatKernel, SOFTWARE_FLAT } from './flat.js';
import { largerOf } from './floats.js';
import { interned, type Kernel } from './kernel.js';

/** What `sgdKernel` finds in `scalars`. `intake` is 1 − dampening, or 1 in a parameter's first step. */
export const SGD_SCALARS = ['lr', 'l2', 'momentum', 'intake'] as const;

/** What `adamKernel` finds in `scalars`. `shrink` is 1 − lr · weight decay where that is decoupled, else 1. */
export const ADAM_SCALARS = ['shrink', 'l2', 'beta1', 'rest1', 'beta2', 'rest2', 'stepSize', 'root', 'eps'] as const;

/** What `rmspropKernel` finds in `scalars`. `initial` is added to the mean square, in Adagrad's first step. */
export const RMSPROP_SCALARS = ['lr', 'l2', 'alpha', 'rest', 'eps', 'momentum', 'initial'] as const;

/** WGSL that names the scalars. */
export const loaded = (names: readonly string[]): string =>
  names.map((name, i) => `  let ${name} = scalars[${i}];`).join('\n');

export interface SgdSpec {
  readonly size: number;
  readonly momentum: boolean;
  readonly nesterov: boolean;
  readonly flat?: Flat;
}

/**
 * [scalars, g] → p, b: g ← g + l2 · p;  b ← momentum · b + intake · g;  p ← p − lr · b, or with Nesterov
 * p ← p − lr · (g + momentum · b); without momentum p ← p − lr · g.
 */
export const sgdKernel = /* @__PURE__ */ interned(
  ({ size, momentum, nesterov, flat = SOFTWARE_FLAT }: SgdSpec): Kernel =>
    flatKernel({
      name: 'optimizer.sgd',
      read: { scalars: 'f32', grads: { walked: 'f32' } },
      write: { params: { walked: 'f32' }, ...(momentum ? { buffers: { walked: 'f32' as const } } : {}) },
      size,
      flat,
      setup: loaded(SGD_SCALARS),
      body: () => `let p = params[i];
let g = grads[i] + l2 * p;
${
  momentum
    ? `let b = momentum * buffers[i] + intake * g;
buffers[i] = b;
params[i] = p - lr * ${nesterov ? '(g + momentum * b)' : 'b'};`
    : 'params[i] = p - lr * g;'
}`,
    }),
);

export interface AdamSpec {
  readonly size: number;
  readonly amsgrad: boolean;
  /** Steps along the gradient too: by `ahead`, one scalar more, as NAdam does. */
  readonly nesterov?: boolean;
  readonly flat?: Flat;
}

/**
 * [scalars, g] → p, m, v: g ← g + l2 · p;  m ← beta1 · m + rest1 · g;  v ← beta2 · v + rest2 · g²;
 * p ← shrink · p − stepSize · m / (√v / root + eps), with rest = 1 − beta, stepSize = lr / (1 − beta1^t),
 * root = √(1 − beta2^t). With `amsgrad` the largest v so far divides; with `nesterov` ahead · g joins stepSize · m.
 */
export const adamKernel = /* @__PURE__ */ interned(
  ({ size, amsgrad, nesterov, flat = SOFTWARE_FLAT }: AdamSpec): Kernel =>
    flatKernel({
      name: 'optimizer.adam',
      read: { scalars: 'f32', grads: { walked: 'f32' } },
      write: {
        params: { walked: 'f32' },
        ms: { walked: 'f32' },
        vs: { walked: 'f32' },
        ...(amsgrad ? { maxima: { walked: 'f32' as const } } : {}),
      },
      size,
      flat,
      setup: loaded(nesterov ? [...ADAM_SCALARS, 'ahead'] : ADAM_SCALARS),
      body: (vector) => `let p = params[i];
let g = grads[i] + l2 * p;
let m = beta1 * ms[i] + rest1 * g;
let v = beta2 * vs[i] + rest2 * g * g;
ms[i] = m;
vs[i] = v;
${amsgrad ? `let divisor = ${largerOf('maxima[i]', 'v', vector)};\nmaxima[i] = divisor;` : 'let divisor = v;'}
params[i] = shrink * p - ${nesterov ? '(stepSize * m + ahead * g)' : 'stepSize * m'} / (sqrt(divisor) / root + eps);`,
    }),
);

export interface RmspropSpec {
  readonly size: number;
  readonly momentum: boolean;
  readonly centered: boolean;
  readonly flat?: Flat;
}

/**
 * [scalars, g] → p, v, b?, a?: g ← g + l2 · p;  v ← initial + alpha · v + rest · g²;  p ← p − lr · g / (√v + eps). With
 * `momentum` b ← momentum · b + g / (√v + eps) and p ← p − lr · b; `centered`, with a ← alpha · a + rest · g, divides by
 * √(v − a²) + eps. Adagrad is this with alpha = rest = 1.
 */
export const rmspropKernel = /* @__PURE__ */ interned(
  ({ size, momentum, centered, flat = SOFTWARE_FLAT }: RmspropSpec): Kernel =>
    flatKernel({
      name: 'optimizer.rmsprop',
      read: { scalars: 'f32', grads: { walked: 'f32' } },
      write: {
        params: { walked: 'f32' },
        vs: { walked: 'f32' },
        ...(momentum ? { buffers: { walked: 'f32' as const } } : {}),
        ...(centered ? { averages: { walked: 'f32' as const } } : {}),
      },
      size,
      flat,
      setup: loaded(RMSPROP_SCALARS),
      // abs: rounding may take a difference below 0, whose root is no number.
      body: () => `let p = params[i];
let g = grads[i] + l2 * p;
let v = initial + alpha * vs[i] + rest * g * g;
vs[i] = v;
${centered ? 'let a = alpha * averages[i] + rest * g;\naverages[i] = a;' : ''}
let scaled = g / (sqrt(${centered ? 'abs(v - a * a)' : 'v'}) + eps);
${momentum ? 'let b = momentum * buffers[i] + scaled;\nbuffers[i] = b;' : 'let b = scaled;'}
params[i] = p - lr * b;`,
    }),
);
