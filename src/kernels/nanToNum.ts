/** Numbers in place of NaN and infinities, found and written as bits. Launch: see flat.ts. */
import { type Flat, flatKernel, SOFTWARE_FLAT } from './flat.js';
import { interned, type Kernel } from './kernel.js';

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
  ({ size, nan, posinf, neginf, flat = SOFTWARE_FLAT }: NanToNumSpec): Kernel =>
    flatKernel({
      name: 'nanToNum',
      read: { xs: { walked: 'u32' } },
      write: { ys: { walked: 'u32' } },
      params: { nan, posinf, neginf },
      size,
      flat,
      body: (vector) => {
        const all = (value: string): string => (vector ? `vec4<u32>(${value})` : value);
        return `let x = xs[i];
let unsigned = x << ${all('1u')};
let infinite = select(${all('params.posinf')}, ${all('params.neginf')}, x > ${all('0x7fffffffu')});
ys[i] = select(select(x, infinite, unsigned == ${all('0xff000000u')}), ${all('params.nan')}, unsigned > ${all('0xff000000u')});`;
      },
    }),
);
