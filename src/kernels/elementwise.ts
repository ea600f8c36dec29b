/**
 * Elementwise kernels: each computes a line of elementwise/unary.ts or elementwise/binary.ts, or its gradient, for every
 * element. Tensors lie row-major. Launch: see flat.ts.
 */
import type { Binary } from './elementwise/binary.js';
import type { Unary } from './elementwise/unary.js';
import { type Flat, flatKernel, lifted, type Scalar, SOFTWARE_FLAT, scalarsOnly } from './flat.js';
import { FLOATS } from './floats.js';
import { interned, type Kernel } from './kernel.js';
import { type Operand, operandsOf } from './strided.js';

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

/** y = f(x). `type` is f32, or that of integers for functions that keep it. */
export const unaryKernel = /* @__PURE__ */ interned(
  (line: Unary, spec: UnarySpec & { readonly type?: Scalar }): Kernel => {
    const { name, value: real, whole = real, makes, uses = [] } = line;
    const { size, flat = SOFTWARE_FLAT, type = 'f32' } = spec;
    const result = makes === 'bool' ? 'u32' : type;
    const value = kept(type === 'f32' ? real : whole, type, { x: spec.none });
    return flatKernel({
      name,
      read: { xs: { walked: type } },
      write: { ys: { walked: result } },
      size,
      flat,
      module: FLOATS + uses.join('\n') + scalarFunction({ x: type }, result, value),
      params: parameterOf(value, spec.parameter),
      body: (vector) => `let x = xs[i];
ys[i] = ${lifted('f', ['x'], vector)};`,
    });
  },
);

/** dx = f'(x) g, reading x, y and g. */
export const unaryGradKernel = /* @__PURE__ */ interned((line: Unary, spec: UnarySpec): Kernel => {
  const { gradient = '0.0', uses = [] } = line;
  const args = ['x', 'y', 'g'].filter((name) => names(gradient, name));
  const typed = Object.fromEntries(args.map((name) => [name, 'f32' as const]));
  return flatKernel({
    name: `${line.name}.grad`,
    read: { xs: { walked: 'f32' }, ys: { walked: 'f32' }, gs: { walked: 'f32' } },
    write: { dxs: { walked: 'f32' } },
    size: spec.size,
    flat: spec.flat ?? SOFTWARE_FLAT,
    module: FLOATS + uses.join('\n') + scalarFunction(typed, 'f32', gradient),
    params: parameterOf(gradient, spec.parameter),
    body: (vector) => `${args.map((name) => `let ${name} = ${name}s[i];`).join('\n')}
dxs[i] = ${lifted('f', args, vector)};`,
  });
});

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
export const binaryKernel = /* @__PURE__ */ interned((line: Binary, spec: BinarySpec): Kernel => {
  const { value: real, whole, gradients, ofNan = [], makes, uses = [] } = line;
  const { shape, type, part, flat = SOFTWARE_FLAT } = spec;
  const gradient = part !== 'value';
  const value = kept(whole && type !== 'f32' ? `${type}(${whole})` : real, type, part === 'value' ? spec.none : {});
  const plain = gradient ? (gradients?.[part === 'gradA' ? 0 : 1] ?? '0.0') : value;
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
