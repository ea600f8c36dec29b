/**
 * Elementwise functions, one line each. A unary line gives the value as WGSL in `x` (and `p`, a parameter), and the
 * gradient by x as WGSL in `x`, the value `y`, the gradient `g` by the value, and `p`. A binary line gives the value in
 * `a` and `b`, and the gradients by both. Tensors lie row-major. Launch: see flat.ts.
 */
import { bitsOf, type Flat, flatKernel, lifted, type Scalar, SOFTWARE_FLAT, scalarsOnly } from './flat.js';
import { interned, type Kernel } from './kernel.js';
import { type Operand, operandsOf } from './strided.js';

interface Unary {
  readonly value: string;
  /** Absent where the derivative is zero almost everywhere, as of floor. */
  readonly gradient?: string;
  /** Helper functions the expressions call. */
  readonly uses?: readonly (keyof typeof HELPERS)[];
}

/**
 * WGSL bounds sin, cos, tanh and pow loosely and has no erf or log1p, so these are our own where PyTorch's last digits
 * are wanted. Sources: Cody and Waite's range reduction; for erf the power series below 0.5 and above it the fit
 * of Numerical Recipes (erfcc), since Abramowitz and Stegun 7.1.26 is too coarse.
 */
const HELPERS = {
  tanh: `
fn tanh_(x: f32) -> f32 {
  let a = abs(x);
  if (a < 0.25) {
    let s = x * x;
    return x * (1.0 + s * (-0.33333333 + s * (0.13333333 + s * (-0.053968254 + s * 0.021869488))));
  }
  let e = exp(-2.0 * min(a, 20.0));
  return sign(x) * (1.0 - e) / (1.0 + e);
}`,
  sigmoid: `
fn sigmoid_(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}`,
  log1p: `
fn log1p_(x: f32) -> f32 {
  if (abs(x) < 0.01) { return x * (1.0 - x * (0.5 - x * (0.33333333 - x * (0.25 - x * 0.2)))); }
  return log(1.0 + x);
}`,
  expm1: `
fn expm1_(x: f32) -> f32 {
  if (abs(x) < 0.1) { return x * (1.0 + x * (0.5 + x * (0.16666667 + x * (0.041666667 + x * (0.0083333333 + x * 0.0013888889))))); }
  return exp(x) - 1.0;
}`,
  erf: `
fn erf_(x: f32) -> f32 {
  let a = abs(x);
  if (a < 0.5) {
    let s = x * x;
    return x * (1.1283791671 + s * (-0.3761263890 + s * (0.1128379167 + s * (-0.0268661706 + s * (0.0052239776 - s * 0.0008548327)))));
  }
  // 1 - t exp(-a² + P(t)), t = 1 / (1 + a / 2): relative error of the complement below 1.2e-7 (Numerical Recipes, erfcc).
  let t = 1.0 / (1.0 + 0.5 * a);
  let poly = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807
    + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  return sign(x) * (1.0 - t * exp(-min(a * a, 80.0) + poly));
}`,
  sin: `
fn sin_reduced(r: f32) -> f32 {
  let s = r * r;
  return r * (1.0 + s * (-0.16666667 + s * (0.0083333310 + s * (-0.00019840874 + s * 2.7525562e-6))));
}
fn cos_reduced(r: f32) -> f32 {
  let s = r * r;
  return 1.0 + s * (-0.5 + s * (0.041666642 + s * (-0.0013888397 + s * 2.4760495e-5)));
}
fn turned(x: f32, quarter: i32) -> f32 {
  let n = round(x * 0.63661977);
  let r = ((x - n * 1.5703125) - n * 0.00048351288) - n * 3.1391647e-7;
  let q = (i32(n) + quarter) & 3;
  let v = select(sin_reduced(r), cos_reduced(r), (q & 1) == 1);
  return select(v, -v, q >= 2);
}
fn sin_(x: f32) -> f32 { return turned(x, 0); }
fn cos_(x: f32) -> f32 { return turned(x, 1); }`,
  pow: `
fn pow_(x: f32, p: f32) -> f32 {
  if (p == 0.0) { return 1.0; }
  if (p == floor(p) && abs(p) <= 16.0) {
    var left = u32(abs(p));
    var base = x;
    var product = 1.0;
    while (left > 0u) {
      if ((left & 1u) == 1u) { product *= base; }
      base *= base;
      left >>= 1u;
    }
    return select(product, 1.0 / product, p < 0.0);
  }
  if (x == 0.0) { return select(0.0, 1.0 / x, p < 0.0); }
  if (p == 0.5) { return sqrt(x); }
  let odd = (p == floor(p)) && (i32(p) & 1) == 1;
  let m = pow(abs(x), p);
  return select(m, -m, odd && x < 0.0);
}`,
} as const;

const GELU_TANH = '0.7978845608 * (x + 0.044715 * x * x * x)';

