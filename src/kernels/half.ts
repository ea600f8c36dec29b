/**
 * f16 in memory, f32 in arithmetic. `toHalf`: y[i] = x[i] rounded to f16; what is beyond its range becomes an infinity on every
 * adapter, whichever way that rounds. It is a map, so it runs in the launch of whatever makes x (map.ts), and where nobody else
 * reads x, only f16 is written. `toFloat` is the way back. `ofHalves`: a product whose two factors are f16.
 */
import { type Flat, flatKernel, SOFTWARE_FLAT } from './flat.js';
import { interned, type Kernel } from './kernel.js';
import { mapKernel } from './map.js';

/** 65,520 and beyond round to infinity. WGSL leaves it open what a conversion makes of them, so that it is given infinity itself. */
const TO_HALF = `
fn to_half(x: f32) -> f16 {
  let bits = bitcast<u32>(x);
  let isBeyond = (bits & 0x7fffffffu) - 0x477ff000u < 0x38001001u;
  return f16(bitcast<f32>(select(bits, (bits & 0x80000000u) | 0x7f800000u, isBeyond)));
}`;

export interface HalfSpec {
  readonly size: number;
  readonly flat?: Flat;
}

/** [x] → y in f16. */
export const toHalfKernel = /* @__PURE__ */ interned(
  ({ size, flat = SOFTWARE_FLAT }: HalfSpec): Kernel =>
    mapKernel(
      {
        name: 'half',
        shape: [size],
        inputs: [{ name: 'x', type: 'f32' }],
        result: 'f16',
        value: 'to_half(x)',
        uses: [TO_HALF],
      },
      flat,
    ),
);

/** [x in f16] → y. */
export const toFloatKernel = /* @__PURE__ */ interned(
  ({ size, flat = SOFTWARE_FLAT }: HalfSpec): Kernel =>
    flatKernel({
      name: 'half.float',
      read: { xs: { walked: 'f16' } },
      write: { ys: { walked: 'f32' } },
      size,
      flat,
      body: (vector) => `ys[i] = ${vector ? 'vec4<f32>' : 'f32'}(xs[i]);`,
    }),
);

/** What multiplies two factors, the first two things that it reads. */
const PRODUCT = /^(matmul|conv2d\.(forward|inputGrad|weightGrad))(\.partial|\.direct)?(\+|$)/;

/** Whether a kernel rounds a factor, or is a product of such: beside the one that was asked for, which watchers are shown too. */
export const isOfHalves = ({ name }: Kernel): boolean => /(^|\.)half(\+|$)/.test(name);

const made = new WeakMap<Kernel, Kernel>();

/** A product as it is, but that its factors are f16: each is f32 as soon as it is loaded. Null for what is no product. */
export function ofHalves(kernel: Kernel): Kernel | null {
  if (!PRODUCT.test(kernel.name)) return null;
  const known = made.get(kernel) ?? rewritten(kernel);
  made.set(kernel, known);
  return known;
}

function rewritten(kernel: Kernel): Kernel {
  const { withTail, pooled } = kernel;
  let { wgsl } = kernel;
  for (const binding of [0, 1]) {
    const declared = new RegExp(`(@binding\\(${binding}\\) var<storage, read> (\\w+): array<)((?:vec4<)?)f32`);
    const [, , name = '', isVector] = declared.exec(wgsl) ?? [];
    if (!name) throw new RangeError(`${kernel.name}: binding ${binding} is no factor of f32`);
    const loaded = new RegExp(`\\b${name}(\\[[^[\\]]*\\])`, 'g');
    wgsl = wgsl.replace(loaded, `${isVector ? 'vec4<f32>' : 'f32'}(${name}$1)`).replace(declared, '$1$3f16');
  }
  return {
    ...kernel,
    name: kernel.name.replace(/(?=\+)|$/, '.half'),
    wgsl: `enable f16;\n${wgsl.replace('enable f16;\n', '')}`,
    withTail: withTail && ((tail) => rewritten(withTail(tail))),
    ...(pooled && {
      pooled: (height, width) => {
        const together = pooled(height, width);
        return together && rewritten(together);
      },
    }),
  };
}
