/** Elementwise functions of two tensors, a line each. A program carries those that it calls. */
import { EXP, LOG, POW, SIGMOID, SOFTPLUS } from './helpers.js';

export interface Binary {
  readonly name: string;
  /** WGSL in `a` and `b`. */
  readonly value: string;
  /** By a and by b: WGSL in `a`, `b` and the gradient `g` by the value. Absent for comparisons. */
  readonly gradients?: readonly [string, string];
  /** Value and gradients where a or b is a NaN, if the expressions above do not pass it on. */
  readonly ofNan?: readonly [string, string?];
  /** The value of integers, where it is written otherwise: WGSL that makes an i32. */
  readonly whole?: string;
  /** Comparisons make bool. */
  readonly makes?: 'bool';
  /** Helper functions the expressions call. */
  readonly uses?: readonly string[];
}

export const add: Binary = { name: 'add', value: 'a + b', gradients: ['g', 'g'] };
export const sub: Binary = { name: 'sub', value: 'a - b', gradients: ['g', '-g'] };
export const mul: Binary = { name: 'mul', value: 'a * b', gradients: ['g * b', 'g * a'] };
export const div: Binary = { name: 'div', value: 'a / b', gradients: ['g / b', '-g * (a / b) / b'] };
// Ties of maximum and minimum share the gradient, and of a NaN both have all of it, as in PyTorch.
export const maximum: Binary = {
  name: 'maximum',
  value: 'max(a, b)',
  ofNan: ['a + b', 'g'],
  gradients: ['g * select(select(0.0, 1.0, a > b), 0.5, a == b)', 'g * select(select(0.0, 1.0, b > a), 0.5, a == b)'],
};
export const minimum: Binary = {
  name: 'minimum',
  value: 'min(a, b)',
  ofNan: ['a + b', 'g'],
  gradients: ['g * select(select(0.0, 1.0, a < b), 0.5, a == b)', 'g * select(select(0.0, 1.0, b < a), 0.5, a == b)'],
};
// Products wrap as those of mul do; of negative powers only those of 1 and -1 are whole, the others' whole part is 0.
const POWER_OF_INTEGERS = `
fn wholePower(a: i32, b: i32) -> i32 {
  if (b < 0) { return select(select(0, 1 - 2 * (b & 1), a == -1), 1, a == 1); }
  var product = 1;
  var square = a;
  for (var n = b; n > 0; n >>= 1u) {
    if ((n & 1) == 1) { product *= square; }
    square *= square;
  }
  return product;
}`;
export const pow: Binary = {
  name: 'pow',
  value: 'pow_(a, b)',
  whole: 'wholePower(i32(a), i32(b))',
  gradients: [
    'select(g * b * pow_(a, b - 1.0), 0.0, b == 0.0)',
    'select(g * pow_(a, b) * log_(a), 0.0, a == 0.0 && b >= 0.0)',
  ],
  uses: [LOG, POW, POWER_OF_INTEGERS],
};
// w · loss, 0 where w is: an infinite loss of no weight is none.
const SHARE = `
fn share(w: f32, loss: f32) -> f32 { return select(w * loss, 0.0, w == 0.0); }`;
// Cross-entropy of a logit a and a target b in [0, 1]: b softplus(-a) + (1 - b) softplus(a), a sum of what is not negative.
export const bce: Binary = {
  name: 'bce',
  value: 'share(b, max(-a, 0.0)) + share(1.0 - b, max(a, 0.0)) + log1p_near(exp_(-abs(a)))',
  gradients: ['g * ((1.0 - b) * sigmoid_(a) - b * sigmoid_(-a))', '-g * a'],
  uses: [EXP, LOG, SIGMOID, SHARE],
};
export const weightedSoftplus: Binary = {
  name: 'weightedSoftplus',
  value: 'share(b, softplus_(a))',
  gradients: ['g * b * sigmoid_(a)', 'g * softplus_(a)'],
  uses: [EXP, LOG, SOFTPLUS, SIGMOID, SHARE],
};
export const eq: Binary = { name: 'eq', value: 'u32(a == b)', ofNan: ['0u'], makes: 'bool' };
export const ne: Binary = { name: 'ne', value: 'u32(a != b)', ofNan: ['1u'], makes: 'bool' };
export const lt: Binary = { name: 'lt', value: 'u32(a < b)', ofNan: ['0u'], makes: 'bool' };
export const le: Binary = { name: 'le', value: 'u32(a <= b)', ofNan: ['0u'], makes: 'bool' };
export const gt: Binary = { name: 'gt', value: 'u32(a > b)', ofNan: ['0u'], makes: 'bool' };
export const ge: Binary = { name: 'ge', value: 'u32(a >= b)', ofNan: ['0u'], makes: 'bool' };