export const UNARY = {
  neg: { value: '-x', gradient: '-g' },
  abs: { value: 'abs(x)', gradient: 'g * sign(x)' },
  exp: { value: 'exp(x)', gradient: 'g * y' },
  log: { value: 'log(x)', gradient: 'g / x' },
  log1p: { value: 'log1p_(x)', gradient: 'g / (1.0 + x)', uses: ['log1p'] },
  sqrt: { value: 'sqrt(x)', gradient: 'g * 0.5 / y' },
  rsqrt: { value: 'inverseSqrt(x)', gradient: 'g * -0.5 * y / x' },
  reciprocal: { value: '1.0 / x', gradient: '-g * y * y' },
  square: { value: 'x * x', gradient: 'g * 2.0 * x' },
  sin: { value: 'sin_(x)', gradient: 'g * cos_(x)', uses: ['sin'] },
  cos: { value: 'cos_(x)', gradient: '-g * sin_(x)', uses: ['sin'] },
  tanh: { value: 'tanh_(x)', gradient: 'g * (1.0 - y * y)', uses: ['tanh'] },
  sigmoid: { value: 'sigmoid_(x)', gradient: 'g * y * (1.0 - y)', uses: ['sigmoid'] },
  erf: { value: 'erf_(x)', gradient: 'g * 1.1283791671 * exp(-x * x)', uses: ['erf'] },
  floor: { value: 'floor(x)' },
  ceil: { value: 'ceil(x)' },
  round: { value: 'round(x)' },
  sign: { value: 'sign(x)' },
  // NaN passes through.
  relu: { value: 'select(x, 0.0, x < 0.0)', gradient: 'select(0.0, g, y > 0.0)' },
  relu6: { value: 'clamp(x, 0.0, 6.0)', gradient: 'select(0.0, g, x > 0.0 && x < 6.0)' },
  leakyRelu: { value: 'select(p * x, x, x > 0.0)', gradient: 'select(p * g, g, x > 0.0)' },
  elu: {
    value: 'select(p * expm1_(min(x, 0.0)), x, x > 0.0)',
    gradient: 'select(g * p * exp(min(x, 0.0)), g, x > 0.0)',
    uses: ['expm1'],
  },
  silu: {
    value: 'x * sigmoid_(x)',
    gradient: 'g * sigmoid_(x) * (1.0 + x * (1.0 - sigmoid_(x)))',
    uses: ['sigmoid'],
  },
  softplus: {
    value: 'select(max(x, 0.0) + log1p_(exp(-abs(x))), x, x > 20.0)',
    gradient: 'g * select(sigmoid_(x), 1.0, x > 20.0)',
    uses: ['log1p', 'sigmoid'],
  },
  gelu: {
    value: '0.5 * x * (1.0 + erf_(x * 0.7071067812))',
    gradient: 'g * (0.5 * (1.0 + erf_(x * 0.7071067812)) + x * 0.3989422804 * exp(-0.5 * x * x))',
    uses: ['erf'],
  },
  geluTanh: {
    value: `0.5 * x * (1.0 + tanh_(${GELU_TANH}))`,
    gradient: `g * (0.5 * (1.0 + tanh_(${GELU_TANH})) + 0.5 * x * (1.0 - tanh_(${GELU_TANH}) * tanh_(${GELU_TANH})) * 0.7978845608 * (1.0 + 0.134145 * x * x))`,
    uses: ['tanh'],
  },
  hardsigmoid: { value: 'clamp(x / 6.0 + 0.5, 0.0, 1.0)', gradient: 'select(0.0, g / 6.0, abs(x) < 3.0)' },
  hardswish: {
    value: 'x * clamp(x + 3.0, 0.0, 6.0) / 6.0',
    gradient: 'select(select(0.0, g, x > 3.0), g * (x / 3.0 + 0.5), abs(x) <= 3.0)',
  },
  clampMin: { value: 'max(x, p)', gradient: 'select(0.0, g, x >= p)' },
  clampMax: { value: 'min(x, p)', gradient: 'select(0.0, g, x <= p)' },
  powScalar: { value: 'pow_(x, p)', gradient: 'select(g * p * pow_(x, p - 1.0), 0.0, p == 0.0)', uses: ['pow'] },
} as const satisfies Record<string, Unary>;

export type UnaryName = keyof typeof UNARY;

interface Binary {
  readonly value: string;
  readonly gradients?: readonly [string, string];
  /** Comparisons make bool. */
  readonly makes?: 'bool';
  readonly uses?: readonly (keyof typeof HELPERS)[];
}

