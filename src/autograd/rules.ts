/**
 * Gradients made of differentiable functions, for gradients of gradients. `backward` takes kernels of its own, which the
 * tape cannot look into; where the gradient is to be differentiable, these formulas take their place.
 */
import { refuse } from '../gpu/errors.js';
import { add, div, eq, ge, gt, le, lt, mul, powTensor, sub } from '../ops/binary.js';
import { sum, sumTo } from '../ops/broadcast.js';
import { matmul } from '../ops/matmul.js';
import { transpose, where } from '../ops/shape.js';
import { clamp, cos, erf, exp, log, neg, pow, sigmoid, sin, softplus, square, tanh } from '../ops/unary.js';
import { zerosLike } from '../tensor/create.js';
import { differentiable } from '../tensor/remember.js';
import { show } from '../tensor/shape.js';
import { type GradFn, Tensor } from '../tensor/tensor.js';
import { isCustom } from './function.js';

/** What a rule reads of a recorded function: inputs a and b (x is a), the value y, and attributes. */
interface Recorded {
  readonly x: Tensor;
  readonly b: Tensor;
  readonly y: Tensor;
  /** Of a unary function. */
  readonly p: number;
  readonly dim: number;
  readonly made: GradFn;
}

/** From the gradient by the value: those by the inputs, before broadcasting is summed away; by functions where not all may be wanted. */
type Rule = (g: Tensor, recorded: Recorded) => Tensor | readonly (Tensor | null | (() => Tensor))[];

/** Their own backward is made of differentiable functions. */
const BY_THEMSELVES =
  'reshape expand sum clone permute slice flip cat pad where takeBlock putBlock indexSelect indexSelect.grad gather gather.grad ' +
  'tril triu cumsum dropout dropout2d mean prod amax amin logsumexp nanToNum binaryCrossEntropy add hook gate stepwise';

/** Multiplies by what changes with x only in steps, so the backward is linear in g and is its own gradient. */
const stepwise: Rule = (g, { made }) => {
  const by = (t: Tensor): Tensor => differentiable('stepwise', [t], made.backward(t)[0] as Tensor, (h) => [by(h)]);
  return by(g);
};

/** As {@link stepwise}, of functions whose slope PyTorch takes for a function of x, of gradient 0. */
const bent: Rule = (g, { x, made }) => {
  const by = (t: Tensor): Tensor =>
    differentiable('stepwise', [t, x], made.backward(t)[0] as Tensor, (h) => [by(h), zerosLike(x)]);
  return by(g);
};

const named = (names: string, rule: Rule): Record<string, Rule> =>
  Object.fromEntries(names.split(' ').map((name) => [name, rule]));

/** 1 where p is the larger or one is a NaN, 1/2 where they are equal. */
const share = (p: Tensor, q: Tensor): Tensor => sub(1, mul(add(lt(p, q), le(p, q)), 0.5));
const turned = (x: Tensor): Tensor => transpose(x, -2, -1);

// gelu by tanh: 0.5 x (1 + tanh u), u = BEND (x + CUBIC x³).
const BEND = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

