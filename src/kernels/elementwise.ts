/**
 * Elementwise kernels: each computes a line of WGSL, or the gradient that goes with it, for every element. Tensors lie
 * row-major. The lines stand with the ops, in `src/ops/elementwise`. Launch: see flat.ts.
 */
import { type Flat, flatKernel, lifted, type Scalar, SOFTWARE_FLAT, scalarsOnly } from './flat.js';
import { FLOATS } from './floats.js';
import { interned, type Kernel } from './kernel.js';
import { type Operand, operandsOf } from './strided.js';

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

/** Whether an expression depends on a name. */
export const names = (expression: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(expression);

/** WGSL of `f` over scalars. The parameter is data: another number is no other shader. */
const scalarFunction = (args: Readonly<Record<string, Scalar>>, result: Scalar, body: string): string => `
fn f(${Object.entries(args)
  .map(([name, type]) => `${name}: ${type}`)
  .join(', ')}) -> ${result} {${names(body, 'p') ? '\n  let p = bitcast<f32>(params.parameter);' : ''}
  return ${body};
}`;

/** An expression, or one of the operands where that has certain bits. */
const kept = (expression: string, type: Scalar, none: Readonly<Record<string, string | undefined>> = {}): string =>
  Object.entries(none).reduce((value, [name, bits]) => {
    const lost = `bitcast<${type}>(${bits})`;
    return bits ? `select(${value}, ${lost}, ${name} == ${lost})` : value;
  }, expression);

const parameterOf = (expression: string, parameter = 0): { parameter: number } | undefined =>
  names(expression, 'p') ? { parameter } : undefined;

interface Line extends UnarySpec {
  readonly name: string;
  readonly given: Readonly<Record<string, Scalar>>;
  readonly result: Scalar;
  readonly expression: string;
  readonly uses?: readonly string[] | undefined;
}

/** z = f of what is `given`, element by element. */
function lineKernel({
  name,
  given,
  result,
  expression,
  uses = [],
  size,
  flat = SOFTWARE_FLAT,
  parameter,
}: Line): Kernel {
  const used = Object.entries(given).filter(([arg]) => names(expression, arg));
  const args = used.map(([arg]) => arg);
  return flatKernel({
    name,
    read: Object.fromEntries(Object.entries(given).map(([arg, type]) => [`${arg}s`, { walked: type }])),
    write: { zs: { walked: result } },
    size,
    flat,
    module: FLOATS + uses.join('\n') + scalarFunction(Object.fromEntries(used), result, expression),
    params: parameterOf(expression, parameter),
    body: (vector) => `${args.map((arg) => `let ${arg} = ${arg}s[i];`).join('\n')}
zs[i] = ${lifted('f', args, vector)};`,
  });
}

/** y = f(x). `type` is f32, or that of integers for functions that keep it. */
export const unaryKernel = /* @__PURE__ */ interned(
  ({ name, value, whole = value, makes, uses }: UnaryLine, spec: UnarySpec & { readonly type?: Scalar }): Kernel => {
    const { type = 'f32' } = spec;
    const expression = kept(type === 'f32' ? value : whole, type, { x: spec.none });
    return lineKernel({ ...spec, name, given: { x: type }, result: makes === 'bool' ? 'u32' : type, expression, uses });
  },
);

/** dx = f'(x) g, reading x, y and g. */
export const unaryGradKernel = /* @__PURE__ */ interned(
  ({ name, slope: expression = '0.0', uses }: UnaryLine, spec: UnarySpec): Kernel => {
    const given = { x: 'f32', y: 'f32', g: 'f32' } as const;
    return lineKernel({ ...spec, name: `${name}.grad`, given, result: 'f32', expression, uses });
  },
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

/** z = f(a, b) with broadcasting, or a gradient of it (which reads a, b and g). */
export const binaryKernel = /* @__PURE__ */ interned((line: BinaryLine, spec: BinarySpec): Kernel => {
  const { value: real, whole, slopes, ofNan = [], makes, uses = [] } = line;
  const { shape, type, part, flat = SOFTWARE_FLAT } = spec;
  const gradient = part !== 'value';
  const value = kept(whole && type !== 'f32' ? `${type}(${whole})` : real, type, part === 'value' ? spec.none : {});
  const plain = gradient ? (slopes?.[part === 'gradA' ? 0 : 1] ?? '0.0') : value;
  const broken = ofNan[gradient ? 1 : 0];
  const expression = broken && type === 'f32' ? `select(${plain}, ${broken}, is_nan(a) || is_nan(b))` : plain;
  const given = [
    { name: 'a', array: 'as_', type, strides: spec.stridesA },
    { name: 'b', array: 'bs', type, strides: spec.stridesB },
    ...(gradient ? [{ name: 'g', array: 'gs', type: 'f32' as const, strides: rowMajor(shape) }] : []),
  ];
  const { vector, operands } = operandsOf(shape, given, flat.vector);
  const used = given.map((operand, n) => ({ ...operand, ...(operands[n] as Operand) }));
  const read = used.filter(({ name }) => names(expression, name));
  const loads = (once: boolean): string[] =>
    read.filter((operand) => operand.once === once).map(({ name, array, load }) => load(name, array));
  const result = makes === 'bool' ? 'u32' : type;
  return flatKernel({
    name: gradient ? `${line.name}.${part}` : line.name,
    read: Object.fromEntries(used.map(({ array, use }) => [array, use])),
    write: { zs: { walked: result } },
    size: shape.reduce((product, n) => product * n, 1),
    flat: vector ? flat : scalarsOnly(flat),
    module:
      FLOATS +
      uses.join('\n') +
      scalarFunction(Object.fromEntries(read.map(({ name, type: of }) => [name, of])), result, expression),
    setup: loads(true).join('\n'),
    body: () => `${loads(false).join('\n')}
zs[i] = ${lifted(
      'f',
      read.map(({ name }) => name),
      vector,
    )};`,
  });
});

const rowMajor = (shape: readonly number[]): number[] =>
  shape.map((_, d) => shape.slice(d + 1).reduce((product, n) => product * n, 1));
