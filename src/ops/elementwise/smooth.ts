/** Smooth activations: SELU, CELU, Mish, log-sigmoid, softsign, tanhshrink. */
import { checked } from '../../gpu/options.js';
import { EXP, EXPM1, LOG, SIGMOID, SOFTPLUS, TANH } from '../../kernels/elementwise/helpers.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { OnnxRules, Parameter } from '../onnx.js';
import { where } from '../shape.js';
import { clamp, softplus } from './activations.js';
import { abs, add, div, mul, neg, square, sub } from './arithmetic.js';
import { gt, isfinite } from './comparison.js';
import { exp, sigmoid, tanh } from './exponential.js';
import { applied, madeOf, type UnaryRecord, unary } from './make.js';

/** With these a layer keeps mean 0 and variance 1 (Klambauer et al., 2017). */
const [ALPHA, SCALE] = [1.6732632423543772, 1.0507009873554805];

/** e^x of what is not above 0, else 1. */
const expBelow = (x: Tensor): Tensor => exp(clamp(x, { max: 0 }));

/**
 * 1.0507 · (x above 0, 1.6733 · (e^x − 1) below).
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.selu.html
 */
export const selu = /* @__PURE__ */ unary({
  name: 'selu',
  value: 'select(1.0507009874 * x, 1.7580993408 * expm1_(x), is_negative(x))',
  slope: 'or_nan(select(g * 1.7580993408 * exp_(x), g * 1.0507009874, x > 0.0), x)',
  uses: [EXP, EXPM1],
  grad: ({ g, x }) => where(gt(x, 0), mul(g, SCALE), mul(g, mul(expBelow(x), SCALE * ALPHA))),
});

const CELU_RECORD: UnaryRecord = {
  name: 'celu',
  value: 'select(x, p * expm1_(x / p), is_negative(x))',
  slope: 'or_nan(select(g * exp_(x / p), g, x > 0.0), x)',
  uses: [EXP, EXPM1],
  grad: ({ g, x, p }) => where(gt(x, 0), g, mul(g, expBelow(div(x, p)))),
};
/** x above 0, `alpha` · (e^(x / alpha) − 1) below. Default alpha: 1. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.celu.html */
export const celu = /* @__PURE__ */ madeOf(
  [CELU_RECORD],
  function celu(x: Tensor, options: { alpha?: number | undefined } = {}): Tensor {
    const { alpha = 1 } = checked('celu', options, { alpha: 'number' });
    return applied(CELU_RECORD, x, alpha);
  },
);

// tanh log(1 + e^x) = n / (n + d), by e^-|x|: nothing is large, and nothing is subtracted.
const MISH = `
fn mish_tanh(x: f32) -> f32 {
  let e = exp_(-abs(x));
  let n = select(1.0 + 2.0 * e, e * (e + 2.0), x < 0.0);
  return n / (n + select(2.0 * e * e, 2.0, x < 0.0));
}
fn mish_slope(x: f32) -> f32 {
  let t = mish_tanh(x);
  return t + x * sigmoid_(x) * (1.0 - t * t);
}`;
/** x · tanh(softplus(x)). @see https://pytorch.org/docs/stable/generated/torch.nn.functional.mish.html */
export const mish = /* @__PURE__ */ unary({
  name: 'mish',
  value: 'x * mish_tanh(x)',
  slope: 'g * mish_slope(x)',
  uses: [EXP, SIGMOID, MISH],
  grad: ({ g, x }) => {
    const t = tanh(softplus(x));
    return mul(g, add(t, mul(mul(x, sigmoid(x)), sub(1, square(t)))));
  },
});
/** log(1 / (1 + e^−x)). @see https://pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html */
export const logsigmoid = /* @__PURE__ */ unary({
  name: 'logsigmoid',
  value: 'or_nan(-softplus_(-x), x)',
  slope: 'or_nan(g * sigmoid_(-x), x)',
  uses: [EXP, LOG, SIGMOID, SOFTPLUS],
  grad: ({ g, x }) => mul(g, sigmoid(neg(x))),
});
/** x / (1 + |x|); NaN of infinities, as in PyTorch. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.softsign.html */
export const softsign = /* @__PURE__ */ unary({
  name: 'softsign',
  value: 'x / (1.0 + abs(x))',
  slope: 'or_nan(g / (1.0 + abs(x)) / (1.0 + abs(x)), x / (1.0 + abs(x)))',
  grad: ({ g, x }) => where(isfinite(x), div(g, square(add(abs(x), 1))), Number.NaN),
});
/** x − tanh(x). @see https://pytorch.org/docs/stable/generated/torch.nn.functional.tanhshrink.html */
export const tanhshrink = /* @__PURE__ */ unary({
  name: 'tanhshrink',
  value: 'or_nan(x - tanh_(x), x)',
  slope: 'or_nan(g * tanh_(x) * tanh_(x), x)',
  uses: [EXPM1, TANH],
  grad: ({ g, x }) => mul(g, square(tanh(x))),
});

/** As ONNX has them. */
export default {
  selu: 'Selu',
  softsign: 'Softsign',
  celu: (g, { x }, { parameter }: Parameter) => g.node('Celu', [x], { alpha: { float: parameter } }),
  mish: (g, { x }) => g.node('Mul', [x, g.node('Tanh', [g.node('Softplus', [x])])]),
  logsigmoid: (g, { x }) => g.node('Neg', [g.node('Softplus', [g.node('Neg', [x])])]),
  tanhshrink: (g, { x }) => g.node('Sub', [x, g.node('Tanh', [x])]),
} satisfies OnnxRules;
