/** Activations, and functions that limit what they are given. */
import { launchFlat } from '../../choose/variant.js';
import { refuse } from '../../gpu/errors.js';
import { atMost, checked, wantTensor } from '../../gpu/options.js';
import { BEND, ERF, EXP, EXPM1, LOG, PHI, SIGMOID, SOFTPLUS } from '../../kernels/elementwise/helpers.js';
import { bitsOf } from '../../kernels/flat.js';
import { RELU } from '../../kernels/floats.js';
import { nanToNumKernel } from '../../kernels/nanToNum.js';
import { isMarked, mark } from '../../tensor/rectified.js';
import { differentiable } from '../../tensor/remember.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type OnnxRules, type Parameter, scalar } from '../onnx.js';
import { where } from '../shape.js';
import { add, div, maximum, minimum, mul, neg, square, sub } from './arithmetic.js';
import { ge, gt, isfinite, lt } from './comparison.js';
import { erf, exp, sigmoid, tanh } from './exponential.js';
import { applied, madeOf, type UnaryRecord, unary } from './make.js';

const RELU_RECORD: UnaryRecord = {
  name: 'relu',
  bends: true,
  value: 'relu(x)',
  slope: 'select(g, 0.0, bitcast<u32>(y) == 0u)',
  uses: [RELU],
  whole: 'max(x, 0)',
};
/** max(x, 0). Integers stay integers. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.relu.html */
export const relu = /* @__PURE__ */ madeOf([RELU_RECORD], function relu(x: Tensor): Tensor {
  atMost('relu', 1, arguments);
  // Pooling's gradient may have done what the ReLU's would do.
  const y = applied(RELU_RECORD, x, undefined, (g) => isMarked(g.storage, y) && g);
  mark(y, y);
  return y;
});
/** min(max(x, 0), 6). Integers stay integers. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html */
export const relu6 = /* @__PURE__ */ unary({
  name: 'relu6',
  bends: true,
  value: 'or_nan(clamp(x, 0.0, 6.0), x)',
  // 0 < x < 6, by the bits.
  slope: 'select(0.0, g, bitcast<u32>(x) - 1u < 0x40bfffffu)',
  whole: 'clamp(x, 0, 6)',
});

const LEAKY: UnaryRecord = {
  name: 'leakyRelu',
  bends: true,
  value: 'select(p * x, x, x > 0.0)',
  slope: 'select(p * g, g, is_positive(x))',
};
/** x above 0, `negativeSlope` · x below. Default slope: 0.01. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html */
export const leakyRelu = /* @__PURE__ */ madeOf(
  [LEAKY],
  function leakyRelu(x: Tensor, options: { negativeSlope?: number | undefined } = {}): Tensor {
    const { negativeSlope = 0.01 } = checked('leakyRelu', options, { negativeSlope: 'number' });
    return applied(LEAKY, x, negativeSlope);
  },
);

const ELU_RECORD: UnaryRecord = {
  name: 'elu',
  value: 'select(x, p * expm1_(x), is_negative(x))',
  slope: 'or_nan(select(g * p * exp_(x), g, x > 0.0), x)',
  uses: [EXP, EXPM1],
  grad: ({ g, x, p }) => where(gt(x, 0), g, mul(g, mul(exp(clamp(x, { max: 0 })), p))),
};
/** x above 0, `alpha` · (e^x − 1) below. Default alpha: 1. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.elu.html */
export const elu = /* @__PURE__ */ madeOf(
  [ELU_RECORD],
  function elu(x: Tensor, options: { alpha?: number | undefined } = {}): Tensor {
    const { alpha = 1 } = checked('elu', options, { alpha: 'number' });
    return applied(ELU_RECORD, x, alpha);
  },
);

/** x · sigmoid(x), also called swish. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.silu.html */
export const silu = /* @__PURE__ */ unary({
  name: 'silu',
  value: 'x * sigmoid_(x)',
  slope: 'g * sigmoid_(x) * (1.0 + x * sigmoid_(-x))',
  uses: [EXP, SIGMOID],
  grad: ({ g, x }) => mul(g, add(sigmoid(x), mul(x, mul(sigmoid(x), sigmoid(neg(x)))))),
});

