/**
 * The update of one parameter by an optimizer, in place. What the mathematics calls rates and corrections is computed on
 * the host in float64 and lies in the buffer `scalars`, in the order of the lists below: it changes from step to step.
 *
 * Layout: parameter, gradient and moments are read and written as flat arrays. Launch: one invocation per element.
 */
import { interned, type Kernel, kernel, linear, linearMain } from './kernel.js';

/** What `sgdKernel` finds in `scalars`. `intake` is 1 − dampening, or 1 in a parameter's first step. */
export const SGD_SCALARS = ['lr', 'l2', 'momentum', 'intake'] as const;

/** What `adamKernel` finds in `scalars`. `shrink` is 1 − lr · weight decay where that is decoupled, else 1. */
export const ADAM_SCALARS = ['shrink', 'l2', 'beta1', 'rest1', 'beta2', 'rest2', 'stepSize', 'root', 'eps'] as const;

const loaded = (names: readonly string[]): string =>
  names.map((name, i) => `  let ${name} = scalars[${i}];`).join('\n');

/**
 * g ← g + l2 · p;  b ← momentum · b + intake · g;  p ← p − lr · b, or with Nesterov p − lr · (g + momentum · b);
 * without momentum p ← p − lr · g.
 */
export const sgdKernel = interned(
  ({ size, momentum, nesterov }: { size: number; momentum: boolean; nesterov: boolean }): Kernel => {
    const update = `
  let b = momentum * buffers[i] + intake * g;
  buffers[i] = b;
  let direction = ${nesterov ? 'g + momentum * b' : 'b'};`;
    return kernel({
      name: 'optimizer.sgd',
      read: { scalars: 'f32', grads: 'f32' },
      write: { params: 'f32', ...(momentum ? { buffers: 'f32' as const } : {}) },
      workgroups: linear(size),
      wgsl: `${linearMain('arrayLength(&params)')}
${loaded(SGD_SCALARS)}
  let p = params[i];
  let g = grads[i] + l2 * p;${momentum ? update : '\n  let direction = g;'}
  params[i] = p - lr * direction;
}`,
    });
  },
);

/**
 * g ← g + l2 · p;  m ← beta1 · m + rest1 · g;  v ← beta2 · v + rest2 · g²;  p ← shrink · p − stepSize · m / (√v / root + eps),
 * with rest = 1 − beta, stepSize = lr / (1 − beta1^t), root = √(1 − beta2^t). With `amsgrad` the largest v so far divides.
 */
export const adamKernel = interned(
  ({ size, amsgrad }: { size: number; amsgrad: boolean }): Kernel =>
    kernel({
      name: 'optimizer.adam',
      read: { scalars: 'f32', grads: 'f32' },
      write: { params: 'f32', ms: 'f32', vs: 'f32', ...(amsgrad ? { maxima: 'f32' as const } : {}) },
      workgroups: linear(size),
      wgsl: `${linearMain('arrayLength(&params)')}
${loaded(ADAM_SCALARS)}
  let p = params[i];
  let g = grads[i] + l2 * p;
  let m = beta1 * ms[i] + rest1 * g;
  let v = beta2 * vs[i] + rest2 * g * g;
  ms[i] = m;
  vs[i] = v;
${amsgrad ? '  let divisor = max(maxima[i], v);\n  maxima[i] = divisor;' : '  let divisor = v;'}
  params[i] = shrink * p - stepSize * m / (sqrt(divisor) / root + eps);
}`,
    }),
);
