/**
 * WGSL about NaN. A compiler may assume that there is no NaN and no infinity: it may then turn a comparison round, fold `x != x` to
 * false, or make a maximum, which loses a NaN, of `select(x, 0.0, x < 0.0)`. min, max and clamp lose one in any case, and
 * exp and log make a number of it on some adapters. So what must see a NaN looks at the bits, and what must become one takes
 * bits that nobody knows before the shader runs.
 */
import type { Made } from './types.js';

/** A type, or four of it at once. */
export const elementOf = <Type extends Made>(type: Type, vector: boolean): Type | `vec4<${Type}>` =>
  vector ? `vec4<${type}>` : type;

/** Whether a float is a NaN. */
export const isNan = (x: string): string => `((bitcast<u32>(${x}) & 0x7fffffffu) > 0x7f800000u)`;

/**
 * The same for expressions to call; bundles drop text that nobody uses, but not what a call makes. `is_negative` of -0 too:
 * as whole numbers, floats below zero end with -infinity, and NaNs with a sign come after it. `or_nan` is y, or x where x is
 * a NaN.
 */
export const FLOATS = `
fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn is_positive(x: f32) -> bool { return bitcast<u32>(x) - 1u < 0x7f800000u; }
fn is_negative(x: f32) -> bool { return bitcast<i32>(x) <= -8388608; }
fn or_nan(y: f32, x: f32) -> f32 { return select(y, x, is_nan(x)); }`;

/** A NaN made of the bits of `x`. */
export const nanOf = (x: string): string => `bitcast<f32>(bitcast<u32>(${x}) | 0x7fc00000u)`;

/** max or min of two floats, and NaN where one is. */
export const extremeOf = (op: 'max' | 'min', a: string, b: string): string =>
  `select(${op}(${a}, ${b}), ${a} + ${b}, ${isNan(a)} | ${isNan(b)})`;

/** The larger of two floats, or vec4 of them, that are not below zero: they are ordered as their bits are, with NaNs above. */
export function largerOf(a: string, b: string, vector = false): string {
  const bits = elementOf('u32', vector);
  return `bitcast<${elementOf('f32', vector)}>(max(bitcast<${bits}>(${a}), bitcast<${bits}>(${b})))`;
}

/** The largest of four, or what is one. */
export const largestPart = (x: string, vector: boolean): string =>
  vector ? `max(max(${x}.x, ${x}.y), max(${x}.z, ${x}.w))` : x;

/** max(x, 0), and NaN of NaN: see `is_negative`. */
export const RELU = `
fn relu(x: f32) -> f32 { return select(x, 0.0, bitcast<i32>(x) <= -8388608); }`;

/** `value`, or 0 where `y`, what a ReLU made, is 0. PyTorch lets the gradient of a NaN through. */
export const whereRelu = (value: string, y: string): string => `select(${value}, 0.0, bitcast<u32>(${y}) == 0u)`;

/**
 * How a walk notices a NaN among floats, or vec4 of them, at two instructions for each: `start` it and `note` each; in the end
 * `met` says whether there was one, and `nan` is it.
 */
export function nanNotes(vector = false) {
  const type = elementOf('u32', vector);
  const largest = largestPart('notes', vector);
  return {
    start: `var notes = ${type}();`,
    // Without the sign, doubled.
    note: (x: string): string => `notes = max(notes, bitcast<${type}>(${x}) << ${type}(1u));`,
    met: `${largest} > 0xff000000u`,
    nan: `bitcast<f32>(${largest} >> 1u)`,
  };
}
