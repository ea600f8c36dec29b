/** Powers. */
import { refuse } from '../../gpu/errors.js';
import { ofTensor, wantOperand } from '../../gpu/options.js';
import { LOG, POW } from '../../kernels/elementwise/helpers.js';
import { Tensor } from '../../tensor/tensor.js';
import type { OnnxRules, Parameter } from '../onnx.js';
import { where } from '../shape.js';
import { clamp } from './activations.js';
import { add, mul, sqrt, square, sub } from './arithmetic.js';
import { eq, ge, lt } from './comparison.js';
import { log } from './exponential.js';
import { applied, binary, madeOf, recordsOf, type UnaryRecord } from './make.js';

// Products wrap as those of mul do; of negative powers only those of 1 and -1 are whole, the others' whole part is 0.
const POWER_OF_INTEGERS = `
fn wholePower(a: i32, b: i32) -> i32 {
  if (b < 0) { return select(select(0, 1 - 2 * (b & 1), a == -1), 1, a == 1); }
  var product = 1;
  var square = a;
  for (var n = b; n > 0; n >>= 1u) {
    if ((n & 1) == 1) { product *= square; }
    square *= square;
  }
  return product;
}`;
const byTensor = /* @__PURE__ */ binary({
  name: 'pow',
  value: 'pow_(a, b)',
  whole: 'wholePower(i32(a), i32(b))',
  slopes: [
    'select(g * b * pow_(a, b - 1.0), 0.0, b == 0.0)',
    'select(g * pow_(a, b) * log_(a), 0.0, (a == 0.0) & (b >= 0.0))',
  ],
  uses: [LOG, POW, POWER_OF_INTEGERS],
  grad: {
    a: ({ g, a, b }) => where(eq(b, 0), 0, mul(g, mul(b, byTensor(a, sub(b, 1))))),
    b: ({ g, a, b, y }) => {
      const slope = mul(y, where(lt(a, 0), Number.NaN, log(clamp(a, { min: 2 ** -126 }))));
      return where(eq(add(eq(a, 0), ge(b, 0)), 2), 0, mul(g, slope));
    },
  },
});
const BY_NUMBER: UnaryRecord = {
  name: 'powScalar',
  // PyTorch takes the root's reciprocal, which differs at minus infinity.
  value: 'select(pow_(x, p), inverseSqrt(x), p == -0.5)',
  slope: 'select(g * p * pow_(x, p - 1.0), 0.0, p == 0.0)',
  uses: [LOG, POW],
  grad: ({ g, x, p }) => (p === 0 ? mul(g, 0) : mul(g, mul(pow(x, p - 1), p))),
};

/**
 * x to the power of a number or a tensor. Whole exponents up to 16 are products, so negative bases are exact. Integers to whole
 * powers stay integers, and wrap; of a negative power in a tensor the whole part is taken, which is 0 but for 1 and −1.
 *
 * @throws KindlingError for integers to the power of a negative whole number
 * @see https://pytorch.org/docs/stable/generated/torch.pow.html
 */
export const pow: (x: Tensor, exponent: number | Tensor) => Tensor = /* @__PURE__ */ madeOf(
  [BY_NUMBER, ...recordsOf(byTensor)],
  function (x: Tensor, exponent: number | Tensor): Tensor {
    ofTensor('pow', 2, arguments);
    wantOperand('pow', 'exponent', exponent);
    if (exponent instanceof Tensor) return byTensor(x, exponent);
    if (exponent === 0.5) return sqrt(x);
    if (exponent === 2) return square(x);
    if (x.dtype === 'f32' || !Number.isInteger(exponent)) return applied(BY_NUMBER, x, exponent);
    if (exponent < 0) refuse(`pow: integers to the power of ${exponent} are none; cast them: x.to('f32')`);
    return byTensor(x, exponent);
  },
);

/** As ONNX has them. */
export default {
  pow: 'Pow',
  powScalar: (g, { x }, { parameter }: Parameter) => g.node('Pow', [x, parameter]),
} satisfies OnnxRules;
