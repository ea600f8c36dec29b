/**
 * Integers that were computed modulo 2³², beside the same in f32: y[i] = x[i], or `none` where the exact result does not fit.
 * What wrapped is off by at least 2³², what is rounded by far less: half of the type's range decides. Launch: see flat.ts.
 */
import { type Flat, flatKernel, SOFTWARE_FLAT } from './flat.js';
import { interned, type Kernel } from './kernel.js';

export interface FitSpec {
  readonly size: number;
  readonly type: 'i32' | 'u32';
  /** Bits of the element that stands for none. */
  readonly none: string;
  readonly flat?: Flat;
}

/** [x, about] → y. */
export const fitKernel = /* @__PURE__ */ interned(
  ({ size, type, none, flat = SOFTWARE_FLAT }: FitSpec): Kernel =>
    flatKernel({
      name: 'fit',
      read: { xs: { walked: type }, about: { walked: 'f32' } },
      write: { ys: { walked: type } },
      size,
      flat,
      body: (vector) => {
        const of = (scalar: string, value: string): string =>
          vector ? `vec4<${scalar}>(${value})` : `${scalar}(${value})`;
        const lost = `abs(about[i] - ${of('f32', 'xs[i]')}) > ${of('f32', '1073741824.0')}`;
        return `ys[i] = select(xs[i], ${of(type, `bitcast<${type}>(${none})`)}, ${lost});`;
      },
    }),
);
