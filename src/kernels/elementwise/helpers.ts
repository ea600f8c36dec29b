/**
 * WGSL bounds sin, cos, tanh and pow loosely and has no erf or log1p, so these are our own where PyTorch's last digits
 * are wanted. Sources: Cody and Waite's range reduction; for erf the power series below 0.5 and above it the fit
 * of Numerical Recipes (erfcc), since Abramowitz and Stegun 7.1.26 is too coarse.
 */
import { isNan, nanOf } from '../floats.js';

export const TANH = `
fn tanh_(x: f32) -> f32 {
  let a = abs(x);
  if (a < 0.25) {
    let s = x * x;
    return x * (1.0 + s * (-0.33333333 + s * (0.13333333 + s * (-0.053968254 + s * 0.021869488))));
  }
  let e = exp(-2.0 * min(a, 20.0));
  return sign(x) * (1.0 - e) / (1.0 + e);
}`;

// What gelu's approximation puts for erf(x / √2).
export const BEND = `
fn bend(x: f32) -> f32 { return tanh_(0.7978845608 * (x + 0.044715 * x * x * x)); }`;

export const SIGMOID = `
fn sigmoid_(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}`;

export const LOG1P = `
fn log1p_(x: f32) -> f32 {
  if (abs(x) < 0.01) { return x * (1.0 - x * (0.5 - x * (0.33333333 - x * (0.25 - x * 0.2)))); }
  return log_(1.0 + x);
}`;

export const EXPM1 = `
fn expm1_(x: f32) -> f32 {
  if (abs(x) < 0.1) { return x * (1.0 + x * (0.5 + x * (0.16666667 + x * (0.041666667 + x * (0.0083333333 + x * 0.0013888889))))); }
  return exp(x) - 1.0;
}`;

export const ERF = `
fn erf_(x: f32) -> f32 {
  let a = abs(x);
  if (a < 0.5) {
    let s = x * x;
    return x * (1.1283791671 + s * (-0.3761263890 + s * (0.1128379167 + s * (-0.0268661706 + s * (0.0052239776 - s * 0.0008548327)))));
  }
  // 1 - t exp(-a² + P(t)), t = 1 / (1 + a / 2): relative error of the complement below 1.2e-7 (Numerical Recipes, erfcc).
  let t = 1.0 / (1.0 + 0.5 * a);
  let poly = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807
    + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  return sign(x) * (1.0 - t * exp(-min(a * a, 80.0) + poly));
}`;

export const SIN = `
fn sin_reduced(r: f32) -> f32 {
  let s = r * r;
  return r * (1.0 + s * (-0.16666667 + s * (0.0083333310 + s * (-0.00019840874 + s * 2.7525562e-6))));
}
fn cos_reduced(r: f32) -> f32 {
  let s = r * r;
  return 1.0 + s * (-0.5 + s * (0.041666642 + s * (-0.0013888397 + s * 2.4760495e-5)));
}
fn turned(x: f32, quarter: i32) -> f32 {
  let n = round(x * 0.63661977);
  let r = ((x - n * 1.5703125) - n * 0.00048351288) - n * 3.1391647e-7;
  let q = (i32(n) + quarter) & 3;
  let v = select(sin_reduced(r), cos_reduced(r), (q & 1) == 1);
  return select(v, -v, q >= 2);
}
fn sin_(x: f32) -> f32 { return turned(x, 0); }
fn cos_(x: f32) -> f32 { return turned(x, 1); }`;

// WGSL leaves log open below zero, and on some adapters log(0) is a number.
export const LOG = `
fn log_(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (bits - 1u < 0x7f800000u) { return log(x); }
  return bitcast<f32>(bits | select(0x7fc00000u, 0xff800000u, (bits << 1u) == 0u));
}`;

// As C's pow at NaN, infinities and zeros.
export const POW = `
fn pow_(x: f32, p: f32) -> f32 {
  let a = abs(x);
  if (${isNan('x')} || ${isNan('p')}) {
    return select(${nanOf('(x + p)')}, 1.0, (bitcast<u32>(p) << 1u) == 0u || bitcast<u32>(x) == 0x3f800000u);
  }
  if (p == 0.0 || x == 1.0) { return 1.0; }
  if (p == floor(p) && abs(p) <= 16.0) {
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
  let odd = p == floor(p) && abs(p) < 16777216.0 && (i32(p) & 1) == 1;
  var m = select(a, 1.0 / a, p < 0.0);
  if (a != 0.0 && bitcast<u32>(a) != 0x7f800000u) {
    if (x < 0.0 && p != floor(p)) { return ${nanOf('x')}; }
    m = select(pow(a, p), sqrt(a), p == 0.5);
  }
  return select(m, -m, odd && (bitcast<u32>(x) >> 31u) == 1u);
}`;
