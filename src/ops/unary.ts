/** Functions of one tensor, elementwise. Each is a line of `src/kernels/elementwise/unary.ts`. */

import { launchFlat } from '../choose/variant.js';
import { refuse } from '../gpu/errors.js';
import { atMost, checked, ofTensor, wantOperand, wantTensor } from '../gpu/options.js';
import * as lines from '../kernels/elementwise/unary.js';
import { names, unaryGradKernel, unaryKernel } from '../kernels/elementwise.js';
import { bitsOf } from '../kernels/flat.js';
import { nanToNumKernel } from '../kernels/nanToNum.js';
import { differentiable } from '../tensor/remember.js';
import { Tensor } from '../tensor/tensor.js';
import { markLike, noneOf } from '../tensor/unfit.js';
import { div, gt, maximum, minimum, mul, powTensor } from './binary.js';
import { cast } from './cast.js';
import { offered } from './fusion.js';
import { where } from './shape.js';

function unary(line: lines.Unary, x: Tensor, parameter?: number): Tensor {
  const { name } = line;
  wantTensor(name, 'x', x);
  if (x.dtype !== 'f32' && line.whole && (x.dtype !== 'u32' || !line.whole.includes('-'))) {
    const type = x.dtype === 'u32' ? 'u32' : 'i32';
    const spec = { name, size: x.size, type, ...noneOf(x) } as const;
    return markLike(
      launchFlat('unary', (cut) => unaryKernel(line, cut), spec, [cast(x, type)], x.shape, type),
      x,
    );
  }
  if (x.dtype !== 'f32') return unary(line, cast(x, 'f32'), parameter);
  if (Number.isNaN(parameter)) refuse(`${name}: the parameter is NaN`);
  const spec = { name, size: x.size, ...(parameter === undefined ? {} : { parameter: bitsOf(parameter, 'f32') }) };
  const y = launchFlat('unary', (cut) => unaryKernel(line, cut), spec, [x], x.shape, line.makes);
  if (line.makes) return y;
  return differentiable(name, [x], y, (g) => [unaryGrad(line, spec, x, y, g)], { parameter });
}

interface Described {
  readonly name: string;
  readonly size: number;
  readonly parameter?: number;
}

/** What the gradient does not depend on is not read: it may have been overwritten, or be freed. */
function unaryGrad(line: lines.Unary, spec: Described, x: Tensor, y: Tensor, g: Tensor): Tensor {
  const [usesX, usesY] = ['x', 'y'].map((name) => names(line.gradient ?? '', name));
  const reads = [usesX ? x : g, usesY ? y : g, g];
  return launchFlat('unary.grad', (cut) => unaryGradKernel(line, cut), spec, reads, x.shape);
}

/** The function that a line makes of a tensor. */
const alone = (line: lines.Unary) =>
  function (x: Tensor): Tensor {
    atMost(line.name, 1, arguments);
    return unary(line, x);
  };

/** −x, of i32 an i32. */
export const neg = /* @__PURE__ */ alone(lines.neg);
/** |x|; its gradient at 0 is 0. Integers stay integers. */
export const abs = /* @__PURE__ */ alone(lines.abs);
/** e^x, off by at most 4e-7 of itself. */
export const exp = /* @__PURE__ */ alone(lines.exp);
/** Natural logarithm. */
export const log = /* @__PURE__ */ alone(lines.log);
/** log(1 + x), off by at most 4e-7 of itself, however near 0. */
export const log1p = /* @__PURE__ */ alone(lines.log1p);
/** Square root. */
export const sqrt = /* @__PURE__ */ alone(lines.sqrt);
/** 1 / √x. */
export const rsqrt = /* @__PURE__ */ alone(lines.rsqrt);
/** 1 / x. */
export const reciprocal = /* @__PURE__ */ alone(lines.reciprocal);
/** x². Integers stay integers, and wrap as in `mul`. */
export const square = /* @__PURE__ */ alone(lines.square);
/** Sine of an angle in radians, off by less than 2e-7 for every finite x, however large; NaN of infinities. */
export const sin = /* @__PURE__ */ alone(lines.sin);
/** Cosine, as {@link sin}. */
export const cos = /* @__PURE__ */ alone(lines.cos);
/** Hyperbolic tangent. */
export const tanh = /* @__PURE__ */ alone(lines.tanh);
/** 1 / (1 + e^−x). */
export const sigmoid = /* @__PURE__ */ alone(lines.sigmoid);
/** Error function. */
export const erf = /* @__PURE__ */ alone(lines.erf);
/** As {@link alone}, of a function that leaves integers what they are. */
const rounding = (line: lines.Unary) =>
  function (x: Tensor): Tensor {
    atMost(line.name, 1, arguments);
    return wantTensor(line.name, 'x', x).dtype === 'f32' ? unary(line, x) : x;
  };
/** Largest whole number ≤ x. Its gradient is 0. Integers stay what they are. */
export const floor = /* @__PURE__ */ rounding(lines.floor);
/** Smallest whole number ≥ x. Its gradient is 0. Integers stay what they are. */
export const ceil = /* @__PURE__ */ rounding(lines.ceil);
/** Nearest whole number, ties to even. Its gradient is 0. Integers stay what they are. */
export const round = /* @__PURE__ */ rounding(lines.round);
/** −1, 0 or 1, of i32 an i32. Its gradient is 0. */
export const sign = /* @__PURE__ */ alone(lines.sign);

