/**
 * Hyperbolic functions and their inverses; the hyperbolic tangent is in exponential.ts. Sources: Cephes' polynomial (atanhf); series
 * for the rest.
 */
import { LOG, LOG1P } from '../../kernels/elementwise/helpers.js';
import type { OnnxRules } from '../onnx.js';
import { add, div, mul, rsqrt, square, sub } from './arithmetic.js';
import { unary } from './make.js';

// half_exp is e^x / 2, which is a number where e^x is none any more.
const SINH = `
fn half_exp(x: f32) -> f32 {
  let n = clamp(round(x * 1.442695041), -126.0, 128.0);
  let r = (x - n * 0.693359375) + n * 2.12194440e-4;
  return exp(r) * bitcast<f32>(bitcast<u32>(n + 12583038.0) << 23u);
}
fn cosh_(x: f32) -> f32 {
  let h = half_exp(abs(x));
  return or_nan(h + 0.25 / h, x);
}
fn sinh_(x: f32) -> f32 {
  let a = abs(x);
  let h = half_exp(a);
  let s = a * a;
  let near = a + a * s * (0.16666667 + s * (0.0083333333 + s * (1.9841270e-4 + s * 2.7557319e-6)));
  let y = select(h - 0.25 / h, near, a < 1.0);
  return or_nan(bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | bitcast<u32>(y)), x);
}`;
/** Hyperbolic sine. @see https://pytorch.org/docs/stable/generated/torch.sinh.html */
export const sinh = /* @__PURE__ */ unary({
  name: 'sinh',
  value: 'sinh_(x)',
  slope: 'g * cosh_(x)',
  uses: [SINH],
  grad: ({ g, x }) => mul(g, cosh(x)),
});
/** Hyperbolic cosine. @see https://pytorch.org/docs/stable/generated/torch.cosh.html */
export const cosh = /* @__PURE__ */ unary({
  name: 'cosh',
  value: 'cosh_(x)',
  slope: 'g * sinh_(x)',
  uses: [SINH],
  grad: ({ g, x }) => mul(g, sinh(x)),
});

// From 10⁴ on, log 2a.
const ASINH = `
fn asinh_(x: f32) -> f32 {
  let a = abs(x);
  let near = log1p_(a + a * a / (1.0 + sqrt(1.0 + a * a)));
  let y = select(near, log_(a) + 0.6931471806, a > 1e4);
  return bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | bitcast<u32>(y));
}`;
/** Inverse hyperbolic sine. @see https://pytorch.org/docs/stable/generated/torch.asinh.html */
export const asinh = /* @__PURE__ */ unary({
  name: 'asinh',
  value: 'asinh_(x)',
  slope: 'g * inverseSqrt(x * x + 1.0)',
  uses: [LOG, LOG1P, ASINH],
  grad: ({ g, x }) => mul(g, rsqrt(add(square(x), 1))),
});

const ACOSH = `
fn acosh_(x: f32) -> f32 {
  let t = max(x - 1.0, 0.0);
  let y = select(log1p_(t + sqrt(t * (t + 2.0))), log_(x) + 0.6931471806, x > 1e4);
  return select(y, bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u), (x < 1.0) | is_nan(x));
}`;
/** Inverse hyperbolic cosine, from 0 on; NaN below 1. @see https://pytorch.org/docs/stable/generated/torch.acosh.html */
export const acosh = /* @__PURE__ */ unary({
  name: 'acosh',
  value: 'acosh_(x)',
  slope: 'g * inverseSqrt((x - 1.0) * (x + 1.0))',
  uses: [LOG, LOG1P, ACOSH],
  grad: ({ g, x }) => mul(g, rsqrt(sub(square(x), 1))),
});

const ATANH = `
fn atanh_(x: f32) -> f32 {
  let a = abs(x);
  let s = a * a;
  let near = a + a * s * (0.333337300303 + s * (0.199782164500 + s * (0.146691431730 + s * (0.0824370301058 + s * 0.181740078349))));
  let y = select(0.5 * log1p_(2.0 * a / (1.0 - a)), near, a < 0.5);
  return bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | bitcast<u32>(y));
}`;
/** Inverse hyperbolic tangent; NaN outside [−1, 1]. @see https://pytorch.org/docs/stable/generated/torch.atanh.html */
export const atanh = /* @__PURE__ */ unary({
  name: 'atanh',
  value: 'atanh_(x)',
  slope: 'g / ((1.0 - x) * (1.0 + x))',
  uses: [LOG, LOG1P, ATANH],
  grad: ({ g, x }) => div(g, sub(1, square(x))),
});

/** As ONNX has them. */
export default {
  sinh: 'Sinh',
  cosh: 'Cosh',
  asinh: 'Asinh',
  acosh: 'Acosh',
  atanh: 'Atanh',
} satisfies OnnxRules;
