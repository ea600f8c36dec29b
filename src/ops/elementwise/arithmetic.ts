/** Arithmetic of one tensor, and of two that broadcast. */
import { SIGN } from '../../kernels/elementwise/helpers.js';
import { stepwise } from '../../tensor/remember.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { OnnxRules } from '../onnx.js';
import { le, lt } from './comparison.js';
import { binary, rounding, unary } from './make.js';

/** a + b, elementwise with broadcasting. @see https://pytorch.org/docs/stable/generated/torch.add.html */
export const add = /* @__PURE__ */ binary({
  name: 'add',
  value: 'a + b',
  grad: { a: ({ g }) => g, b: ({ g }) => g },
});
/** a − b. @see https://pytorch.org/docs/stable/generated/torch.sub.html */
export const sub = /* @__PURE__ */ binary({
  name: 'sub',
  value: 'a - b',
  grad: { a: ({ g }) => g, b: ({ g }) => neg(g) },
});
/** a · b. @see https://pytorch.org/docs/stable/generated/torch.mul.html */
export const mul = /* @__PURE__ */ binary({
  name: 'mul',
  value: 'a * b',
  grad: { a: ({ g, b }) => mul(g, b), b: ({ g, a }) => mul(g, a) },
});
/** a / b, in f32. @see https://pytorch.org/docs/stable/generated/torch.div.html */
export const div = /* @__PURE__ */ binary({
  name: 'div',
  inFloats: true,
  value: 'a / b',
  slopes: ['g / b', '-g * (a / b) / b'],
  grad: { a: ({ g, b }) => div(g, b), b: ({ g, a, b }) => neg(div(mul(g, div(a, b)), b)) },
});

// Ties of maximum and minimum share the gradient, and of a NaN both have all of it, as in PyTorch.
const LARGER = 'g * select(select(0.0, 1.0, a > b), 0.5, a == b)';
const SMALLER = 'g * select(select(0.0, 1.0, a < b), 0.5, a == b)';
/** 1 where p is the larger or one is a NaN, 1/2 where they are equal. */
const share = (p: Tensor, q: Tensor): Tensor => sub(1, mul(add(lt(p, q), le(p, q)), 0.5));

/** The larger of each pair; where they are equal both get half the gradient. @see https://pytorch.org/docs/stable/generated/torch.maximum.html */
export const maximum = /* @__PURE__ */ binary({
  name: 'maximum',
  value: 'max(a, b)',
  slopes: [LARGER, SMALLER],
  ofNan: ['a + b', 'g'],
  grad: {
    a: ({ g, a, b }) => stepwise(mul(g, share(a, b)), a),
    b: ({ g, a, b }) => stepwise(mul(g, share(b, a)), b),
  },
});
/** The smaller of each pair; where they are equal both get half the gradient. @see https://pytorch.org/docs/stable/generated/torch.minimum.html */
export const minimum = /* @__PURE__ */ binary({
  name: 'minimum',
  value: 'min(a, b)',
  slopes: [SMALLER, LARGER],
  ofNan: ['a + b', 'g'],
  grad: {
    a: ({ g, a, b }) => stepwise(mul(g, share(b, a)), a),
    b: ({ g, a, b }) => stepwise(mul(g, share(a, b)), b),
  },
});

/** −x, of i32 an i32. @see https://pytorch.org/docs/stable/generated/torch.neg.html */
export const neg = /* @__PURE__ */ unary({
  name: 'neg',
  value: '-x',
  slope: '-g',
  whole: '-x',
  grad: ({ g }) => neg(g),
});
/** |x|; its gradient at 0 is 0. Integers stay integers. @see https://pytorch.org/docs/stable/generated/torch.abs.html */
export const abs = /* @__PURE__ */ unary({
  name: 'abs',
  bends: true,
  value: 'abs(x)',
  slope: 'g * sign_(x)',
  uses: [SIGN],
  whole: 'abs(x)',
});
/** 1 / x. @see https://pytorch.org/docs/stable/generated/torch.reciprocal.html */
export const reciprocal = /* @__PURE__ */ unary({
  name: 'reciprocal',
  value: '1.0 / x',
  slope: '-g * y * y',
  grad: ({ g, y }) => neg(mul(g, square(y))),
});
/** x². Integers stay integers, and wrap as in `mul`. @see https://pytorch.org/docs/stable/generated/torch.square.html */
export const square = /* @__PURE__ */ unary({
  name: 'square',
  value: 'x * x',
  slope: 'g * 2.0 * x',
  whole: 'x * x',
  grad: ({ g, x }) => mul(mul(g, 2), x),
});
/** Square root. @see https://pytorch.org/docs/stable/generated/torch.sqrt.html */
export const sqrt = /* @__PURE__ */ unary({
  name: 'sqrt',
  value: 'sqrt(x)',
  slope: 'g * 0.5 / y',
  grad: ({ g, y }) => div(mul(g, 0.5), y),
});
/** 1 / √x. @see https://pytorch.org/docs/stable/generated/torch.rsqrt.html */
export const rsqrt = /* @__PURE__ */ unary({
  name: 'rsqrt',
  value: 'inverseSqrt(x)',
  slope: 'g * -0.5 * y * y * y',
  grad: ({ g, y }) => mul(mul(g, -0.5), mul(square(y), y)),
});
/** −1, 0 or 1, of i32 an i32. Its gradient is 0. @see https://pytorch.org/docs/stable/generated/torch.sign.html */
export const sign = /* @__PURE__ */ unary({ name: 'sign', value: 'sign_(x)', uses: [SIGN], whole: 'clamp(x, -1, 1)' });
/** Largest whole number ≤ x. Its gradient is 0. Integers stay what they are. @see https://pytorch.org/docs/stable/generated/torch.floor.html */
export const floor = /* @__PURE__ */ rounding({ name: 'floor', value: 'floor(x)' });
/** Smallest whole number ≥ x. Its gradient is 0. Integers stay what they are. @see https://pytorch.org/docs/stable/generated/torch.ceil.html */
export const ceil = /* @__PURE__ */ rounding({ name: 'ceil', value: 'ceil(x)' });
/** Nearest whole number, ties to even. Its gradient is 0. Integers stay what they are. @see https://pytorch.org/docs/stable/generated/torch.round.html */
export const round = /* @__PURE__ */ rounding({ name: 'round', value: 'round(x)' });

/** As ONNX has them. */
export default {
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  div: 'Div',
  maximum: 'Max',
  minimum: 'Min',
  neg: 'Neg',
  abs: 'Abs',
  reciprocal: 'Reciprocal',
  sqrt: 'Sqrt',
  sign: 'Sign',
  floor: 'Floor',
  ceil: 'Ceil',
  round: 'Round',
  square: (g, { x }) => g.node('Mul', [x, x]),
  rsqrt: (g, { x }) => g.node('Reciprocal', [g.node('Sqrt', [x])]),
} satisfies OnnxRules;