const RULES: Readonly<Record<string, Rule>> = {
  ...named(BY_THEMSELVES, (g, { made }) => made.backward(g)),
  ...named('neg floor ceil round sign clampMin clampMax', stepwise),
  ...named('abs relu relu6 leakyRelu hardsigmoid', bent),
  exp: (g, { y }) => mul(g, y),
  log: (g, { x }) => div(g, x),
  log1p: (g, { x }) => div(g, add(x, 1)),
  sqrt: (g, { y }) => div(mul(g, 0.5), y),
  rsqrt: (g, { y }) => mul(mul(g, -0.5), mul(square(y), y)),
  reciprocal: (g, { y }) => neg(mul(g, square(y))),
  square: (g, { x }) => mul(mul(g, 2), x),
  sin: (g, { x }) => mul(g, cos(x)),
  cos: (g, { x }) => neg(mul(g, sin(x))),
  tanh: (g, { y }) => mul(g, sub(1, square(y))),
  sigmoid: (g, { y }) => mul(g, mul(y, sub(1, y))),
  erf: (g, { x }) => mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
  elu: (g, { x, p }) => where(gt(x, 0), g, mul(g, mul(exp(clamp(x, { max: 0 })), p))),
  silu: (g, { x }) => mul(g, add(sigmoid(x), mul(x, mul(sigmoid(x), sigmoid(neg(x)))))),
  softplus: (g, { x }) => where(gt(x, 20), g, mul(g, sigmoid(x))),
  gelu: (g, { x }) => {
    const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(g, add(mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5), mul(x, density)));
  },
  geluTanh: (g, { x }) => {
    const bend = tanh(mul(mul(x, add(mul(square(x), CUBIC), 1)), BEND));
    const slope = mul(add(mul(square(x), 3 * CUBIC), 1), BEND / 2);
    return mul(g, add(mul(add(bend, 1), 0.5), mul(mul(x, sub(1, square(bend))), slope)));
  },
  hardswish: (g, { x }) => where(lt(x, -3), 0, where(ge(x, 3), g, mul(g, add(div(x, 3), 0.5)))),
  powScalar: (g, { x, p }) => (p === 0 ? mul(g, 0) : mul(g, mul(pow(x, p - 1), p))),

  sub: (g) => [g, () => neg(g)],
  mul: (g, { x, b }) => [() => mul(g, b), () => mul(g, x)],
  div: (g, { x, b }) => [() => div(g, b), () => neg(div(mul(g, div(x, b)), b))],
  bce: (g, { x, b }) => [() => mul(g, sub(sigmoid(x), b)), () => neg(mul(g, x))],
  weightedSoftplus: (g, { x, b }) => [() => mul(g, mul(b, sigmoid(x))), () => mul(g, softplus(x))],
  maximum: (g, { x, b }) => [() => mul(g, share(x, b)), () => mul(g, share(b, x))],
  minimum: (g, { x, b }) => [() => mul(g, share(b, x)), () => mul(g, share(x, b))],
  pow: (g, { x, b, y }) => [
    () => where(eq(b, 0), 0, mul(g, mul(b, powTensor(x, sub(b, 1))))),
    () =>
      where(
        eq(add(eq(x, 0), ge(b, 0)), 2),
        0,
        mul(g, mul(y, where(lt(x, 0), Number.NaN, log(clamp(x, { min: 2 ** -126 }))))),
      ),
  ],

  softmax: (g, { y, dim }) => mul(y, sub(g, sum(mul(g, y), { dim, keepdim: true }))),
  logSoftmax: (g, { y, dim }) => sub(g, mul(exp(y), sum(g, { dim, keepdim: true }))),
  matmul: (g, { x, b }) => [() => matmul(g, turned(b)), () => matmul(turned(x), g)],
  linear: (g, { x, b }) => [() => matmul(g, b), () => matmul(turned(g), x), g],
};

/**
 * What the function that made `y` passes back, as functions that are recorded.
 *
 * @throws KindlingError naming a function that has no rule
 */
export function differentiableBackward(y: Tensor, made: GradFn, g: Tensor): readonly (Tensor | null)[] {
  const { name, inputs, attributes } = made;
  // A user's own function may have the name of one of ours.
  if (isCustom(y)) return made.backward(g);
  const rule = RULES[name];
  if (!rule) {
    refuse(
      `${name} of ${inputs.map(({ shape }) => show(shape)).join(', ')}: its gradient is not differentiable (createGraph); write it in other functions, or give it a backward of ` +
        'differentiable ones by defineFunction',
    );
  }
  const [x = y, b = y] = inputs;
  const { parameter: p = 0, dim = 0 } = (attributes ?? {}) as { parameter?: number; dim?: number };
  const parts = rule(g, { x, b, y, p, dim, made });
  return (parts instanceof Tensor ? [parts] : parts).map((part, i) => {
    const input = inputs[i];
    if (!part || !input?.requiresGrad) return null;
    return sumTo(typeof part === 'function' ? part() : part, input.shape);
  });
}
