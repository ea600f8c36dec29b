/** Exponentials, logarithms, and what is made of them; sine and cosine. */
import { ERF, EXP, EXPM1, LOG, LOG1P, SIGMOID, SIN, TANH } from '../../kernels/elementwise/helpers.js';
import type { OnnxRules } from '../onnx.js';
import { add, div, mul, neg, square, sub } from './arithmetic.js';
import { unary } from './make.js';

/** e^x, off by at most 4e-7 of itself. @see https://pytorch.org/docs/stable/generated/torch.exp.html */
export const exp = /* @__PURE__ */ unary({
  name: 'exp',
  value: 'or_nan(exp_(x), x)',
  slope: 'g * y',
  uses: [EXP],
  grad: ({ g, y }) => mul(g, y),
});
/** Natural logarithm. @see https://pytorch.org/docs/stable/generated/torch.log.html */
export const log = /* @__PURE__ */ unary({
  name: 'log',
  value: 'log_(x)',
  slope: 'g / x',
  uses: [LOG],
  grad: ({ g, x }) => div(g, x),
});
/** log(1 + x), off by at most 4e-7 of itself, however near 0. @see https://pytorch.org/docs/stable/generated/torch.log1p.html */
export const log1p = /* @__PURE__ */ unary({
  name: 'log1p',
  value: 'log1p_(x)',
  slope: 'g / (1.0 + x)',
  uses: [LOG, LOG1P],
  grad: ({ g, x }) => div(g, add(x, 1)),
});
/**
 * Sine of an angle in radians, off by less than 2e-7 for every finite x, however large; NaN of infinities.
 * @see https://pytorch.org/docs/stable/generated/torch.sin.html
 */
export const sin = /* @__PURE__ */ unary({
  name: 'sin',
  value: 'sin_(x)',
  slope: 'g * cos_(x)',
  uses: [SIN],
  grad: ({ g, x }) => mul(g, cos(x)),
});
/** Cosine, as {@link sin}. @see https://pytorch.org/docs/stable/generated/torch.cos.html */
export const cos = /* @__PURE__ */ unary({
  name: 'cos',
  value: 'cos_(x)',
  slope: '-g * sin_(x)',
  uses: [SIN],
  grad: ({ g, x }) => neg(mul(g, sin(x))),
});
/** Hyperbolic tangent. @see https://pytorch.org/docs/stable/generated/torch.tanh.html */
export const tanh = /* @__PURE__ */ unary({
  name: 'tanh',
  value: 'or_nan(tanh_(x), x)',
  slope: 'g * (1.0 - y * y)',
  uses: [EXPM1, TANH],
  grad: ({ g, y }) => mul(g, sub(1, square(y))),
});
/** 1 / (1 + e^−x). @see https://pytorch.org/docs/stable/generated/torch.sigmoid.html */
export const sigmoid = /* @__PURE__ */ unary({
  name: 'sigmoid',
  value: 'or_nan(sigmoid_(x), x)',
  slope: 'g * y * (1.0 - y)',
  uses: [EXP, SIGMOID],
  grad: ({ g, y }) => mul(g, mul(y, sub(1, y))),
});
/** Error function. @see https://pytorch.org/docs/stable/generated/torch.erf.html */
export const erf = /* @__PURE__ */ unary({
  name: 'erf',
  value: 'erf_(x)',
  slope: 'or_nan(g * 1.1283791671 * exp_(-x * x), x)',
  uses: [EXP, ERF],
  grad: ({ g, x }) => mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
});

/** As ONNX has them. */
export default {
  exp: 'Exp',
  log: 'Log',
  sin: 'Sin',
  cos: 'Cos',
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  erf: 'Erf',
  log1p: (g, { x }) => g.node('Log', [g.node('Add', [x, 1])]),
} satisfies OnnxRules;
