/** Elementwise functions that are an operator of ONNX, or a few. */
import type { Graph, Operand, Rule } from './graph.js';

type Parameter = { readonly parameter: number };

/** `op` of x, with the function's number as an attribute. */
const given =
  (op: string, name: string): Rule =>
  (g, { x }, { parameter }: Parameter) =>
    g.node(op, [x], { [name]: { float: parameter } });

/** A logarithm to the base e^`unit`. */
const logarithm =
  (unit: number): Rule =>
  (g, { x }) =>
    g.node('Mul', [g.node('Log', [x]), 1 / unit]);

const trunc = (g: Graph, x: Operand): string =>
  g.node('Mul', [g.node('Sign', [x]), g.node('Floor', [g.node('Abs', [x])])]);

/** ONNX's Mod of floats has the sign of the dividend, of integers that of the divisor unless `fmod` is set. */
const rest: Rule = (g, { inputs }) => g.node('Mod', inputs, { fmod: 1 });

/** Whether x has a minus, -0 too. */
const minus = (g: Graph, x: Operand): string =>
  g.node('Or', [g.node('Less', [x, 0]), g.node('Less', [g.node('Reciprocal', [x]), 0])]);

export const ELEMENTWISE: Readonly<Record<string, Rule>> = {
  celu: given('Celu', 'alpha'),
  selu: (g, { x }) => g.node('Selu', [x]),
  mish: (g, { x }) => g.node('Mul', [x, g.node('Tanh', [g.node('Softplus', [x])])]),
  hardtanh: (g, { x }, { min, max }: { min: number; max: number }) => g.node('Clip', [x, min, max]),
  logsigmoid: (g, { x }) => g.node('Neg', [g.node('Softplus', [g.node('Neg', [x])])]),
  tanhshrink: (g, { x }) => g.node('Sub', [x, g.node('Tanh', [x])]),
  hardshrink: given('Shrink', 'lambd'),
  softshrink: (g, { x }, { parameter }: Parameter) => {
    const float = { float: parameter };
    return g.node('Shrink', [x], { lambd: float, bias: float });
  },
  prelu: (g, { inputs }) => g.node('PRelu', inputs),
  expm1: (g, { x }) => g.node('Sub', [g.node('Exp', [x]), 1]),
  exp2: (g, { x }) => g.node('Exp', [g.node('Mul', [x, Math.LN2])]),
  log2: logarithm(Math.LN2),
  log10: logarithm(Math.LN10),
  trunc: (g, { x }) => trunc(g, x),
  frac: (g, { x }) => g.node('Sub', [x, trunc(g, x)]),
  // The inverse tangent of a / b, half a turn further where b has a minus. 0 / 0 is a 0, and of infinities the quotient is ±1.
  atan2: (g, { inputs }) => {
    const [a, b] = inputs as [Operand, Operand];
    const size = (x: Operand): string => g.node('Abs', [x]);
    const sign = (x: Operand): string => g.node('Sign', [x]);
    const asFar = g.node('Equal', [size(a), size(b)]);
    const quotient = g.node('Where', [asFar, g.node('Mul', [sign(a), sign(b)]), g.node('Div', [a, b])]);
    const angle = g.node('Atan', [quotient]);
    const further = g.node('Add', [angle, g.node('Where', [minus(g, a), -Math.PI, Math.PI])]);
    return g.node('Where', [minus(g, b), further, angle]);
  },
  fmod: rest,
  remainder: (g, call) => {
    const [, b] = call.inputs;
    if (b?.dtype !== 'f32') return g.node('Mod', call.inputs);
    return g.node('Mod', [g.node('Add', [rest(g, call, undefined as never), b]), b], { fmod: 1 });
  },
};
