/** Elementwise functions of one tensor, a line each. A program carries those that it calls. */
import { BEND, ERF, EXPM1, LOG1P, POW, SIGMOID, SIN, TANH } from './helpers.js';

export interface Unary {
  readonly name: string;
  /** WGSL in `x`, and `p`, a parameter. */
  readonly value: string;
  /** By x: WGSL in `x`, the value `y`, the gradient `g` by the value, and `p`. Absent where it is zero almost everywhere. */
  readonly gradient?: string;
  /** Helper functions the expressions call. */
  readonly uses?: readonly string[];
}

export const neg: Unary = { name: 'neg', value: '-x', gradient: '-g' };
export const abs: Unary = { name: 'abs', value: 'abs(x)', gradient: 'g * sign(x)' };
export const exp: Unary = { name: 'exp', value: 'exp(x)', gradient: 'g * y' };
export const log: Unary = { name: 'log', value: 'log(x)', gradient: 'g / x' };
export const log1p: Unary = { name: 'log1p', value: 'log1p_(x)', gradient: 'g / (1.0 + x)', uses: [LOG1P] };
export const sqrt: Unary = { name: 'sqrt', value: 'sqrt(x)', gradient: 'g * 0.5 / y' };
export const rsqrt: Unary = { name: 'rsqrt', value: 'inverseSqrt(x)', gradient: 'g * -0.5 * y * y * y' };
export const reciprocal: Unary = { name: 'reciprocal', value: '1.0 / x', gradient: '-g * y * y' };
export const square: Unary = { name: 'square', value: 'x * x', gradient: 'g * 2.0 * x' };
export const sin: Unary = { name: 'sin', value: 'sin_(x)', gradient: 'g * cos_(x)', uses: [SIN] };
export const cos: Unary = { name: 'cos', value: 'cos_(x)', gradient: '-g * sin_(x)', uses: [SIN] };
export const tanh: Unary = { name: 'tanh', value: 'tanh_(x)', gradient: 'g * (1.0 - y * y)', uses: [TANH] };
export const sigmoid: Unary = { name: 'sigmoid', value: 'sigmoid_(x)', gradient: 'g * y * (1.0 - y)', uses: [SIGMOID] };
export const erf: Unary = { name: 'erf', value: 'erf_(x)', gradient: 'g * 1.1283791671 * exp(-x * x)', uses: [ERF] };
export const floor: Unary = { name: 'floor', value: 'floor(x)' };
export const ceil: Unary = { name: 'ceil', value: 'ceil(x)' };
export const round: Unary = { name: 'round', value: 'round(x)' };
export const sign: Unary = { name: 'sign', value: 'sign(x)' };
// NaN passes through.
export const relu: Unary = { name: 'relu', value: 'select(x, 0.0, x < 0.0)', gradient: 'select(0.0, g, y > 0.0)' };
export const relu6: Unary = {
  name: 'relu6',
  value: 'clamp(x, 0.0, 6.0)',
  gradient: 'select(0.0, g, x > 0.0 && x < 6.0)',
};
export const leakyRelu: Unary = {
  name: 'leakyRelu',
  value: 'select(p * x, x, x > 0.0)',
  gradient: 'select(p * g, g, x > 0.0)',
};
export const elu: Unary = {
  name: 'elu',
  value: 'select(p * expm1_(min(x, 0.0)), x, x > 0.0)',
  gradient: 'select(g * p * exp(min(x, 0.0)), g, x > 0.0)',
  uses: [EXPM1],
};
export const silu: Unary = {
  name: 'silu',
  value: 'x * sigmoid_(x)',
  gradient: 'g * sigmoid_(x) * (1.0 + x * (1.0 - sigmoid_(x)))',
  uses: [SIGMOID],
};
export const softplus: Unary = {
  name: 'softplus',
  value: 'select(max(x, 0.0) + log1p_(exp(-abs(x))), x, x > 20.0)',
  gradient: 'g * select(sigmoid_(x), 1.0, x > 20.0)',
  uses: [LOG1P, SIGMOID],
};
export const gelu: Unary = {
  name: 'gelu',
  value: '0.5 * x * (1.0 + erf_(x * 0.7071067812))',
  gradient: 'g * (0.5 * (1.0 + erf_(x * 0.7071067812)) + x * 0.3989422804 * exp(-0.5 * x * x))',
  uses: [ERF],
};
export const geluTanh: Unary = {
  name: 'geluTanh',
  value: '0.5 * x * (1.0 + bend(x))',
  gradient:
    'g * (0.5 * (1.0 + bend(x)) + 0.5 * x * (1.0 - bend(x) * bend(x)) * 0.7978845608 * (1.0 + 0.134145 * x * x))',
  uses: [TANH, BEND],
};
export const hardsigmoid: Unary = {
  name: 'hardsigmoid',
  value: 'clamp(x / 6.0 + 0.5, 0.0, 1.0)',
  gradient: 'select(0.0, g / 6.0, abs(x) < 3.0)',
};
export const hardswish: Unary = {
  name: 'hardswish',
  value: 'x * clamp(x + 3.0, 0.0, 6.0) / 6.0',
  gradient: 'select(select(0.0, g, x > 3.0), g * (x / 3.0 + 0.5), abs(x) <= 3.0)',
};
export const clampMin: Unary = { name: 'clampMin', value: 'select(x, p, x < p)', gradient: 'select(0.0, g, x >= p)' };
export const clampMax: Unary = { name: 'clampMax', value: 'select(x, p, x > p)', gradient: 'select(0.0, g, x <= p)' };
export const powScalar: Unary = {
  name: 'powScalar',
  value: 'pow_(x, p)',
  gradient: 'select(g * p * pow_(x, p - 1.0), 0.0, p == 0.0)',
  uses: [POW],
};
