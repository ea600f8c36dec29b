/** Numbers in place of NaN and infinities, found and written as bits. Launch: see map.ts. */
import { type Flat, SOFTWARE_FLAT } from './flat.js';
import { interned, type Kernel } from './kernel.js';
import { mapKernel } from './map.js';

export interface NanToNumSpec {
  readonly size: number;
  /** Bits of what takes the place of NaN, of infinity and of minus infinity. */
  readonly nan: number;
  readonly posinf: number;
  readonly neginf: number;
  readonly flat?: Flat;
}

/** [x] → y. */
export const nanToNumKernel = /* @__PURE__ */ interned(
  ({ size, nan, posinf, neginf, flat = SOFTWARE_FLAT }: NanToNumSpec): Kernel => {
    const infinite = 'select(params.posinf, params.neginf, x > 0x7fffffffu)';
    return mapKernel(
      {
        name: 'nanToNum',
        shape: [size],
        inputs: [{ name: 'x', type: 'u32' }],
        result: 'u32',
        value: `select(select(x, ${infinite}, (x << 1u) == 0xff000000u), params.nan, (x << 1u) > 0xff000000u)`,
        params: { nan, posinf, neginf },
      },
      flat,
    );
  },
);
