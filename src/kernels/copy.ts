/**
 * Moving elements. `gather`: y[i] = x[offset + Σ coordinate · stride], the coordinates being those of i in `shape`: this
 * is permute, expand, slice and flip. `scatter`: y[offset + Σ coordinate · stride] = x[i]: this is cat, stack, pad and
 * the gradient of a slice. Launch: see flat.ts; for how tensors are read by strides, strided.ts.
 */
import { type Flat, flatKernel, type Scalar, SOFTWARE_FLAT, scalarsOnly } from './flat.js';
import { interned, type Kernel } from './kernel.js';
import { mapKernel } from './map.js';
import { operandOf } from './strided.js';

export interface CopySpec {
  readonly shape: readonly number[];
  /** May be 0 (expand) or negative (flip). */
  readonly strides: readonly number[];
  readonly offset: number;
  readonly flat?: Flat;
}

const count = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

export const gatherKernel = /* @__PURE__ */ interned(
  ({ shape, strides, offset, flat = SOFTWARE_FLAT }: CopySpec): Kernel =>
    mapKernel(
      { name: 'copy.gather', shape, inputs: [{ name: 'x', type: 'u32', strides, offset }], result: 'u32', value: 'x' },
      flat,
    ),
);

export const scatterKernel = /* @__PURE__ */ interned(
  ({ shape, strides, offset, flat = SOFTWARE_FLAT }: CopySpec): Kernel => {
    const operand = { type: 'u32', strides, offset } as const;
    // Four neighbours are stored at once, or all go one by one.
    const fours = operandOf(shape, operand, flat.vector);
    const whole = fours.vector && fours.use !== 'u32';
    const y = whole ? fours : operandOf(shape, operand, false);
    return flatKernel({
      name: 'copy.scatter',
      read: { xs: { walked: 'u32' } },
      // Never walked: y may be the longer of the two.
      write: { ys: whole ? 'vec4<u32>' : 'u32' },
      size: count(shape),
      flat: whole ? flat : scalarsOnly(flat),
      body: () => `${y.index('ys')} = xs[i];`,
    });
  },
);

/** y[i] = a value of any type: its bits are the kernel's parameter. */
export const fillKernel = /* @__PURE__ */ interned(
  ({ size, bits, flat = SOFTWARE_FLAT }: { size: number; bits: number; flat?: Flat }): Kernel =>
    mapKernel({ name: 'fill', shape: [size], inputs: [], result: 'u32', value: 'params.bits', params: { bits } }, flat),
);

export interface JoinSpec {
  readonly shape: readonly number[];
  /** Blocks of elements that lie side by side: their shapes, and where they begin. */
  readonly blocks: readonly { readonly shape: readonly number[]; readonly from: readonly number[] }[];
  /** Bits of the elements outside of all blocks. */
  readonly bits: number;
  readonly flat?: Flat;
}

/** y[c] = x_n[c − from_n] where c lies in block n, else a fill. Reads outside of a block come to nothing. */
export const joinKernel = /* @__PURE__ */ interned(
  ({ shape, blocks, bits, flat = SOFTWARE_FLAT }: JoinSpec): Kernel => {
    const inside = ({ shape: own, from }: JoinSpec['blocks'][number]): string => {
      let below = 1;
      const tests = shape
        .map((length, d) => ({ length, own: own[d] ?? 1, from: from[d] ?? 0 }))
        .reverse()
        .flatMap(({ length, own, from }) => {
          const at = `(place / ${below}u % ${length}u - ${from}u < ${own}u)`;
          below *= length;
          return own === length ? [] : [at];
        });
      return tests.join(' & ') || 'true';
    };
    const inputs = blocks.map(({ shape: own, from }, n) => {
      const strides = own.map((length, d) => (length === 1 && shape[d] !== 1 ? 0 : count(own.slice(d + 1))));
      const offset = -from.reduce((sum, n, d) => sum + n * (strides[d] ?? 0), 0);
      return { name: `x${n}_`, type: 'u32' as const, strides, offset, length: count(own) };
    });
    const value = blocks.reduce((rest, block, n) => `select(${rest}, x${n}_, ${inside(block)})`, 'params.bits');
    return mapKernel({ name: 'copy.join', shape, inputs, result: 'u32', value, params: { bits } }, flat);
  },
);

export interface CastSpec {
  readonly from: Scalar;
  readonly to: Scalar;
  readonly bool: boolean;
  /** Bits of an integer that is none, and NaN in f32. */
  readonly none?: string;
  readonly size: number;
  readonly flat?: Flat;
}

/**
 * y[i] = x[i] in another type; bool is u32 of 0 or 1. f32 to an integer truncates; what does not fit becomes the nearest that
 * does, and NaN 0. Between i32 and u32 the bits stay.
 */
export const castKernel = /* @__PURE__ */ interned(
  ({ size, flat = SOFTWARE_FLAT, ...spec }: CastSpec): Kernel =>
    mapKernel(
      { name: 'cast', shape: [size], inputs: [{ name: 'x', type: spec.from }], result: spec.to, value: castLine(spec) },
      flat,
    ),
);

function castLine({ from, to, bool, none }: Omit<CastSpec, 'size' | 'flat'>): string {
  // A NaN is told by its bits: shaders may take it that there is none.
  if (bool) return from === 'f32' ? 'u32((bitcast<u32>(x) << 1u) != 0u)' : 'u32(x != 0)';
  if (none !== undefined && to === 'f32') {
    return `select(f32(x), bitcast<f32>(0x7fc00000u | (bitcast<u32>(x) & 1u)), bitcast<u32>(x) == ${none})`;
  }
  if (from !== 'f32' || to === 'f32') return `${to}(x)`;
  const [low, high, last, beyond] =
    to === 'i32'
      ? ['-2147483648', '2147483520', '2147483647', '2147483648']
      : ['0', '4294967040', '4294967295', '4294967296'];
  const whole = `select(${to}(clamp(x, ${low}.0, ${high}.0)), ${to}(${last}), x >= ${beyond}.0)`;
  return `select(${whole}, ${to}(0), is_nan(x))`;
}

/** y = condition ? a : b, elementwise in one shape; the three are read with strides. */
export const whereKernel = /* @__PURE__ */ interned(
  (spec: { shape: readonly number[]; strides: readonly (readonly number[])[]; flat?: Flat }): Kernel => {
    const { shape, flat = SOFTWARE_FLAT } = spec;
    const inputs = spec.strides.map((strides, n) => ({ name: 'cab'[n] ?? '', type: 'u32' as const, strides }));
    return mapKernel({ name: 'where', shape, inputs, result: 'u32', value: 'select(b, a, c != 0u)' }, flat);
  },
);