const SOFTPLUS_RECORD: UnaryRecord = {
  name: 'softplus',
  value: 'select(softplus_(x), x, (x > 20.0) | is_nan(x))',
  slope: 'or_nan(g * sigmoid_(x), x)',
  uses: [EXP, LOG, SOFTPLUS, SIGMOID],
  grad: ({ g, x }) => where(gt(x, 20), g, mul(g, sigmoid(x))),
};
/**
 * log(1 + e^(beta · x)) / beta, x itself where beta · x is above `threshold`. Defaults: beta 1, threshold 20.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html
 */
export const softplus = /* @__PURE__ */ madeOf(
  [SOFTPLUS_RECORD],
  function softplus(x: Tensor, options: { beta?: number | undefined; threshold?: number } = {}): Tensor {
    wantTensor('softplus', 'x', x);
    const { beta = 1, threshold = 20 } = checked('softplus', options, { beta: 'number', threshold: 'number' });
    if (beta === 1 && threshold === 20) return applied(SOFTPLUS_RECORD, x);
    const scaled = mul(x, beta);
    return where(gt(scaled, threshold), x, div(applied(SOFTPLUS_RECORD, scaled), beta));
  },
);

const GELU_RECORD: UnaryRecord = {
  name: 'gelu',
  value: 'x * phi_(x)',
  slope: 'g * (phi_(x) + x * 0.3989422804 * exp_(-0.5 * x * x))',
  uses: [EXP, ERF, PHI],
  grad: ({ g, x }) => {
    const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(g, add(mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5), mul(x, density)));
  },
};
/** By tanh: 0.5 x (1 + tanh u), u = √(2/π) (x + CUBIC x³). */
const CUBIC = 0.044715;
const GELU_TANH: UnaryRecord = {
  name: 'geluTanh',
  value: 'x * sigmoid_(bend(x))',
  slope: 'g * sigmoid_(bend(x)) * (1.0 + x * sigmoid_(-bend(x)) * 1.5957691216 * (1.0 + 0.134145 * x * x))',
  uses: [EXP, SIGMOID, BEND],
  grad: ({ g, x }) => {
    const root = Math.sqrt(2 / Math.PI);
    const bend = tanh(mul(mul(x, add(mul(square(x), CUBIC), 1)), root));
    const slope = mul(add(mul(square(x), 3 * CUBIC), 1), root / 2);
    return mul(g, add(mul(add(bend, 1), 0.5), mul(mul(x, sub(1, square(bend))), slope)));
  },
};
/**
 * x · Φ(x), exactly by erf or by the tanh approximation. Default: 'none', exact.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html
 */
export const gelu = /* @__PURE__ */ madeOf(
  [GELU_RECORD, GELU_TANH],
  function gelu(x: Tensor, options: { approximate?: 'none' | 'tanh' } = {}): Tensor {
    const { approximate } = checked('gelu', options, { approximate: ['none', 'tanh'] });
    return applied(approximate === 'tanh' ? GELU_TANH : GELU_RECORD, x);
  },
);

/** Piecewise linear sigmoid: x/6 + 1/2 clamped to [0, 1]. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.hardsigmoid.html */
export const hardsigmoid = /* @__PURE__ */ unary({
  name: 'hardsigmoid',
  bends: true,
  value: 'or_nan(clamp(x / 6.0 + 0.5, 0.0, 1.0), x)',
  // |x| < 3, by the bits.
  slope: 'select(0.0, g / 6.0, bitcast<u32>(abs(x)) < 0x40400000u)',
});
/** x · hardsigmoid(x). @see https://pytorch.org/docs/stable/generated/torch.nn.functional.hardswish.html */
export const hardswish = /* @__PURE__ */ unary({
  name: 'hardswish',
  value: 'x * clamp(x + 3.0, 0.0, 6.0) / 6.0',
  slope: 'select(select(0.0, g, x >= 3.0), g * (x / 3.0 + 0.5), ((x >= -3.0) & (x < 3.0)) | is_nan(x))',
  grad: ({ g, x }) => where(lt(x, -3), 0, where(ge(x, 3), g, mul(g, add(div(x, 3), 0.5)))),
});

const CLAMP_MIN: UnaryRecord = {
  name: 'clampMin',
  value: 'or_nan(max(x, p), x)',
  slope: 'select(0.0, g, (x >= p) & !is_nan(x))',
};
const CLAMP_MAX: UnaryRecord = {
  name: 'clampMax',
  value: 'or_nan(min(x, p), x)',
  slope: 'select(0.0, g, (x <= p) & !is_nan(x))',
};
/**
 * x limited to [min, max]; either may be left out. Integers stay integers where the limits are of their type.
 * @see https://pytorch.org/docs/stable/generated/torch.clamp.html
 */
