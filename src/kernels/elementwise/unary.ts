/** Elementwise functions of one tensor, a line each. A program carries those that it calls. */
import { isNan, RELU, whereRelu } from '../floats.js';
import { BEND, ERF, EXP, EXPM1, LOG, LOG1P, PHI, POW, SIGMOID, SIN, SOFTPLUS, TANH } from './helpers.js';

export interface Unary {
  readonly name: string;
  /** WGSL in `x`, and `p`, a parameter. */
  readonly value: string;
  /** By x: WGSL in `x`, the value `y`, the gradient `g` by the value, and `p`. Absent where it is zero almost everywhere. */
  readonly gradient?: string;
  /** The gradient by a NaN, where not NaN. */
  readonly gradientOfNan?: string;
  /** Whether a NaN passes through the expressions. Where not, it takes their place. */
  readonly passes?: boolean;
  /** Questions make bool. */
  readonly makes?: 'bool';
  /** The value of an integer, if it is one too: WGSL for i32, and for u32 unless it has a minus. */
  readonly whole?: string;
  /** Helper functions the expressions call. */
  readonly uses?: readonly string[];
}

/** `yes` where x is a NaN, else `no`. As a call that is marked pure, so that a bundler drops the lines that call it. */
const ifNan = (x: string, yes: string, no: string): string => `select(${no}, ${yes}, ${isNan(x)})`;

