/**
 * WGSL bounds exp, log, sin, cos, tanh and pow loosely and has no erf, log1p or expm1, so these are our own where PyTorch's
 * last digits are wanted. A line lists the helpers that its helpers call too. None relies on a product and a sum being
 * rounded apart or together: where a remainder must be exact, so is the product. Both sides of a choice are computed:
 * SwiftShader does that anyway, and branches cost it twice as much as selects (exp, tanh, gelu of 2²⁰, 2026-11). So `&` and `|`
 * stand for `&&` and `||`, which are branches: with some of those in a loop over four lanes SwiftShader took 16 s to compile the
 * fused gradient of binaryCrossEntropy, and takes 0.15 s (2026-12).
 *
 * Sources: Cody and Waite's range reductions, Payne and Hanek's for large angles; for log the series of artanh; for erf
 * the power series below 0.5 and above it the fit of Numerical Recipes (erfcc), since Abramowitz and Stegun 7.1.26 is too
 * coarse. They may call those of floats.ts.
 */
// e^x = 2^n e^r: the error of the built-in one grows with |x|, 4e-6 at 80 on SwiftShader. 0.693359375 n has no rounding.
// The last bits of n + 127 + 3·2^22 are those of n + 127: the exponent of 2^n without a conversion, which WGSL bounds.
export const EXP = `
fn exp_(x: f32) -> f32 {
  let n = clamp(round(x * 1.442695041), -126.0, 127.0);
  let r = (x - n * 0.693359375) + n * 2.12194440e-4;
  return exp(r) * bitcast<f32>(bitcast<u32>(n + 12583039.0) << 23u);
}`;

// e^x - 1 = 2^n (e^r - 1) + (2^n - 1). Below -100 it is -1.
export const EXPM1 = `
fn expm1_(x: f32) -> f32 {
  let y = max(x, -100.0);
  let n = clamp(round(y * 1.442695041), -126.0, 127.0);
  let r = (y - n * 0.693359375) + n * 2.12194440e-4;
  let power = bitcast<f32>(bitcast<u32>(n + 12583039.0) << 23u);
  let rest = r + r * r * (0.5 + r * (0.16666667 + r * (0.041666667 + r * (0.0083333333 + r * (0.0013888889 + r * 0.00019841270)))));
  return power * rest + (power - 1.0);
}`;

// Near 1 by log(1 + x) = 2 artanh s, s = x / (2 + x), as x - s (x - R), where x is exact and the rest small beside it: the
// built-in one has an absolute error only there, 6e-8 on SwiftShader, up to 5e-7 allowed. Of 0 that one is a number on some
// adapters, and below 0 it is left open. Denormals, which adapters may flush to 0, are whole numbers of 2^-149.
export const LOG = `
fn log1p_near(x: f32) -> f32 {
  let s = x / (2.0 + x);
  let z = s * s;
  return x - s * (x - z * (0.66666667 + z * (0.4 + z * (0.28571429 + z * (0.22222222 + z * (0.18181818 + z * 0.15384615))))));
}
fn log_(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let whole = bits < 0x800000u;
  let far = log(select(x, f32(bits), whole)) - select(0.0, 103.27893, whole);
  let of_positive = select(far, log1p_near(x - 1.0), (x >= 0.5) & (x <= 2.0));
  let of_others = bitcast<f32>(bits | select(0x7fc00000u, 0xff800000u, (bits << 1u) == 0u));
  return select(of_others, of_positive, is_positive(x));
}`;

export const LOG1P = `
fn log1p_(x: f32) -> f32 { return select(log_(1.0 + x), log1p_near(x), (x >= -0.5) & (x <= 1.0)); }`;

// The sign of x is put on the value of |x|. By a choice: of `sign bit | abs(y)` as bits lavapipe (Mesa 22.3) makes -4 of -0.9999994.
export const TANH = `
fn tanh_(x: f32) -> f32 {
  let t = expm1_(-2.0 * abs(x));
  let y = abs(t / (2.0 + t));
  return select(y, -y, bitcast<i32>(x) < 0);
}`;

// Of a NaN 0, as in PyTorch.
export const SIGN = `
fn sign_(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let one = bitcast<f32>((bits & 0x80000000u) | 0x3f800000u);
  return select(0.0, one, (bits << 1u) - 1u < 0xff000000u);
}`;

// What gelu's approximation puts for erf(x / √2) is tanh of half of this.
export const BEND = `
fn bend(x: f32) -> f32 { return 1.5957691216 * (x + 0.044715 * x * x * x); }`;

export const SIGMOID = `
fn sigmoid_(x: f32) -> f32 {
  let e = exp_(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}`;

export const SOFTPLUS = `
fn softplus_(x: f32) -> f32 { return max(x, 0.0) + log1p_near(exp_(-abs(x))); }`;

// erf_rest is 1 - erf a for a of 0.5 and more: t exp(-a² + P(t)), t = 1 / (1 + a / 2), relative error below 1.2e-7.
export const ERF = `
fn erf_near(x: f32) -> f32 {
  let s = x * x;
  return x * (1.1283791671 + s * (-0.3761263890 + s * (0.1128379167 + s * (-0.0268661706 + s * (0.0052239776 - s * 0.0008548327)))));
}
fn erf_rest(a: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.5 * a);
  let poly = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807
    + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  return t * exp_(-min(a * a, 100.0) + poly);
}
fn erf_(x: f32) -> f32 {
  let a = abs(x);
  return select(sign(x) * (1.0 - erf_rest(a)), erf_near(x), a < 0.5);
}`;

