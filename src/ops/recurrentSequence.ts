/**
 * A recurrent layer in one direction over all steps: in one dispatch forward and one back where its states fit workgroup memory, else
 * step by step. The products with the input, and the gradients by the weights, are products over all steps at once.
 */
import { KEPT, type RecurrentSpec, recurrentFits, recurrentGradKernel, recurrentKernel } from '../kernels/recurrent.js';
import { launchMany, widest } from '../tensor/launch.js';
import { differentiable, isGradEnabled } from '../tensor/remember.js';
import { at } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { reshape, sum } from './broadcast.js';
import { times } from './matmul.js';
import { cat, narrow, select, stack } from './parts.js';
import { type RecurrentKind, type States, stepped } from './recurrentCell.js';
import { unsqueeze } from './shape.js';

/** What a layer makes: its hidden states [L, N, H] in the order of time, and the states after the last step. */
export interface Sequence {
  readonly output: Tensor;
  readonly last: States;
}

/** In functions, several for each step. */
export function stepByStep(
  kind: RecurrentKind,
  a: Tensor,
  states: States,
  weight: Tensor,
  bias: Tensor | null,
  reverse: boolean,
): Sequence {
  const steps = Array.from({ length: at(a.shape, 0) }, (_, t) => t);
  const outputs: Tensor[] = [];
  let last = states;
  for (const t of reverse ? steps.toReversed() : steps) {
    last = stepped(kind, select(a, 0, t), last, weight, bias);
    outputs[t] = last[0];
  }
  return { output: stack(outputs), last };
}

/**
 * The same, in one dispatch where it fits.
 *
 * @param a [L, N, gates · H]: the input through its weight
 * @param states [N, H] each
 * @param weight [gates · H, H]
 * @param bias [gates · H]
 */
export function sequence(
  kind: RecurrentKind,
  a: Tensor,
  states: States,
  weight: Tensor,
  bias: Tensor | null,
  reverse: boolean,
): Sequence {
  const [steps = 0, rows = 0] = a.shape;
  const hidden = at(weight.shape, 1);
  if (!recurrentFits(kind, hidden) || a.size === 0) return stepByStep(kind, a, states, weight, bias, reverse);
  const value = inOne({ kind, hidden, steps, rows, reverse, most: widest() }, a, states, weight, bias);
  const output = kind === 'lstm' ? narrow(value, 0, 0, steps) : value;
  const h = select(output, 0, reverse ? 0 : steps - 1);
  return { output, last: kind === 'lstm' ? [h, select(value, 0, steps)] : [h] };
}

/** The hidden states of all steps, and behind them the last cell state of an LSTM. */
function inOne(spec: RecurrentSpec, a: Tensor, [h, c]: States, weight: Tensor, bias: Tensor | null): Tensor {
  const { kind, hidden, steps, rows, reverse } = spec;
  const inputs = [a, weight, ...(bias ? [bias] : []), h, ...(c ? [c] : [])];
  const shape = [steps + (c ? 1 : 0), rows, hidden];
  const keep = isGradEnabled() && inputs.some((input) => input.requiresGrad);
  const parts = { shape: [steps, rows, KEPT[kind], hidden] };
  const made = recurrentKernel({ ...spec, bias: bias !== null, keep });
  const [value, kept] = launchMany(made, inputs, keep && KEPT[kind] > 0 ? [{ shape }, parts] : [{ shape }]) as [
    Tensor,
    Tensor?,
  ];
  const inOps = (...given: Tensor[]): Tensor => {
    const [all, product, ...rest] = given as [Tensor, Tensor, ...Tensor[]];
    const own = bias ? (rest.shift() as Tensor) : null;
    const { output, last } = stepByStep(kind, all, rest as unknown as States, product, own, reverse);
    return last[1] ? cat([output, unsqueeze(last[1], 0)]) : output;
  };
  const fused = (g: Tensor): (Tensor | null)[] => {
    const state = { shape: [rows, hidden] };
    const [byA, ...others] = launchMany(
      recurrentGradKernel(spec),
      [g, ...(c ? [] : [value]), ...(kept ? [kept, c ?? h] : []), weight],
      [{ shape: a.shape }, ...(kind === 'gru' ? [{ shape: a.shape }] : []), state, ...(c ? [state] : [])],
    ) as [Tensor, ...Tensor[]];
    const byB = kind === 'gru' ? (others.shift() as Tensor) : byA;
    const before = unsqueeze(h, 0);
    const outputs = reverse ? narrow(value, 0, 1, steps - 1) : narrow(value, 0, 0, steps - 1);
    const hs = reverse ? cat([outputs, before]) : cat([before, outputs]);
    const flat = (t: Tensor): Tensor => reshape(t, [steps * rows, at(t.shape, 2)]);
    const byWeight = weight.requiresGrad ? times(flat(byB), flat(hs), { transA: true }) : null;
    const byBias = bias ? [bias.requiresGrad ? sum(byB, { dim: [0, 1] }) : null] : [];
    return [byA, byWeight, ...byBias, ...others];
  };
  return differentiable(`recurrent.${kind}`, inputs, value, { inOps, fused }, spec);
}
