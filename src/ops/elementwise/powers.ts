/** Exponentials and logarithms of other bases than e, and e^x − 1. Source: Cephes' polynomial (exp2f). */
import { EXPM1, LOG } from '../../kernels/elementwise/helpers.js';
import type { OnnxRule, OnnxRules } from '../onnx.js';
import { add, div, mul } from './arithmetic.js';
import { unary } from './make.js';

/** e^x − 1, off by at most 6e-7 of itself, however near 0. @see https://pytorch.org/docs/stable/generated/torch.expm1.html */
export const expm1 = /* @__PURE__ */ unary({
  name: 'expm1',
  value: 'or_nan(expm1_(x), x)',
  slope: 'g * (y + 1.0)',
  uses: [EXPM1],
  grad: ({ g, y }) => mul(g, add(y, 1)),
});

// The power of two is put on in halves, so that neither is out of range; f is the fraction.
const EXP2 = `
fn exp2_(x: f32) -> f32 {
  let n = clamp(round(x), -250.0, 250.0);
  let f = clamp(x - n, -0.5, 0.5);
  let half = floor(0.5 * n);
  let rest = 1.0 + f * (0.6931472028 + f * (0.2402264791 + f * (0.05550332471 + f * (0.009618437357 + f * (0.001339887440 + f * 1.535336188e-4)))));
  let powers = vec2(bitcast<u32>(half + 12583039.0), bitcast<u32>(n - half + 12583039.0)) << vec2(23u);
  return or_nan(rest * bitcast<f32>(powers.x) * bitcast<f32>(powers.y), x);
}`;
/** 2^x, exactly for whole numbers. @see https://pytorch.org/docs/stable/generated/torch.exp2.html */
export const exp2 = /* @__PURE__ */ unary({
  name: 'exp2',
  value: 'exp2_(x)',
  slope: 'g * y * 0.6931471806',
  uses: [EXP2],
  grad: ({ g, y }) => mul(mul(g, y), Math.LN2),
});

// Exponent and mantissa apart, so that powers of two are exact.
const LOG2 = `
fn log2_(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let whole = bits < 0x800000u;
  let over = bitcast<i32>(select(x, f32(bits), whole)) - 0x3f3504f3;
  let exponent = f32(over >> 23u) - select(0.0, 149.0, whole);
  let y = exponent + 1.442695041 * log1p_near(bitcast<f32>((over & 0x7fffff) + 0x3f3504f3) - 1.0);
  return select(log_(x), y, is_positive(x) & (bits < 0x7f800000u));
}`;
/** Logarithm to the base 2, exactly for powers of two. @see https://pytorch.org/docs/stable/generated/torch.log2.html */
export const log2 = /* @__PURE__ */ unary({
  name: 'log2',
  value: 'log2_(x)',
  slope: 'g / (x * 0.6931471806)',
  uses: [LOG, LOG2],
  grad: ({ g, x }) => div(g, mul(x, Math.LN2)),
});
/** Logarithm to the base 10. @see https://pytorch.org/docs/stable/generated/torch.log10.html */
export const log10 = /* @__PURE__ */ unary({
  name: 'log10',
  value: 'log_(x) * 0.4342944819',
  slope: 'g / (x * 2.302585093)',
  uses: [LOG],
  grad: ({ g, x }) => div(g, mul(x, Math.LN10)),
});

/** A logarithm to the base e^`unit`. */
const logarithm =
  (unit: number): OnnxRule =>
  (g, { x }) =>
    g.node('Mul', [g.node('Log', [x]), 1 / unit]);

/** As ONNX has them. */
export default {
  expm1: (g, { x }) => g.node('Sub', [g.node('Exp', [x]), 1]),
  exp2: (g, { x }) => g.node('Exp', [g.node('Mul', [x, Math.LN2])]),
  log2: /* @__PURE__ */ logarithm(Math.LN2),
  log10: /* @__PURE__ */ logarithm(Math.LN10),
} satisfies OnnxRules;
