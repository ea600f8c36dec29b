/**
 * Tangent, the inverse trigonometric functions, and sinc. Sine and cosine are in exponential.ts.
 *
 * WGSL bounds the inverse tangent by 4096 units in the last place, inverse sine and cosine not at all near ±1. Sources: Cephes'
 * reductions and polynomials (atanf, asinf).
 */
import { SIN } from '../../kernels/elementwise/helpers.js';
import type { OnnxGraph, OnnxOperand, OnnxRules } from '../onnx.js';
import { where } from '../shape.js';
import { add, div, mul, neg, rsqrt, square, sub } from './arithmetic.js';
import { eq } from './comparison.js';
import { cos } from './exponential.js';
import { binary, unary } from './make.js';

/** Tangent of an angle in radians; NaN of infinities. @see https://pytorch.org/docs/stable/generated/torch.tan.html */
export const tan = /* @__PURE__ */ unary({
  name: 'tan',
  value: 'sin_(x) / cos_(x)',
  slope: 'g * (1.0 + y * y)',
  uses: [SIN],
  grad: ({ g, y }) => mul(g, add(square(y), 1)),
});

// asin_part is asin a up to 1/2, and above it asin √((1 - a) / 2), which is half of acos a.
const ASIN = `
fn asin_part(a: f32) -> f32 {
  let far = a > 0.5;
  let s = select(a * a, 0.5 * (1.0 - a), far);
  let t = select(a, sqrt(max(s, 0.0)), far);
  return t + t * s * (0.16666752422 + s * (0.074953002686 + s * (0.045470025998 + s * (0.024181311049 + s * 0.042163199048))));
}
fn beyond_one(y: f32, x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(y) | select(0u, 0x7fc00000u, (bitcast<u32>(x) & 0x7fffffffu) > 0x3f800000u));
}
fn asin_(x: f32) -> f32 {
  let a = abs(x);
  let part = asin_part(a);
  let y = select(part, 1.5707963268 - 2.0 * part, a > 0.5);
  return beyond_one(bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | bitcast<u32>(y)), x);
}
fn acos_(x: f32) -> f32 {
  let a = abs(x);
  let part = asin_part(a);
  let far = select(2.0 * part, 3.1415926536 - 2.0 * part, x < 0.0);
  return beyond_one(select(1.5707963268 - select(part, -part, x < 0.0), far, a > 0.5), x);
}`;
/** Inverse sine, from −π/2 to π/2; NaN outside [−1, 1]. @see https://pytorch.org/docs/stable/generated/torch.asin.html */
export const asin = /* @__PURE__ */ unary({
  name: 'asin',
  value: 'asin_(x)',
  slope: 'g * inverseSqrt((1.0 - x) * (1.0 + x))',
  uses: [ASIN],
  grad: ({ g, x }) => mul(g, rsqrt(sub(1, square(x)))),
});
/** Inverse cosine, from 0 to π; NaN outside [−1, 1]. @see https://pytorch.org/docs/stable/generated/torch.acos.html */
export const acos = /* @__PURE__ */ unary({
  name: 'acos',
  value: 'acos_(x)',
  slope: '-g * inverseSqrt((1.0 - x) * (1.0 + x))',
  uses: [ASIN],
  grad: ({ g, x }) => neg(mul(g, rsqrt(sub(1, square(x))))),
});

// atan a = start + atan t with |t| below tan(π/8), for a ≥ 0.
const ATAN = `
fn atan_of(a: f32) -> f32 {
  let far = a > 2.4142135;
  let middle = a > 0.41421356;
  let t = select(select(a, (a - 1.0) / (a + 1.0), middle), -1.0 / a, far);
  let s = t * t;
  let start = select(select(0.0, 0.7853981634, middle), 1.5707963268, far);
  return start + (t + t * s * (-0.333329491539 + s * (0.199777106478 + s * (-0.138776856032 + s * 0.0805374449538))));
}
fn atan_(x: f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | bitcast<u32>(atan_of(abs(x))));
}`;
/** Inverse tangent, from −π/2 to π/2. @see https://pytorch.org/docs/stable/generated/torch.atan.html */
export const atan = /* @__PURE__ */ unary({
  name: 'atan',
  value: 'or_nan(atan_(x), x)',
  slope: 'g / (1.0 + x * x)',
  uses: [ATAN],
  grad: ({ g, x }) => div(g, add(square(x), 1)),
});