/** Ties of maximum and minimum share the gradient, as in PyTorch. */
export const BINARY = {
  add: { value: 'a + b', gradients: ['g', 'g'] },
  sub: { value: 'a - b', gradients: ['g', '-g'] },
  mul: { value: 'a * b', gradients: ['g * b', 'g * a'] },
  div: { value: 'a / b', gradients: ['g / b', '-g * (a / b) / b'] },
  maximum: {
    value: 'max(a, b)',
    gradients: ['g * select(select(0.0, 1.0, a > b), 0.5, a == b)', 'g * select(select(0.0, 1.0, b > a), 0.5, a == b)'],
  },
  minimum: {
    value: 'min(a, b)',
    gradients: ['g * select(select(0.0, 1.0, a < b), 0.5, a == b)', 'g * select(select(0.0, 1.0, b < a), 0.5, a == b)'],
  },
  pow: {
    value: 'pow_(a, b)',
    gradients: [
      'select(g * b * pow_(a, b - 1.0), 0.0, b == 0.0)',
      'select(g * pow_(a, b) * log(max(a, 1e-38)), 0.0, a == 0.0 && b >= 0.0)',
    ],
    uses: ['pow'],
  },
  eq: { value: 'u32(a == b)', makes: 'bool' },
  ne: { value: 'u32(a != b)', makes: 'bool' },
  lt: { value: 'u32(a < b)', makes: 'bool' },
  le: { value: 'u32(a <= b)', makes: 'bool' },
  gt: { value: 'u32(a > b)', makes: 'bool' },
  ge: { value: 'u32(a >= b)', makes: 'bool' },
} as const satisfies Record<string, Binary>;

export type BinaryName = keyof typeof BINARY;

const helpers = (uses: readonly (keyof typeof HELPERS)[] = []): string => uses.map((name) => HELPERS[name]).join('\n');

export interface UnarySpec {
  readonly name: UnaryName;
  readonly size: number;
  /** What the expressions call `p`. */
  readonly parameter?: number;
  readonly flat?: Flat;
}

const names = (expression: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(expression);

/** WGSL of `f` over scalars. The parameter is data: another number is no other shader. */
const scalarFunction = (args: Readonly<Record<string, Scalar>>, result: Scalar, body: string): string => `
fn f(${Object.entries(args)
  .map(([name, type]) => `${name}: ${type}`)
  .join(', ')}) -> ${result} {${names(body, 'p') ? '\n  let p = bitcast<f32>(params.parameter);' : ''}
  return ${body};
}`;

const parameterOf = (expression: string, parameter = 0): { parameter: number } | undefined =>
  names(expression, 'p') ? { parameter: bitsOf(parameter, 'f32') } : undefined;

/** y = f(x). `type` is f32, or i32 for neg and abs. */
export const unaryKernel = interned((spec: UnarySpec & { readonly type?: Scalar }): Kernel => {
  const { name, size, flat = SOFTWARE_FLAT, type = 'f32' } = spec;
  const { value, uses }: Unary = UNARY[name];
  const expression = type === 'f32' ? value : value.replaceAll('.0', '');
  return flatKernel({
    name,
    read: { xs: { walked: type } },
    write: { ys: { walked: type } },
    size,
    flat,
    module: helpers(uses) + scalarFunction({ x: type }, type, expression),
    params: parameterOf(expression, spec.parameter),
    body: (vector) => `let x = xs[i];
ys[i] = ${lifted('f', ['x'], vector)};`,
  });
});

/** dx = f'(x) g, reading x, y and g. */
export const unaryGradKernel = interned((spec: UnarySpec): Kernel => {
  const { gradient = '0.0', uses }: Unary = UNARY[spec.name];
  const args = ['x', 'y', 'g'].filter((name) => names(gradient, name));
  const typed = Object.fromEntries(args.map((name) => [name, 'f32' as const]));
  return flatKernel({
    name: `${spec.name}.grad`,
    read: { xs: { walked: 'f32' }, ys: { walked: 'f32' }, gs: { walked: 'f32' } },
    write: { dxs: { walked: 'f32' } },
    size: spec.size,
    flat: spec.flat ?? SOFTWARE_FLAT,
    module: helpers(uses) + scalarFunction(typed, 'f32', gradient),
    params: parameterOf(gradient, spec.parameter),
    body: (vector) => `${args.map((name) => `let ${name} = ${name}s[i];`).join('\n')}
dxs[i] = ${lifted('f', args, vector)};`,
  });
});

export interface BinarySpec {
  readonly name: BinaryName;
  /** Which of the value and the gradients by a and b to compute. */
  readonly part: 'value' | 'gradA' | 'gradB';
  readonly type: Scalar;
  /** Shape of the result, and the strides with which a and b are read: 0 where they broadcast. */
  readonly shape: readonly number[];
  readonly stridesA: readonly number[];
  readonly stridesB: readonly number[];
  readonly flat?: Flat;
}

/** z = f(a, b) with broadcasting, or a gradient of it (which reads a, b and g). */
export const binaryKernel = interned((spec: BinarySpec): Kernel => {
  const { value, gradients, makes, uses }: Binary = BINARY[spec.name];
  const gradient = spec.part !== 'value';
  const expression = spec.part === 'value' ? value : (gradients?.[spec.part === 'gradA' ? 0 : 1] ?? '0.0');
  const { shape, type, flat = SOFTWARE_FLAT } = spec;
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
    name: gradient ? `${spec.name}.${spec.part}` : spec.name,
    read: Object.fromEntries(used.map(({ array, use }) => [array, use])),
    write: { zs: { walked: result } },
    size: shape.reduce((product, n) => product * n, 1),
    flat: vector ? flat : scalarsOnly(flat),
    module:
      helpers(uses) +
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
