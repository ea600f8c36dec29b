/**
 * Elementwise kernels: each computes a line of WGSL, or the gradient that goes with it, for every element. Tensors lie
 * row-major. The lines stand with the ops, in `src/ops/elementwise`; what kernel they become, in map.ts.
 */
import { type Flat, type Scalar, SOFTWARE_FLAT } from './flat.js';
import { interned, type Kernel } from './kernel.js';
import { mapKernel, names } from './map.js';
import type { MapInput } from './types.js';

/** A function of one tensor. */
export interface UnaryLine {
  readonly name: string;
  /** WGSL in `x`, and `p`, a parameter. */
  readonly value: string;
  /** Its gradient by x: WGSL in `x`, the value `y`, the gradient `g` by the value, and `p`. Default: zero. */
  readonly slope?: string;
  /** Questions make bool. */
  readonly makes?: 'bool';
  /** The value of an integer, if it is one too: WGSL for i32, and for u32 unless it has a minus. */
  readonly whole?: string;
  /** Helper functions the expressions call. */
  readonly uses?: readonly string[];
}

/** A function of two tensors. */
export interface BinaryLine {
  readonly name: string;
  /** WGSL in `a` and `b`. */
  readonly value: string;
  /** Its gradients by a and by b: WGSL in `a`, `b` and the gradient `g` by the value; absent where functions do it in one launch. */
  readonly slopes?: readonly [string, string];
  /** Value and gradients of floats of which one is a NaN, where the expressions do not pass it on. */
  readonly ofNan?: readonly [string, string?];
  /** The value of integers, where it is written otherwise: WGSL that makes an i32. */
  readonly whole?: string;
  /** Comparisons make bool. */
  readonly makes?: 'bool';
  /** Helper functions the expressions call. */
  readonly uses?: readonly string[];
}

export interface UnarySpec {
  readonly size: number;
  /** Bits of what the expressions call `p`: keys of kernels are JSON, which has no infinities. */
  readonly parameter?: number;
  /** Of integers: bits of an element that stays what it is. */
  readonly none?: string;
  readonly flat?: Flat;
}

interface Line {
  readonly name: string;
  readonly value: string;
  readonly result: Scalar;
  readonly uses?: readonly string[] | undefined;
}

interface Given {
  readonly shape: readonly number[];
  readonly inputs: readonly MapInput[];
  readonly parameter?: number | undefined;
  readonly flat?: Flat | undefined;
}

/** The kernel of a line, of those inputs that it names. The parameter is data: another number is no other shader. */
const lineKernel = /* @__PURE__ */ interned(
  ({ name, value, result, uses }: Line, { shape, inputs, parameter: p = 0, flat = SOFTWARE_FLAT }: Given): Kernel =>
    mapKernel(
      {
        name,
        shape,
        inputs: inputs.filter((input) => names(value, input.name)),
        result,
        value: value.replace(/\bp\b/g, 'bitcast<f32>(params.p)'),
        params: names(value, 'p') ? { p } : undefined,
        uses,
      },
      flat,
    ),
);

/** An expression, or one of the operands where that has certain bits. */
const kept = (expression: string, type: Scalar, none: Readonly<Record<string, string | undefined>> = {}): string =>
  Object.entries(none).reduce((value, [name, bits]) => {
    const lost = `bitcast<${type}>(${bits})`;
    return bits ? `select(${value}, ${lost}, ${name} == ${lost})` : value;
  }, expression);

/** y = f(x). `type` is f32, or that of integers for functions that keep it. */
export const unaryKernel = (
  { name, value, whole = value, makes, uses }: UnaryLine,
  { type = 'f32', size, none, parameter, flat }: UnarySpec & { readonly type?: Scalar },
): Kernel =>
  lineKernel(
    { name, value: kept(type === 'f32' ? value : whole, type, { x: none }), result: makes ? 'u32' : type, uses },
    { shape: [size], inputs: [{ name: 'x', type }], parameter, flat },
  );

/** dx = f'(x) g, reading those of x, y and g that are in the line. */
export const unaryGradKernel = (
  { name, slope = '0.0', uses }: UnaryLine,
  { size, parameter, flat }: UnarySpec,
): Kernel =>
  lineKernel(
    { name: `${name}.grad`, value: slope, result: 'f32', uses },
    { shape: [size], inputs: ['x', 'y', 'g'].map((one) => ({ name: one, type: 'f32' })), parameter, flat },
  );

export interface BinarySpec {
  /** Which of the value and the gradients by a and b to compute. */
  readonly part: 'value' | 'gradA' | 'gradB';
  readonly type: Scalar;
  /** Shape of the result, and the strides with which a and b are read: 0 where they broadcast. */
  readonly shape: readonly number[];
  readonly stridesA: readonly number[];
  readonly stridesB: readonly number[];
  /** Of integers: bits of an element of a or b which the value is then too. */
  readonly none?: { readonly a?: string | undefined; readonly b?: string | undefined };
  readonly flat?: Flat;
}

/** z = f(a, b) with broadcasting, or a gradient of it, reading those of a, b and g that are in the line. */
export const binaryKernel = (
  { name, value, whole, slopes, ofNan, makes, uses }: BinaryLine,
  { shape, type, part, stridesA, stridesB, none, flat }: BinarySpec,
): Kernel => {
  const grad = ['gradA', 'gradB'].indexOf(part);
  const plain = kept(whole && type !== 'f32' ? `${type}(${whole})` : value, type, none);
  const expression = grad < 0 ? plain : (slopes?.[grad] ?? '0.0');
  const broken = type === 'f32' && ofNan?.[grad < 0 ? 0 : 1];
  return lineKernel(
    {
      name: grad < 0 ? name : `${name}.${part}`,
      value: broken ? `select(${expression}, ${broken}, is_nan(a) | is_nan(b))` : expression,
      result: makes ? 'u32' : type,
      uses,
    },
    {
      shape,
      inputs: [
        { name: 'a', type, strides: stridesA },
        { name: 'b', type, strides: stridesB },
        { name: 'g', type: 'f32' },
      ],
      flat,
    },
  );
};