// The angle of the point (x, y), signs of zeros included.
const ATAN2 = `
fn atan2_(y: f32, x: f32) -> f32 {
  let a = abs(x);
  let b = abs(y);
  let t = select(min(a, b) / max(a, b), select(1.0, 0.0, a == 0.0), a == b);
  let acute = select(atan_of(t), 1.5707963268 - atan_of(t), b > a);
  let turned = select(acute, 3.1415926536 - acute, (bitcast<u32>(x) >> 31u) == 1u);
  return bitcast<f32>((bitcast<u32>(y) & 0x80000000u) | bitcast<u32>(turned));
}`;
/**
 * The angle of the points (b, a), from −π to π: the first operand is the height. Integers are cast to f32. Its gradient at (0, 0) is NaN.
 * @see https://pytorch.org/docs/stable/generated/torch.atan2.html
 */
export const atan2 = /* @__PURE__ */ binary({
  name: 'atan2',
  inFloats: true,
  value: 'atan2_(a, b)',
  slopes: ['g * b / (a * a + b * b)', '-g * a / (a * a + b * b)'],
  ofNan: ['a + b'],
  uses: [ATAN, ATAN2],
  grad: {
    a: ({ g, a, b }) => div(mul(g, b), add(square(a), square(b))),
    b: ({ g, a, b }) => neg(div(mul(g, a), add(square(a), square(b)))),
  },
});

// sin πx and cos πx by the distance r to the nearest whole number n, which is exact. Near 0 the slope is taken from its series.
const SINC = `
fn sinc_(x: f32) -> f32 {
  let n = round(x);
  let sine = sin_(3.1415926536 * (x - n));
  return select(select(sine, -sine, fract(0.5 * n) != 0.0) / (3.1415926536 * x), 1.0, (bitcast<u32>(x) << 1u) == 0u);
}
fn sinc_slope(x: f32) -> f32 {
  let n = round(x);
  let cosine = cos_(3.1415926536 * (x - n));
  let s = 9.8696044011 * x * x;
  let near = 9.8696044011 * x * (-0.33333333 + s * (0.033333333 - s * (0.0011904762 - s * 2.2045855e-5)));
  return select((select(cosine, -cosine, fract(0.5 * n) != 0.0) - sinc_(x)) / x, near, abs(x) < 0.25);
}`;
/** sin πx / πx, 1 at 0 and 0 at other whole numbers. @see https://pytorch.org/docs/stable/generated/torch.sinc.html */
export const sinc = /* @__PURE__ */ unary({
  name: 'sinc',
  value: 'sinc_(x)',
  slope: 'g * sinc_slope(x)',
  uses: [SIN, SINC],
  grad: ({ g, x }) => {
    const none = eq(x, 0);
    const apart = where(none, 1, x);
    return where(none, 0, mul(g, div(sub(cos(mul(apart, Math.PI)), sinc(apart)), apart)));
  },
});

/** Whether x has a minus, -0 too. */
const minus = (g: OnnxGraph, x: OnnxOperand): string =>
  g.node('Or', [g.node('Less', [x, 0]), g.node('Less', [g.node('Reciprocal', [x]), 0])]);

/** As ONNX has them. */
export default {
  tan: 'Tan',
  asin: 'Asin',
  acos: 'Acos',
  atan: 'Atan',
  // The inverse tangent of a / b, half a turn further where b has a minus. 0 / 0 is a 0, and of infinities the quotient is ±1.
  atan2: (g, { inputs }) => {
    const [a, b] = inputs as [OnnxOperand, OnnxOperand];
    const size = (x: OnnxOperand): string => g.node('Abs', [x]);
    const sign = (x: OnnxOperand): string => g.node('Sign', [x]);
    const asFar = g.node('Equal', [size(a), size(b)]);
    const quotient = g.node('Where', [asFar, g.node('Mul', [sign(a), sign(b)]), g.node('Div', [a, b])]);
    const angle = g.node('Atan', [quotient]);
    const further = g.node('Add', [angle, g.node('Where', [minus(g, a), -Math.PI, Math.PI])]);
    return g.node('Where', [minus(g, b), further, angle]);
  },
} satisfies OnnxRules;
