/** Losses of logits, elementwise, which keep the digits of sure and right ones. */
import { EXP, LOG, SIGMOID, SOFTPLUS } from '../../kernels/elementwise/helpers.js';
import { softplus } from './activations.js';
import { mul, neg, sub } from './arithmetic.js';
import { sigmoid } from './exponential.js';
import { binary } from './make.js';

// w · loss, 0 where w is: an infinite loss of no weight is none.
const SHARE = `
fn share(w: f32, loss: f32) -> f32 { return select(w * loss, 0.0, w == 0.0); }`;

/**
 * Cross-entropy of logits a and targets b in [0, 1]: −b · log σ(a) − (1 − b) · log(1 − σ(a)), computed as b softplus(−a) +
 * (1 − b) softplus(a), a sum of what is not negative.
 */
export const bce = /* @__PURE__ */ binary({
  name: 'bce',
  value: 'or_nan(share(b, max(-a, 0.0)) + share(1.0 - b, max(a, 0.0)) + log1p_near(exp_(-abs(a))), a)',
  slopes: ['or_nan(g * ((1.0 - b) * sigmoid_(a) - b * sigmoid_(-a)), a)', '-g * a'],
  uses: [EXP, LOG, SIGMOID, SHARE],
  grad: { a: ({ g, a, b }) => mul(g, sub(sigmoid(a), b)), b: ({ g, a }) => neg(mul(g, a)) },
});
/** b · log(1 + e^a), and 0 where b is, even if a is infinite. */
export const weightedSoftplus = /* @__PURE__ */ binary({
  name: 'weightedSoftplus',
  value: 'or_nan(share(b, softplus_(a)), a)',
  slopes: ['or_nan(g * b * sigmoid_(a), a)', 'or_nan(g * softplus_(a), a)'],
  uses: [EXP, LOG, SOFTPLUS, SIGMOID, SHARE],
  grad: { a: ({ g, a, b }) => mul(g, mul(b, sigmoid(a))), b: ({ g, a }) => mul(g, softplus(a)) },
});
