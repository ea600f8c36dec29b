/** Exponentials and logarithms of other bases than e, and e^x − 1. */
import { EXPM1, LOG } from '../../kernels/elementwise/helpers.js';
import { EXP2, LOG2 } from '../../kernels/elementwise/hyperbolic.js';
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
/** 2^x, exactly for whole numbers. @see https://pytorch.org/docs/stable/generated/torch.exp2.html */
export const exp2 = /* @__PURE__ */ unary({
  name: 'exp2',
  value: 'exp2_(x)',
  slope: 'g * y * 0.6931471806',
  uses: [EXP2],
  grad: ({ g, y }) => mul(mul(g, y), Math.LN2),
});
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
