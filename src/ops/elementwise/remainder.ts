/** Whole and fractional parts, remainders, and the way from one number to another. */
import { atMost, wantOperand, wantTensor } from '../../gpu/options.js';
import { Tensor } from '../../tensor/tensor.js';
import type { OnnxGraph, OnnxOperand, OnnxRule, OnnxRules } from '../onnx.js';
import { where } from '../shape.js';
import { abs, add, div, mul, neg, round, sub } from './arithmetic.js';
import { lt } from './comparison.js';
import { binary, type Operand, rounding, unary } from './make.js';

/** x without its fraction. Its gradient is 0. Integers stay what they are. @see https://pytorch.org/docs/stable/generated/torch.trunc.html */
export const trunc = /* @__PURE__ */ rounding({ name: 'trunc', value: 'trunc(x)' });
/** The fraction of x, with its sign. @see https://pytorch.org/docs/stable/generated/torch.frac.html */
export const frac = /* @__PURE__ */ unary({ name: 'frac', value: 'x - trunc(x)', slope: 'g' });

/** How many times b went into a. */
const times = ({ a, b, y }: Record<'a' | 'b' | 'y', Tensor>): Tensor => round(div(sub(a, y), b));

/**
 * Exactly: WGSL's % takes a whole quotient from a rounded one. The significands are divided as whole numbers, eight binary places
 * at a time, so that an exponent 250 above the other takes 32 steps.
 */
const FMOD = `
fn significand(bits: u32) -> u32 { return (bits & 0x7fffffu) | select(0u, 0x800000u, bits >= 0x800000u); }
fn fmod_(a: f32, b: f32) -> f32 {
  let x = bitcast<u32>(a) & 0x7fffffffu;
  let y = bitcast<u32>(b) & 0x7fffffffu;
  if ((x >= 0x7f800000u) | (y > 0x7f800000u) | (y == 0u)) { return bitcast<f32>(bitcast<u32>(a) | 0x7fc00000u); }
  if (x < y) { return a; }
  let low = max(y >> 23u, 1u);
  let m = significand(y);
  var rest = significand(x) % m;
  for (var left = max(x >> 23u, 1u) - low; (left > 0u) & (rest > 0u); left -= min(left, 8u)) {
    rest = (rest << min(left, 8u)) % m;
  }
  // rest · 2^(low - 150)
  let exponents = vec2(max(low, 24u) - 23u, min(low, 24u) + 103u) << vec2(23u);
  let size = f32(rest) * bitcast<f32>(exponents.x) * bitcast<f32>(exponents.y);
  return bitcast<f32>((bitcast<u32>(a) & 0x80000000u) | bitcast<u32>(size));
}`;
/**
 * What is left of a over whole multiples of b, exactly, with the sign of a; NaN where b is 0. Of integers an integer, and 0
 * where b is 0.
 * @see https://pytorch.org/docs/stable/generated/torch.fmod.html
 */
export const fmod = /* @__PURE__ */ binary({
  name: 'fmod',
  value: 'fmod_(a, b)',
  slopes: ['g', '-g * round((a - fmod_(a, b)) / b)'],
  whole: 'a % b',
  uses: [FMOD],
  grad: { a: ({ g }) => g, b: ({ g, ...at }) => neg(mul(g, times(at))) },
});

// With the sign of b.
const REMAINDER = `
fn remainder_(a: f32, b: f32) -> f32 {
  let rest = fmod_(a, b);
  return select(rest, rest + b, (rest != 0.0) & ((rest < 0.0) != (b < 0.0)));
}`;
/**
 * As {@link fmod}, with the sign of b, as Python's `%`.
 * @see https://pytorch.org/docs/stable/generated/torch.remainder.html
 */
export const remainder = /* @__PURE__ */ binary({
  name: 'remainder',
  value: 'remainder_(a, b)',
  slopes: ['g', '-g * round((a - remainder_(a, b)) / b)'],
  whole: 'select(a % b + b, a % b, (a % b == 0) | ((a % b < 0) == (b < 0)))',
  uses: [FMOD, REMAINDER],
  grad: { a: ({ g }) => g, b: ({ g, ...at }) => neg(mul(g, times(at))) },
});

/**
 * start + weight · (end − start), from whichever end is nearer. The three broadcast.
 * @see https://pytorch.org/docs/stable/generated/torch.lerp.html
 */
export function lerp(start: Tensor, end: Tensor, weight: Operand): Tensor {
  atMost('lerp', 3, arguments);
  wantTensor('lerp', 'start', start);
  wantTensor('lerp', 'end', end);
  wantOperand('lerp', 'weight', weight);
  const way = sub(end, start);
  const near = (): Tensor => add(start, mul(way, weight));
  const far = (): Tensor => sub(end, mul(way, sub1(weight)));
  if (weight instanceof Tensor) return where(lt(abs(weight), 0.5), near(), far());
  return Math.abs(weight) < 0.5 ? near() : far();
}

const sub1 = (weight: Operand): Operand => (typeof weight === 'number' ? 1 - weight : sub(1, weight));

const truncated = (g: OnnxGraph, x: OnnxOperand): string =>
  g.node('Mul', [g.node('Sign', [x]), g.node('Floor', [g.node('Abs', [x])])]);

/** ONNX's Mod of floats has the sign of the dividend, of integers that of the divisor unless `fmod` is set. */
const rest: OnnxRule = (g, { inputs }) => g.node('Mod', inputs, { fmod: 1 });

/** As ONNX has them. */
export default {
  trunc: (g, { x }) => truncated(g, x),
  frac: (g, { x }) => g.node('Sub', [x, truncated(g, x)]),
  fmod: rest,
  remainder: (g, call) => {
    const [, b] = call.inputs;
    if (b?.dtype !== 'f32') return g.node('Mod', call.inputs);
    return g.node('Mod', [g.node('Add', [rest(g, call, undefined as never), b]), b], { fmod: 1 });
  },
} satisfies OnnxRules;
