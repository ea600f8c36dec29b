/** Whole and fractional parts, remainders, and the way from one number to another. */
import { atMost, wantOperand, wantTensor } from '../../gpu/options.js';
import { FMOD, REMAINDER } from '../../kernels/elementwise/remainder.js';
import { Tensor } from '../../tensor/tensor.js';
import { where } from '../shape.js';
import { abs, add, div, mul, neg, round, sub } from './arithmetic.js';
import { lt } from './comparison.js';
import { binary, type Operand, rounding, unary } from './make.js';

/** x without its fraction. Its gradient is 0. Integers stay what they are. @see https://pytorch.org/docs/stable/generated/torch.trunc.html */
export const trunc = /* @__PURE__ */ rounding({ name: 'trunc', value: 'trunc(x)' });
/** The fraction of x, with its sign. @see https://pytorch.org/docs/stable/generated/torch.frac.html */
export const frac = /* @__PURE__ */ unary({ name: 'frac', value: 'x - trunc(x)', slope: 'g' });

/** How many times b went into a. */
const times = ({ a, b, y }: Record<'a' | 'b' | 'y', Tensor>): Tensor => round(div(sub(a, y), b));

/**
 * What is left of a over whole multiples of b, exactly, with the sign of a; NaN where b is 0. Of integers an integer, and 0
 * where b is 0.
 * @see https://pytorch.org/docs/stable/generated/torch.fmod.html
 */
export const fmod = /* @__PURE__ */ binary({
  name: 'fmod',
  value: 'fmod_(a, b)',
  slopes: ['g', '-g * round((a - fmod_(a, b)) / b)'],
  whole: 'a % b',
  uses: [FMOD],
  grad: { a: ({ g }) => g, b: ({ g, ...at }) => neg(mul(g, times(at))) },
});
/**
 * As {@link fmod}, with the sign of b, as Python's `%`.
 * @see https://pytorch.org/docs/stable/generated/torch.remainder.html
 */
export const remainder = /* @__PURE__ */ binary({
  name: 'remainder',
  value: 'remainder_(a, b)',
  slopes: ['g', '-g * round((a - remainder_(a, b)) / b)'],
  whole: 'select(a % b + b, a % b, a % b == 0 || (a % b < 0) == (b < 0))',
  uses: [FMOD, REMAINDER],
  grad: { a: ({ g }) => g, b: ({ g, ...at }) => neg(mul(g, times(at))) },
});

/**
 * start + weight · (end − start), from whichever end is nearer. The three broadcast.
 * @see https://pytorch.org/docs/stable/generated/torch.lerp.html
 */
export function lerp(start: Tensor, end: Tensor, weight: Operand): Tensor {
  atMost('lerp', 3, arguments);
  wantTensor('lerp', 'start', start);
  wantTensor('lerp', 'end', end);
  wantOperand('lerp', 'weight', weight);
  const way = sub(end, start);
  const near = (): Tensor => add(start, mul(way, weight));
  const far = (): Tensor => sub(end, mul(way, sub1(weight)));
  if (weight instanceof Tensor) return where(lt(abs(weight), 0.5), near(), far());
  return Math.abs(weight) < 0.5 ? near() : far();
}

const sub1 = (weight: Operand): Operand => (typeof weight === 'number' ? 1 - weight : sub(1, weight));
