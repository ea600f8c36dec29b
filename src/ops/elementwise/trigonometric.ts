/** Tangent, the inverse trigonometric functions, and sinc. Sine and cosine are in exponential.ts. */
import { SIN } from '../../kernels/elementwise/helpers.js';
import { ASIN, ATAN, ATAN2, SINC } from '../../kernels/elementwise/trigonometric.js';
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
/** Inverse tangent, from −π/2 to π/2. @see https://pytorch.org/docs/stable/generated/torch.atan.html */
export const atan = /* @__PURE__ */ unary({
  name: 'atan',
  value: 'or_nan(atan_(x), x)',
  slope: 'g / (1.0 + x * x)',
  uses: [ATAN],
  grad: ({ g, x }) => div(g, add(square(x), 1)),
});
/**
 * The angle of the points (b, a), from −π to π: the first operand is the height. Its gradient at (0, 0) is NaN.
 * @see https://pytorch.org/docs/stable/generated/torch.atan2.html
 */
export const atan2 = /* @__PURE__ */ binary({
  name: 'atan2',
  value: 'atan2_(a, b)',
  slopes: ['g * b / (a * a + b * b)', '-g * a / (a * a + b * b)'],
  ofNan: ['a + b'],
  uses: [ATAN, ATAN2],
  grad: {
    a: ({ g, a, b }) => div(mul(g, b), add(square(a), square(b))),
    b: ({ g, a, b }) => neg(div(mul(g, a), add(square(a), square(b)))),
  },
});
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
