/** Elementwise functions of two tensors, a line each, as those of one in elementwise.ts. */
import { type PairLine, upTo } from './elementwiseLine.js';
import { remainder } from './formulas.js';

/** In all quadrants, and on the axes. */
const ROUND: readonly [number[], number[]] = [
  [...upTo(1e4), 0, -0, 0, -0],
  [...upTo(1e4).toReversed(), 0, 0, -0, -0],
];

export const PAIRS: Readonly<Record<string, PairLine>> = {
  add: { plain: (a, b) => a + b, torch: 'torch.add(a, b)', saves: { a: '', b: '' } },
  sub: { plain: (a, b) => a - b, torch: 'torch.sub(a, b)', saves: { a: '', b: '' } },
  mul: { plain: (a, b) => a * b, torch: 'torch.mul(a, b)', saves: { a: 'b', b: 'a' } },
  div: { plain: (a, b) => a / b, torch: 'torch.div(a, b)', b: [0.5, 2], saves: { a: 'b', b: 'ab' } },
  maximum: { plain: Math.max, torch: 'torch.maximum(a, b)' },
  minimum: { plain: Math.min, torch: 'torch.minimum(a, b)' },
  pow: { plain: (a, b) => a ** b, torch: 'torch.pow(a, b)', a: [0.5, 2], b: [0.5, 2], saves: { a: 'aby', b: 'aby' } },
  atan2: { plain: Math.atan2, torch: 'torch.atan2(heights, widths)', a: [0.5, 2], exact: ROUND },
  // Their gradients by b are PyTorch's only where b is finite.
  fmod: { plain: (a, b) => a % b, torch: 'torch.fmod(a, b.detach())', b: [0.5, 2], saves: { a: '', b: 'ab' } },
  remainder: { plain: remainder, torch: 'torch.remainder(a, b.detach())', b: [0.5, 2], saves: { a: '', b: 'ab' } },
  eq: { plain: (a, b) => Number(a === b), torch: 'torch.eq(a, b)', asks: true },
  ne: { plain: (a, b) => Number(a !== b), torch: 'torch.ne(a, b)', asks: true },
  lt: { plain: (a, b) => Number(a < b), torch: 'torch.lt(a, b)', asks: true },
  le: { plain: (a, b) => Number(a <= b), torch: 'torch.le(a, b)', asks: true },
  gt: { plain: (a, b) => Number(a > b), torch: 'torch.gt(a, b)', asks: true },
  ge: { plain: (a, b) => Number(a >= b), torch: 'torch.ge(a, b)', asks: true },
  logicalAnd: {
    plain: (a, b) => Number(a !== 0 && b !== 0),
    torch: 'torch.logical_and(a, b)',
    asks: true,
    tensors: true,
  },
  logicalOr: {
    plain: (a, b) => Number(a !== 0 || b !== 0),
    torch: 'torch.logical_or(a, b)',
    asks: true,
    tensors: true,
  },
  logicalXor: {
    plain: (a, b) => Number((a !== 0) !== (b !== 0)),
    torch: 'torch.logical_xor(a, b)',
    asks: true,
    tensors: true,
  },
};