export const clamp = /* @__PURE__ */ madeOf(
  [CLAMP_MIN, CLAMP_MAX],
  function clamp(x: Tensor, options: { min?: number | null | undefined; max?: number | null }): Tensor {
    wantTensor('clamp', 'x', x);
    const { min, max } = checked('clamp', options, { min: 'number?', max: 'number?' });
    if (min == null && max == null) refuse('clamp: give min, max or both');
    if (x.dtype !== 'f32') {
      const above = min == null ? x : maximum(x, min);
      return max == null ? above : minimum(above, max);
    }
    const above = min == null ? x : applied(CLAMP_MIN, x, min);
    return max == null ? above : applied(CLAMP_MAX, above, max);
  },
);

export interface NanToNumOptions {
  /** What takes the place of NaN. Default: 0. */
  nan?: number | undefined;
  /** Of infinity. Default: the largest f32. */
  posinf?: number | undefined;
  /** Of minus infinity. Default: the lowest f32. */
  neginf?: number | undefined;
}

const LARGEST = 3.4028234663852886e38;

/**
 * x with numbers in place of NaN and the infinities, which get no gradient. Other types stay as they are.
 * @see https://pytorch.org/docs/stable/generated/torch.nan_to_num.html
 */
export function nanToNum(x: Tensor, options: NanToNumOptions = {}): Tensor {
  wantTensor('nanToNum', 'x', x);
  if (x.dtype !== 'f32') return x;
  const known = { nan: 'number', posinf: 'number', neginf: 'number' } as const;
  const { nan = 0, posinf = LARGEST, neginf = -LARGEST } = checked('nanToNum', options, known);
  const bits = (value: number): number => bitsOf(value, 'f32');
  const spec = { size: x.size, nan: bits(nan), posinf: bits(posinf), neginf: bits(neginf) };
  const y = launchFlat('nanToNum', nanToNumKernel, spec, [x], x.shape);
  return differentiable('nanToNum', [x], y, { by: [(g) => where(isfinite(x), g, 0)] }, { nan, posinf, neginf });
}

/** As ONNX has them. */
export default {
  relu: 'Relu',
  softplus: 'Softplus',
  hardswish: 'HardSwish',
  relu6: (g, { x, value: { dtype } }) => g.node('Clip', [x, scalar(dtype, 0), scalar(dtype, 6)]),
  leakyRelu: (g, { x }, { parameter }: Parameter) => g.node('LeakyRelu', [x], { alpha: { float: parameter } }),
  elu: (g, { x }, { parameter }: Parameter) => g.node('Elu', [x], { alpha: { float: parameter } }),
  silu: (g, { x }) => g.node('Mul', [x, g.node('Sigmoid', [x])]),
  gelu: (g, { x }) => {
    const phi = g.node('Add', [g.node('Erf', [g.node('Mul', [x, Math.SQRT1_2])]), 1]);
    return g.node('Mul', [g.node('Mul', [x, 0.5]), phi]);
  },
  geluTanh: (g, { x }) => {
    const cube = g.node('Mul', [g.node('Mul', [g.node('Mul', [x, x]), x]), 0.044715]);
    const bend = g.node('Tanh', [g.node('Mul', [g.node('Add', [x, cube]), Math.sqrt(2 / Math.PI)])]);
    return g.node('Mul', [g.node('Mul', [x, 0.5]), g.node('Add', [bend, 1])]);
  },
  hardsigmoid: (g, { x }) => g.node('HardSigmoid', [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  clampMin: (g, { x }, { parameter }: Parameter) => g.node('Clip', [x, parameter]),
  clampMax: (g, { x }, { parameter }: Parameter) => g.node('Clip', [x, '', parameter]),
  nanToNum: (g, { x }, { nan, posinf, neginf }: { nan: number; posinf: number; neginf: number }) => {
    const infinity = g.node('Where', [g.node('Greater', [x, 0]), scalar('f32', posinf), scalar('f32', neginf)]);
    const finite = g.node('Where', [g.node('IsInf', [x]), infinity, x]);
    return g.node('Where', [g.node('IsNaN', [x]), scalar('f32', nan), finite]);
  },
} satisfies OnnxRules;