/** Whether each element is a NaN. @see https://pytorch.org/docs/stable/generated/torch.isnan.html */
export const isnan = /* @__PURE__ */ alone(lines.isnan);
/** Whether each element is an infinity, of either sign. @see https://pytorch.org/docs/stable/generated/torch.isinf.html */
export const isinf = /* @__PURE__ */ alone(lines.isinf);
/** Whether each element is neither NaN nor infinite. @see https://pytorch.org/docs/stable/generated/torch.isfinite.html */
export const isfinite = /* @__PURE__ */ alone(lines.isfinite);

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
  return differentiable('nanToNum', [x], y, (g) => [where(isfinite(x), g, 0)], { nan, posinf, neginf });
}

/** max(x, 0). Integers stay integers. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.relu.html */
export function relu(x: Tensor): Tensor {
  atMost('relu', 1, arguments);
  const y = offered(wantTensor('relu', 'x', x))?.relu?.();
  if (!y) return unary(lines.relu, x);
  // The gradient reads y alone, so that whatever made x need not.
  const spec = { name: 'relu', size: x.size };
  return differentiable('relu', [x], y, (g) => [offered(g)?.reluMask?.(y) ?? unaryGrad(lines.relu, spec, y, y, g)]);
}
/** min(max(x, 0), 6). Integers stay integers. */
export const relu6 = /* @__PURE__ */ alone(lines.relu6);
/** x above 0, `negativeSlope` · x below. Default slope: 0.01. */
export function leakyRelu(x: Tensor, options: { negativeSlope?: number | undefined } = {}): Tensor {
  const { negativeSlope = 0.01 } = checked('leakyRelu', options, { negativeSlope: 'number' });
  return unary(lines.leakyRelu, x, negativeSlope);
}
/** x above 0, `alpha` · (e^x − 1) below. Default alpha: 1. */
export function elu(x: Tensor, options: { alpha?: number | undefined } = {}): Tensor {
  const { alpha = 1 } = checked('elu', options, { alpha: 'number' });
  return unary(lines.elu, x, alpha);
}
/** x · sigmoid(x), also called swish. */
export const silu = /* @__PURE__ */ alone(lines.silu);
/** log(1 + e^(beta · x)) / beta, x itself where beta · x is above `threshold`. Defaults: beta 1, threshold 20. */
export function softplus(x: Tensor, options: { beta?: number | undefined; threshold?: number } = {}): Tensor {
  wantTensor('softplus', 'x', x);
  const { beta = 1, threshold = 20 } = checked('softplus', options, { beta: 'number', threshold: 'number' });
  if (beta === 1 && threshold === 20) return unary(lines.softplus, x);
  const scaled = mul(x, beta);
  return where(gt(scaled, threshold), x, div(unary(lines.softplus, scaled), beta));
}
/** x · Φ(x), exactly by erf or by the tanh approximation. Default: 'none', exact. */
export function gelu(x: Tensor, options: { approximate?: 'none' | 'tanh' } = {}): Tensor {
  const { approximate } = checked('gelu', options, { approximate: ['none', 'tanh'] });
  return unary(approximate === 'tanh' ? lines.geluTanh : lines.gelu, x);
}
/** Piecewise linear sigmoid: x/6 + 1/2 clamped to [0, 1]. */
export const hardsigmoid = /* @__PURE__ */ alone(lines.hardsigmoid);
/** x · hardsigmoid(x). */
export const hardswish = /* @__PURE__ */ alone(lines.hardswish);

/** x limited to [min, max]; either may be left out. Integers stay integers where the limits are of their type. */
export function clamp(x: Tensor, options: { min?: number | null | undefined; max?: number | null }): Tensor {
  wantTensor('clamp', 'x', x);
  const { min, max } = checked('clamp', options, { min: 'number?', max: 'number?' });
  if (min == null && max == null) refuse('clamp: give min, max or both');
  if (x.dtype !== 'f32') {
    const above = min == null ? x : maximum(x, min);
    return max == null ? above : minimum(above, max);
  }
  const above = min == null ? x : unary(lines.clampMin, x, min);
  return max == null ? above : unary(lines.clampMax, above, max);
}

/**
 * x to the power of a number or a tensor. Whole exponents up to 16 are products, so negative bases are exact. Integers to whole
 * powers stay integers, and wrap; of a negative power in a tensor the whole part is taken, which is 0 but for 1 and −1.
 *
 * @throws KindlingError for integers to the power of a negative whole number
 */
export function pow(x: Tensor, exponent: number | Tensor): Tensor {
  ofTensor('pow', 2, arguments);
  wantOperand('pow', 'exponent', exponent);
  if (exponent instanceof Tensor) return powTensor(x, exponent);
  if (exponent === 0.5) return sqrt(x);
  if (exponent === 2) return square(x);
  if (x.dtype === 'f32' || !Number.isInteger(exponent)) return unary(lines.powScalar, x, exponent);
  if (exponent < 0) refuse(`pow: integers to the power of ${exponent} are none; cast them: x.to('f32')`);
  return powTensor(x, exponent);
}