export const neg: Unary = { name: 'neg', value: '-x', gradient: '-g', passes: true, whole: '-x' };
export const abs: Unary = {
  name: 'abs',
  value: 'abs(x)',
  gradient: 'g * sign(x)',
  gradientOfNan: /* @__PURE__ */ ifNan('g', 'g', '0.0'),
  whole: 'abs(x)',
};
export const exp: Unary = { name: 'exp', value: 'exp_(x)', gradient: 'g * y', uses: [EXP] };
export const log: Unary = { name: 'log', value: 'log_(x)', gradient: 'g / x', passes: true, uses: [LOG] };
export const log1p: Unary = {
  name: 'log1p',
  value: 'log1p_(x)',
  gradient: 'g / (1.0 + x)',
  passes: true,
  uses: [LOG, LOG1P],
};
export const sqrt: Unary = { name: 'sqrt', value: 'sqrt(x)', gradient: 'g * 0.5 / y', passes: true };
export const rsqrt: Unary = { name: 'rsqrt', value: 'inverseSqrt(x)', gradient: 'g * -0.5 * y * y * y', passes: true };
export const reciprocal: Unary = { name: 'reciprocal', value: '1.0 / x', gradient: '-g * y * y', passes: true };
export const square: Unary = { name: 'square', value: 'x * x', gradient: 'g * 2.0 * x', passes: true, whole: 'x * x' };
export const sin: Unary = { name: 'sin', value: 'sin_(x)', gradient: 'g * cos_(x)', passes: true, uses: [SIN] };
export const cos: Unary = { name: 'cos', value: 'cos_(x)', gradient: '-g * sin_(x)', passes: true, uses: [SIN] };
export const tanh: Unary = { name: 'tanh', value: 'tanh_(x)', gradient: 'g * (1.0 - y * y)', uses: [EXPM1, TANH] };
export const sigmoid: Unary = {
  name: 'sigmoid',
  value: 'sigmoid_(x)',
  gradient: 'g * y * (1.0 - y)',
  uses: [EXP, SIGMOID],
};
export const erf: Unary = {
  name: 'erf',
  value: 'erf_(x)',
  gradient: 'g * 1.1283791671 * exp_(-x * x)',
  uses: [EXP, ERF],
};
export const floor: Unary = { name: 'floor', value: 'floor(x)', passes: true, whole: 'x' };
export const ceil: Unary = { name: 'ceil', value: 'ceil(x)', passes: true, whole: 'x' };
export const round: Unary = { name: 'round', value: 'round(x)', passes: true, whole: 'x' };
// Of a NaN 0, as in PyTorch.
export const sign: Unary = {
  name: 'sign',
  value: /* @__PURE__ */ ifNan('x', '0.0', 'sign(x)'),
  passes: true,
  whole: 'clamp(x, -1, 1)',
};
export const isnan: Unary = {
  name: 'isnan',
  value: /* @__PURE__ */ ifNan('x', '1u', '0u'),
  makes: 'bool',
  passes: true,
};
export const isinf: Unary = {
  name: 'isinf',
  value: 'u32((bitcast<u32>(x) << 1u) == 0xff000000u)',
  makes: 'bool',
  passes: true,
};
export const isfinite: Unary = {
  name: 'isfinite',
  value: 'u32((bitcast<u32>(x) << 1u) < 0xff000000u)',
  makes: 'bool',
  passes: true,
};
export const relu: Unary = {
  name: 'relu',
  value: 'relu(x)',
  gradient: /* @__PURE__ */ whereRelu('g', 'y'),
  passes: true,
  whole: 'max(x, 0)',
  uses: [RELU],
};
export const relu6: Unary = {
  name: 'relu6',
  value: 'clamp(x, 0.0, 6.0)',
  gradient: 'select(0.0, g, x > 0.0 && x < 6.0)',
  gradientOfNan: '0.0',
  whole: 'clamp(x, 0, 6)',
};
export const leakyRelu: Unary = {
  name: 'leakyRelu',
  value: 'select(p * x, x, x > 0.0)',
  gradient: 'select(p * g, g, x > 0.0)',
  gradientOfNan: 'p * g',
};
export const elu: Unary = {
  name: 'elu',
  value: 'select(p * expm1_(min(x, 0.0)), x, x > 0.0)',
  gradient: 'select(g * p * exp_(min(x, 0.0)), g, x > 0.0)',
  uses: [EXP, EXPM1],
};
export const silu: Unary = {
  name: 'silu',
  value: 'x * sigmoid_(x)',
  gradient: 'g * sigmoid_(x) * (1.0 + x * sigmoid_(-x))',
  uses: [EXP, SIGMOID],
};
export const softplus: Unary = {
  name: 'softplus',
  value: 'select(softplus_(x), x, x > 20.0)',
  gradient: 'g * select(sigmoid_(x), 1.0, x > 20.0)',
  uses: [EXP, LOG, SOFTPLUS, SIGMOID],
};
export const gelu: Unary = {
  name: 'gelu',
  value: 'x * phi_(x)',
  gradient: 'g * (phi_(x) + x * 0.3989422804 * exp_(-0.5 * x * x))',
  uses: [EXP, ERF, PHI],
};
export const geluTanh: Unary = {
  name: 'geluTanh',
  value: 'x * sigmoid_(bend(x))',
  gradient: 'g * sigmoid_(bend(x)) * (1.0 + x * sigmoid_(-bend(x)) * 1.5957691216 * (1.0 + 0.134145 * x * x))',
  uses: [EXP, SIGMOID, BEND],
};
export const hardsigmoid: Unary = {
  name: 'hardsigmoid',
  value: 'clamp(x / 6.0 + 0.5, 0.0, 1.0)',
  gradient: 'select(0.0, g / 6.0, abs(x) < 3.0)',
  gradientOfNan: '0.0',
};
export const hardswish: Unary = {
  name: 'hardswish',
  value: 'x * clamp(x + 3.0, 0.0, 6.0) / 6.0',
  gradient: 'select(select(0.0, g, x >= 3.0), g * (x / 3.0 + 0.5), x >= -3.0 && x < 3.0)',
};
export const clampMin: Unary = {
  name: 'clampMin',
  value: 'max(x, p)',
  gradient: 'select(0.0, g, x >= p)',
  gradientOfNan: '0.0',
};
export const clampMax: Unary = {
  name: 'clampMax',
  value: 'min(x, p)',
  gradient: 'select(0.0, g, x <= p)',
  gradientOfNan: '0.0',
};
export const powScalar: Unary = {
  name: 'powScalar',
  // PyTorch takes the root's reciprocal, which differs at minus infinity.
  value: 'select(pow_(x, p), inverseSqrt(x), p == -0.5)',
  gradient: 'select(g * p * pow_(x, p - 1.0), 0.0, p == 0.0)',
  passes: true,
  uses: [LOG, POW],
};
