/** Activations that are linear in pieces: hardtanh, the shrinking functions, PReLU; and GLU, the gate. */
import { refuse } from '../../gpu/errors.js';
import { atMost, checked, wantTensor } from '../../gpu/options.js';
import { differentiable, noGrad, stepwise } from '../../tensor/remember.js';
import { at, dimOf, show } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { reshape } from '../broadcast.js';
import { type OnnxRules, type Parameter, scalar } from '../onnx.js';
import { chunk } from '../parts.js';
import { where } from '../shape.js';
import { clamp } from './activations.js';
import { mul } from './arithmetic.js';
import { gt, lt } from './comparison.js';
import { sigmoid } from './exponential.js';
import { logicalAnd } from './logical.js';
import { applied, type BinaryRecord, binary, madeOf, recordsOf, type UnaryRecord } from './make.js';

export interface HardtanhOptions {
  /** Default: −1. */
  minVal?: number | undefined;
  /** Default: 1. */
  maxVal?: number | undefined;
}

/**
 * x limited to [minVal, maxVal]; unlike {@link clamp} it has no gradient at the limits themselves.
 * @throws KindlingError unless minVal is below maxVal
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html
 */
export function hardtanh(x: Tensor, options: HardtanhOptions = {}): Tensor {
  wantTensor('hardtanh', 'x', x);
  const known = { minVal: 'number', maxVal: 'number' } as const;
  const { minVal: min = -1, maxVal: max = 1 } = checked('hardtanh', options, known);
  if (!(min < max)) refuse(`hardtanh: minVal ${min} is not below maxVal ${max}`);
  const y = noGrad(() => clamp(x, { min, max }));
  const by = (g: Tensor): Tensor => stepwise(where(logicalAnd(gt(x, min), lt(x, max)), g, 0), x);
  return differentiable('hardtanh', [x], y, { by: [by] }, { min, max });
}

const SLOPE = 'select(0.0, g, (abs(x) > p) & !is_nan(x))';
const SOFTSHRINK: UnaryRecord = {
  name: 'softshrink',
  bends: true,
  value: 'or_nan(select(select(0.0, x + p, x < -p), x - p, x > p), x)',
  slope: SLOPE,
};
const HARDSHRINK: UnaryRecord = {
  name: 'hardshrink',
  bends: true,
  value: 'or_nan(select(0.0, x, abs(x) > p), x)',
  slope: SLOPE,
};

export interface ShrinkOptions {
  /** Default: 0.5. */
  lambd?: number | undefined;
}

function lambdOf(name: string, options: ShrinkOptions): number {
  const { lambd = 0.5 } = checked(name, options, { lambd: 'number' });
  if (!(lambd >= 0)) refuse(`${name}: lambd is at least 0, got ${lambd}`);
  return lambd;
}

/** x less `lambd` towards 0, and 0 where |x| is no more. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.softshrink.html */
export const softshrink = /* @__PURE__ */ madeOf(
  [SOFTSHRINK],
  function softshrink(x: Tensor, options: ShrinkOptions = {}): Tensor {
    return applied(SOFTSHRINK, x, lambdOf('softshrink', options));
  },
);
/** x, and 0 where |x| is no more than `lambd`. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.hardshrink.html */
export const hardshrink = /* @__PURE__ */ madeOf(
  [HARDSHRINK],
  function hardshrink(x: Tensor, options: ShrinkOptions = {}): Tensor {
    return applied(HARDSHRINK, x, lambdOf('hardshrink', options));
  },
);

const PRELU: BinaryRecord = {
  name: 'prelu',
  value: 'select(b * a, a, a > 0.0)',
  slopes: ['select(g * b, g, is_positive(a))', 'select(g * a, 0.0, is_positive(a))'],
  grad: {
    a: ({ g, a, b }) => where(gt(a, 0), g, mul(g, b)),
    b: ({ g, a }) => where(gt(a, 0), 0, mul(g, a)),
  },
};
const byChannel = /* @__PURE__ */ binary(PRELU);
/**
 * x above 0, `weight` · x below. weight: one number, [1] or [], or one for each channel, [C], of x [N, C, …].
 * @throws KindlingError for weights of another shape
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html
 */
export const prelu = /* @__PURE__ */ madeOf(recordsOf(byChannel), function prelu(x: Tensor, weight: Tensor): Tensor {
  atMost('prelu', 2, arguments);
  wantTensor('prelu', 'x', x);
  wantTensor('prelu', 'weight', weight);
  if (weight.size === 1 && weight.ndim < 2) return byChannel(x, reshape(weight, []));
  const channels = x.ndim > 1 ? at(x.shape, 1) : 1;
  if (weight.ndim !== 1 || weight.size !== channels) {
    refuse(`prelu: input ${show(x.shape)} wants a weight of shape [1] or [${channels}], got ${show(weight.shape)}`);
  }
  return byChannel(x, reshape(weight, [channels, ...x.shape.slice(2).fill(1)]));
});

/**
 * The first half of x along `dim`, times the sigmoid of the second. Default dim: −1.
 * @throws KindlingError where the length is odd
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.glu.html
 */
export function glu(x: Tensor, options: { dim?: number | undefined } = {}): Tensor {
  wantTensor('glu', 'x', x);
  const { dim = -1 } = checked('glu', options, { dim: 'whole' });
  const d = dimOf('glu', dim, x.ndim);
  if (x.ndim === 0 || at(x.shape, d) % 2 === 1) refuse(`glu: dimension ${d} of ${show(x.shape)} has no halves`);
  const [value, gate] = chunk(x, 2, d) as [Tensor, Tensor];
  return mul(value, sigmoid(gate));
}

/** As ONNX has them. */
export default {
  hardtanh: (g, { x, value: { dtype } }, { min, max }: { min: number; max: number }) =>
    g.node('Clip', [x, scalar(dtype, min), scalar(dtype, max)]),
  hardshrink: (g, { x }, { parameter }: Parameter) => g.node('Shrink', [x], { lambd: { float: parameter } }),
  softshrink: (g, { x }, { parameter }: Parameter) => {
    const float = { float: parameter };
    return g.node('Shrink', [x], { lambd: float, bias: float });
  },
  prelu: 'PRelu',
} satisfies OnnxRules;
