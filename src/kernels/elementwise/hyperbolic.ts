/**
 * Hyperbolic functions, their inverses, and 2^x and its logarithm. Sources: Cephes' polynomials (atanhf, exp2f); series for the
 * rest. They call those of helpers.ts.
 */
// half_exp is e^x / 2, which is a number where e^x is none any more.
export const SINH = `
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

// From 10⁴ on, log 2a.
export const ASINH = `
fn asinh_(x: f32) -> f32 {
  let a = abs(x);
  let near = log1p_(a + a * a / (1.0 + sqrt(1.0 + a * a)));
  let y = select(near, log_(a) + 0.6931471806, a > 1e4);
  return bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | bitcast<u32>(y));
}`;
export const ACOSH = `
fn acosh_(x: f32) -> f32 {
  let t = max(x - 1.0, 0.0);
  let y = select(log1p_(t + sqrt(t * (t + 2.0))), log_(x) + 0.6931471806, x > 1e4);
  return select(y, bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u), x < 1.0 || is_nan(x));
}`;
export const ATANH = `
fn atanh_(x: f32) -> f32 {
  let a = abs(x);
  let s = a * a;
  let near = a + a * s * (0.333337300303 + s * (0.199782164500 + s * (0.146691431730 + s * (0.0824370301058 + s * 0.181740078349))));
  let y = select(0.5 * log1p_(2.0 * a / (1.0 - a)), near, a < 0.5);
  return bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | bitcast<u32>(y));
}`;

// The power of two is put on in halves, so that neither is out of range; f is the fraction.
export const EXP2 = `
fn exp2_(x: f32) -> f32 {
  let n = clamp(round(x), -250.0, 250.0);
  let f = clamp(x - n, -0.5, 0.5);
  let half = floor(0.5 * n);
  let rest = 1.0 + f * (0.6931472028 + f * (0.2402264791 + f * (0.05550332471 + f * (0.009618437357 + f * (0.001339887440 + f * 1.535336188e-4)))));
  let powers = vec2(bitcast<u32>(half + 12583039.0), bitcast<u32>(n - half + 12583039.0)) << vec2(23u);
  return or_nan(rest * bitcast<f32>(powers.x) * bitcast<f32>(powers.y), x);
}`;
// Exponent and mantissa apart, so that powers of two are exact.
export const LOG2 = `
fn log2_(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let whole = bits < 0x800000u;
  let over = bitcast<i32>(select(x, f32(bits), whole)) - 0x3f3504f3;
  let exponent = f32(over >> 23u) - select(0.0, 149.0, whole);
  let y = exponent + 1.442695041 * log1p_near(bitcast<f32>((over & 0x7fffff) + 0x3f3504f3) - 1.0);
  return select(log_(x), y, is_positive(x) && bits < 0x7f800000u);
}`;
