/** Hyperbolic functions and their inverses; the hyperbolic tangent is in exponential.ts. */
import { LOG, LOG1P } from '../../kernels/elementwise/helpers.js';
import { ACOSH, ASINH, ATANH, SINH } from '../../kernels/elementwise/hyperbolic.js';
import { add, div, mul, rsqrt, square, sub } from './arithmetic.js';
import { unary } from './make.js';

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
/** Inverse hyperbolic sine. @see https://pytorch.org/docs/stable/generated/torch.asinh.html */
export const asinh = /* @__PURE__ */ unary({
  name: 'asinh',
  value: 'asinh_(x)',
  slope: 'g * inverseSqrt(x * x + 1.0)',
  uses: [LOG, LOG1P, ASINH],
  grad: ({ g, x }) => mul(g, rsqrt(add(square(x), 1))),
});
/** Inverse hyperbolic cosine, from 0 on; NaN below 1. @see https://pytorch.org/docs/stable/generated/torch.acosh.html */
export const acosh = /* @__PURE__ */ unary({
  name: 'acosh',
  value: 'acosh_(x)',
  slope: 'g * inverseSqrt((x - 1.0) * (x + 1.0))',
  uses: [LOG, LOG1P, ACOSH],
  grad: ({ g, x }) => mul(g, rsqrt(sub(square(x), 1))),
});
/** Inverse hyperbolic tangent; NaN outside [−1, 1]. @see https://pytorch.org/docs/stable/generated/torch.atanh.html */
export const atanh = /* @__PURE__ */ unary({
  name: 'atanh',
  value: 'atanh_(x)',
  slope: 'g / ((1.0 - x) * (1.0 + x))',
  uses: [LOG, LOG1P, ATANH],
  grad: ({ g, x }) => div(g, sub(1, square(x))),
});
