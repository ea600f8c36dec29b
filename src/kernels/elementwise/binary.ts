/** Elementwise functions of two tensors, a line each. A program carries those that it calls. */
import { LOG, POW } from './helpers.js';

export interface Binary {
  readonly name: string;
  /** WGSL in `a` and `b`. */
  readonly value: string;
  /** By a and by b: WGSL in `a`, `b` and the gradient `g` by the value. Absent for comparisons. */
  readonly gradients?: readonly [string, string];
  /** Value and gradients where a or b is a NaN, if the expressions above do not pass it on. */
  readonly ofNan?: readonly [string, string?];
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
export const pow: Binary = {
  name: 'pow',
  value: 'pow_(a, b)',
  gradients: [
    'select(g * b * pow_(a, b - 1.0), 0.0, b == 0.0)',
    'select(g * pow_(a, b) * log_(a), 0.0, a == 0.0 && b >= 0.0)',
  ],
  uses: [LOG, POW],
};
export const eq: Binary = { name: 'eq', value: 'u32(a == b)', ofNan: ['0u'], makes: 'bool' };
export const ne: Binary = { name: 'ne', value: 'u32(a != b)', ofNan: ['1u'], makes: 'bool' };
export const lt: Binary = { name: 'lt', value: 'u32(a < b)', ofNan: ['0u'], makes: 'bool' };
export const le: Binary = { name: 'le', value: 'u32(a <= b)', ofNan: ['0u'], makes: 'bool' };
export const gt: Binary = { name: 'gt', value: 'u32(a > b)', ofNan: ['0u'], makes: 'bool' };
export const ge: Binary = { name: 'ge', value: 'u32(a >= b)', ofNan: ['0u'], makes: 'bool' };
