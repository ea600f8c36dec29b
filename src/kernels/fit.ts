/**
 * Integers that were computed modulo 2³², beside the same in f32: y[i] = x[i], or `none` where the exact result does not fit.
 * What wrapped is off by at least 2³², what is rounded by far less: half of the type's range decides. Launch: see map.ts.
 */
import { type Flat, SOFTWARE_FLAT } from './flat.js';
import { interned, type Kernel } from './kernel.js';
import { mapKernel } from './map.js';

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
    mapKernel(
      {
        name: 'fit',
        shape: [size],
        inputs: [
          { name: 'x', type },
          { name: 'about', type: 'f32' },
        ],
        result: type,
        value: `select(x, bitcast<${type}>(${none}), abs(about - f32(x)) > 1073741824.0)`,
      },
      flat,
    ),
);
