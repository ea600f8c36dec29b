/**
 * One step of the recurrent networks. With a = W_ih x + b_ih and b = W_hh h + b_hh, each cut into as many parts of the hidden
 * size as there are gates:
 *
 *   tanh, relu   h' = f(a + b)
 *   gru          r = σ(a₁ + b₁), z = σ(a₂ + b₂), n = tanh(a₃ + r b₃), h' = (1 − z) n + z h
 *   lstm         i, f, o = σ(aₖ + bₖ) for k = 1, 2, 4, g = tanh(a₃ + b₃), c' = f c + i g, h' = o tanh(c')
 */
import type { Tensor } from '../tensor/tensor.js';
import { relu } from './elementwise/activations.js';
import { add, mul, sub } from './elementwise/arithmetic.js';
import { sigmoid, tanh } from './elementwise/exponential.js';
import { linear } from './matmul.js';
import { chunk } from './parts.js';

export type RecurrentKind = 'tanh' | 'relu' | 'gru' | 'lstm';

/** Parts of the hidden size in the weights' rows. */
export const GATES: Readonly<Record<RecurrentKind, number>> = { tanh: 1, relu: 1, gru: 3, lstm: 4 };

/** The hidden state, and the cell state of an LSTM. */
export type States = readonly [hidden: Tensor, cell?: Tensor];

/**
 * The states after a step.
 *
 * @param a [N, gates · H]: the input through its weight
 * @param states [N, H] each
 * @param weight [gates · H, H]
 * @param bias [gates · H]
 */
export function stepped(kind: RecurrentKind, a: Tensor, states: States, weight: Tensor, bias: Tensor | null): States {
  const [h, c] = states;
  const b = linear(h, weight, bias);
  if (kind === 'gru') {
    const [ar, az, an] = chunk(a, 3, -1) as [Tensor, Tensor, Tensor];
    const [br, bz, bn] = chunk(b, 3, -1) as [Tensor, Tensor, Tensor];
    const z = sigmoid(add(az, bz));
    const n = tanh(add(an, mul(sigmoid(add(ar, br)), bn)));
    return [add(mul(sub(1, z), n), mul(z, h))];
  }
  const sum = add(a, b);
  if (kind !== 'lstm' || !c) return [kind === 'relu' ? relu(sum) : tanh(sum)];
  const [i, f, g, o] = chunk(sum, 4, -1) as [Tensor, Tensor, Tensor, Tensor];
  const cell = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
  return [mul(sigmoid(o), tanh(cell)), cell];
}