// Φ, the share of the normal distribution below x.
export const PHI = `
fn phi_(x: f32) -> f32 {
  let u = x * 0.7071067812;
  let a = abs(u);
  let rest = 0.5 * erf_rest(a);
  return select(select(rest, 1.0 - rest, u > 0.0), 0.5 + 0.5 * erf_near(u), a < 0.5);
}`;

/**
 * x = a number of quarter turns + r. Beyond an eighth of a turn, in whole numbers, which no compiler rearranges: x is m, of
 * 24 bits, times a power of two; of 2 / π the 64 bits are taken at which the product with m is below four quarters (Payne
 * and Hanek). r is off by 5e-9 at most, however large x is.
 *
 * `front` and `back` hold 2 / π after 32 zeros, `found` its bits from number `at` on. `product` is m · found without its
 * lowest 32 bits, but for two or three units: two bits of quarters, and thirty of their fraction.
 */
export const SIN = `
fn turned(x: f32, more: u32) -> f32 {
  let bits = bitcast<u32>(x) & 0x7fffffffu;
  let m = (bits & 0x7fffffu) | 0x800000u;
  let at = (bits >> 23u) - 120u;
  var front = vec4(0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u);
  var back = vec4(0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0u);
  front = select(front, vec4(front.yzw, back.x), (at & 32u) != 0u);
  back = select(back, vec4(back.yzw, 0u), (at & 32u) != 0u);
  front = select(front, vec4(front.zw, back.xy), (at & 64u) != 0u);
  front = select(front, back, (at & 128u) != 0u);
  let shift = at & 31u;
  let found = (front.xy << vec2(shift)) | ((front.yz >> vec2(1u)) >> vec2(31u - shift));
  let low = vec2(found.y >> 16u, found.y & 0xffffu);
  let carry = (m >> 16u) * low.x + (((m & 0xffffu) * low.x) >> 16u) + (((m >> 16u) * low.y) >> 16u);
  let product = m * found.x + carry;
  let near = bits < 0x3f490fdbu;
  let whole = select((product + 0x20000000u) >> 30u, 0u, near);
  let r = select(f32(bitcast<i32>(product - (whole << 30u))) * 1.4629180793e-9, abs(x), near);
  let s = r * r;
  let sine = r + r * s * (-0.16666667 + s * (0.0083333310 + s * (-0.00019840874 + s * 2.7525562e-6)));
  let cosine = 1.0 + s * (-0.5 + s * (0.041666642 + s * (-0.0013888397 + s * 2.4760495e-5)));
  let q = whole + more;
  let v = bitcast<u32>(select(sine, cosine, (q & 1u) == 1u)) ^ ((q & 2u) << 30u);
  return bitcast<f32>(select(v, 0x7fc00000u, bits >= 0x7f800000u));
}
fn sin_(x: f32) -> f32 {
  let v = turned(x, 0u);
  return select(v, -v, x < 0.0);
}
fn cos_(x: f32) -> f32 { return turned(x, 1u); }`;

// As C's pow at NaN, infinities and zeros.
// `power` is 2^(p log2 a) of a number above 0: p times the exponent of a is taken in two parts of 12 bits, without rounding.
const power = (): string => `
fn power(a: f32, p: f32) -> f32 {
  let over = bitcast<i32>(a) - 0x3f3504f3;
  let exponent = f32(over >> 23u);
  let rest = 1.442695041 * log1p_near(bitcast<f32>((over & 0x7fffff) + 0x3f3504f3) - 1.0);
  let high = bitcast<f32>(bitcast<u32>(p) & 0xfffff000u);
  let whole = high * exponent;
  let n = clamp(round(whole + p * rest), -126.0, 127.0);
  let f = (whole - n) + ((p - high) * exponent + p * rest);
  return exp2(f) * bitcast<f32>(bitcast<u32>(n + 12583039.0) << 23u);
}
fn pow_(x: f32, p: f32) -> f32 {
  let a = abs(x);
  if (is_nan(x) | is_nan(p)) {
    return select(bitcast<f32>(bitcast<u32>(x + p) | 0x7fc00000u), 1.0, ((bitcast<u32>(p) << 1u) == 0u) | (bitcast<u32>(x) == 0x3f800000u));
  }
  if ((p == 0.0) | (x == 1.0)) { return 1.0; }
  if ((p == floor(p)) & (abs(p) <= 16.0)) {
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
  if (bitcast<u32>(abs(p)) == 0x7f800000u) {
    return select(select(0.0, abs(p), (a > 1.0) == (p > 0.0)), 1.0, a == 1.0);
  }
  // From 2^24 on all numbers are even.
  let odd = (p == floor(p)) & (abs(p) < 16777216.0) & ((i32(p) & 1) == 1);
  var m = select(a, 1.0 / a, p < 0.0);
  if ((a != 0.0) & (bitcast<u32>(a) != 0x7f800000u)) {
    if ((x < 0.0) & (p != floor(p))) { return bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u); }
    m = select(power(a, p), sqrt(a), p == 0.5);
  }
  return select(m, -m, odd & ((bitcast<u32>(x) >> 31u) == 1u));
}`;
// A bundler drops a call that is marked pure, and no text that has calls in it.
export const POW = /* @__PURE__ */ power();
