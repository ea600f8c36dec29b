/** Comparisons and questions: they make bool tensors, and pass no gradient. */

import type { OnnxRules } from '../onnx.js';
import { binary, unary } from './make.js';

const compare = (name: string, operator: string) =>
  binary({ name, value: `u32(a ${operator} b)`, ofNan: [operator === '!=' ? '1u' : '0u'], makes: 'bool' });

/** a == b, a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.eq.html */
export const eq = /* @__PURE__ */ compare('eq', '==');
/** a != b, a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.ne.html */
export const ne = /* @__PURE__ */ compare('ne', '!=');
/** a < b, a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.lt.html */
export const lt = /* @__PURE__ */ compare('lt', '<');
/** a ≤ b, a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.le.html */
export const le = /* @__PURE__ */ compare('le', '<=');
/** a > b, a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.gt.html */
export const gt = /* @__PURE__ */ compare('gt', '>');
/** a ≥ b, a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.ge.html */
export const ge = /* @__PURE__ */ compare('ge', '>=');

/** Whether each element is a NaN. @see https://pytorch.org/docs/stable/generated/torch.isnan.html */
export const isnan = /* @__PURE__ */ unary({ name: 'isnan', value: 'u32(is_nan(x))', makes: 'bool' });
/** Whether each element is an infinity, of either sign. @see https://pytorch.org/docs/stable/generated/torch.isinf.html */
export const isinf = /* @__PURE__ */ unary({
  name: 'isinf',
  value: 'u32((bitcast<u32>(x) << 1u) == 0xff000000u)',
  makes: 'bool',
});
/** Whether each element is neither NaN nor infinite. @see https://pytorch.org/docs/stable/generated/torch.isfinite.html */
export const isfinite = /* @__PURE__ */ unary({
  name: 'isfinite',
  value: 'u32((bitcast<u32>(x) << 1u) < 0xff000000u)',
  makes: 'bool',
});

/** As ONNX has them. */
export default {
  eq: 'Equal',
  lt: 'Less',
  le: 'LessOrEqual',
  gt: 'Greater',
  ge: 'GreaterOrEqual',
  isnan: 'IsNaN',
  isinf: 'IsInf',
  ne: (g, { inputs }) => g.node('Not', [g.node('Equal', inputs)]),
  isfinite: (g, { x }) => g.node('Not', [g.node('Or', [g.node('IsNaN', [x]), g.node('IsInf', [x])])]),
} satisfies OnnxRules;
