/**
 * Moving elements. `gather`: y[i] = x[offset + Σ coordinate · stride], the coordinates being those of i in `shape`: this
 * is permute, expand, slice and flip. `scatter`: y[offset + Σ coordinate · stride] = x[i]: this is cat, stack, pad and
 * the gradient of a slice. Launch: see flat.ts; for how tensors are read by strides, strided.ts.
 */
import { type Flat, flatKernel, type Scalar, SOFTWARE_FLAT, scalarsOnly } from './flat.js';
import { interned, type Kernel } from './kernel.js';
import { operandsOf } from './strided.js';

export interface CopySpec {
  readonly shape: readonly number[];
  /** May be 0 (expand) or negative (flip). */
  readonly strides: readonly number[];
  readonly offset: number;
  readonly flat?: Flat;
}

const count = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

export const gatherKernel = /* @__PURE__ */ interned(
  ({ shape, strides, offset, flat = SOFTWARE_FLAT }: CopySpec): Kernel => {
    const { vector, operands } = operandsOf(shape, [{ type: 'u32', strides, offset }], flat.vector);
    const [x] = operands;
    return flatKernel({
      name: 'copy.gather',
      read: { xs: x?.use ?? 'u32' },
      write: { ys: { walked: 'u32' } },
      size: count(shape),
      flat: vector ? flat : scalarsOnly(flat),
      body: () => `${x?.load('x', 'xs')}
ys[i] = x;`,
    });
  },
);

export const scatterKernel = /* @__PURE__ */ interned(
  ({ shape, strides, offset, flat = SOFTWARE_FLAT }: CopySpec): Kernel => {
    const { vector, operands } = operandsOf(shape, [{ type: 'u32', strides, offset }], flat.vector);
    // Four neighbours are stored at once, or all go one by one.
    const whole = vector && operands[0]?.use !== 'u32';
    const [y] = whole ? operands : operandsOf(shape, [{ type: 'u32', strides, offset }], false).operands;
    return flatKernel({
      name: 'copy.scatter',
      read: { xs: { walked: 'u32' } },
      // Never walked: y may be the longer of the two.
      write: { ys: whole ? 'vec4<u32>' : 'u32' },
      size: count(shape),
      flat: whole ? flat : scalarsOnly(flat),
      body: () => `${y?.index('ys')} = xs[i];`,
    });
  },
);

/** y[i] = a value of any type: its bits are the kernel's parameter. */
export const fillKernel = /* @__PURE__ */ interned(
  ({ size, bits, flat = SOFTWARE_FLAT }: { size: number; bits: number; flat?: Flat }): Kernel =>
    flatKernel({
      name: 'fill',
      read: {},
      write: { ys: { walked: 'u32' } },
      params: { bits },
      size,
      flat,
      body: (vector) => `ys[i] = ${vector ? 'vec4<u32>' : 'u32'}(params.bits);`,
    }),
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
  ({ from, to, bool, none, size, flat = SOFTWARE_FLAT }: CastSpec): Kernel =>
    flatKernel({
      name: 'cast',
      read: { xs: { walked: from } },
      write: { ys: { walked: to } },
      size,
      flat,
      body: (vector) => {
        const of = (type: Scalar, value: string | number): string => `${vector ? `vec4<${type}>` : type}(${value})`;
        const bits = vector ? 'bitcast<vec4<u32>>(xs[i])' : 'bitcast<u32>(xs[i])';
        // A NaN is told by its bits: shaders may take it that there is none.
        const magnitude = `(${bits} & ${of('u32', '0x7fffffffu')})`;
        if (bool) {
          const some = from === 'f32' ? `${magnitude} != ${of('u32', 0)}` : `xs[i] != ${of(from, 0)}`;
          return `ys[i] = select(${of('u32', 0)}, ${of('u32', 1)}, ${some});`;
        }
        if (none !== undefined && to === 'f32') {
          const nan = `bitcast<${vector ? 'vec4<f32>' : 'f32'}>(${of('u32', '0x7fc00000u')} | (${bits} & ${of('u32', 1)}))`;
          return `ys[i] = select(${of('f32', 'xs[i]')}, ${nan}, ${bits} == ${of('u32', none)});`;
        }
        if (from !== 'f32' || to === 'f32') return `ys[i] = ${of(to, 'xs[i]')};`;
        const [low, high, last] =
          to === 'i32' ? ['-2147483648', '2147483520', '2147483647'] : ['0', '4294967040', '4294967295'];
        const inside = of(to, `clamp(xs[i], ${of('f32', low ?? '')}, ${of('f32', high ?? '')})`);
        const whole = `select(${inside}, ${of(to, `${last}`)}, xs[i] >= ${of('f32', to === 'i32' ? '2147483648.0' : '4294967296.0')})`;
        return `ys[i] = select(${whole}, ${of(to, 0)}, ${magnitude} > ${of('u32', '0x7f800000u')});`;
      },
    }),
);

/** y = condition ? a : b, elementwise in one shape; the three are read with strides. */
export const whereKernel = /* @__PURE__ */ interned(
  (spec: { shape: readonly number[]; strides: readonly (readonly number[])[]; flat?: Flat }): Kernel => {
    const { shape, strides, flat = SOFTWARE_FLAT } = spec;
    const given = strides.map((of) => ({ type: 'u32' as const, strides: of }));
    const { vector, operands } = operandsOf(shape, given, flat.vector);
    const names = [
      ['c', 'condition'],
      ['a', 'as_'],
      ['b', 'bs'],
    ] as const;
    return flatKernel({
      name: 'where',
      read: Object.fromEntries(names.map(([, array], n) => [array, operands[n]?.use ?? 'u32'])),
      write: { ys: { walked: 'u32' } },
      size: count(shape),
      flat: vector ? flat : scalarsOnly(flat),
      body: () => `${names.map(([name, array], n) => operands[n]?.load(name, array)).join('\n')}
ys[i] = select(b, a, c != ${vector ? 'vec4<u32>' : 'u32'}(0));`,
    });
  },
);
