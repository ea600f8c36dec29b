/** Recurrent networks of any number of layers and one direction or two, of PyTorch's weights by PyTorch's names. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, text, wantTensor } from '../gpu/options.js';
import { zeros } from '../tensor/create.js';
import { at, type Shape, sameShape, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { dropout } from './dropout.js';
import { linear } from './matmul.js';
import { cat, select, stack } from './parts.js';
import { GATES, type RecurrentKind, type States } from './recurrentCell.js';
import { sequence } from './recurrentSequence.js';
import { squeeze, transpose, unsqueeze } from './shape.js';

export interface RecurrentOptions {
  /** Layers, each of which reads what the one before put out. Default: 1. */
  numLayers?: number | undefined;
  /** Whether every layer also reads its input backwards; outputs of both directions stand side by side. Default: false. */
  bidirectional?: boolean | undefined;
  /** Whether the batch comes first, [N, L, features] rather than [L, N, features]. States never have it first. Default: false. */
  batchFirst?: boolean | undefined;
  /** Probability with which an output of any layer but the last becomes 0. Default: 0. */
  dropout?: number | undefined;
  /** Without it there is no dropout. Default: true. */
  training?: boolean | undefined;
}

const RECURRENT: Known<RecurrentOptions> = {
  numLayers: 'size',
  bidirectional: 'boolean',
  batchFirst: 'boolean',
  dropout: 'number',
  training: 'boolean',
};

/**
 * Weights by the names that they have in PyTorch's modules: `weight_ih_l0` [gates · H, features], `weight_hh_l0` [gates · H, H] and, if
 * there are any, `bias_ih_l0` and `bias_hh_l0` [gates · H]; `_l1` and so on for further layers, with `_reverse` for those that read
 * backwards.
 */
export type RecurrentWeights = Readonly<Record<string, Tensor>>;

/**
 * h_t = tanh(W_ih x_t + b_ih + W_hh h_(t−1) + b_hh).
 *
 * @param input [L, N, features], [N, L, features] with `batchFirst`, or [L, features]
 * @param hx [layers · directions, N, H], without N where the input has none; null stands for zeros
 * @returns output [L, N, directions · H], and h_n of the shape of hx
 * @throws KindlingError naming the tensor that is missing or does not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.RNN.html
 */
export const rnnTanh = (
  input: Tensor,
  hx: Tensor | null,
  weights: RecurrentWeights,
  options: RecurrentOptions = {},
): [output: Tensor, hidden: Tensor] => one('rnnTanh', 'tanh', input, hx, weights, options);

/** {@link rnnTanh} with ReLU in the place of tanh. */
export const rnnRelu = (
  input: Tensor,
  hx: Tensor | null,
  weights: RecurrentWeights,
  options: RecurrentOptions = {},
): [output: Tensor, hidden: Tensor] => one('rnnRelu', 'relu', input, hx, weights, options);

/**
 * Gated recurrent units, of three gates: arguments and results are those of {@link rnnTanh}.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GRU.html
 */
export const gru = (
  input: Tensor,
  hx: Tensor | null,
  weights: RecurrentWeights,
  options: RecurrentOptions = {},
): [output: Tensor, hidden: Tensor] => one('gru', 'gru', input, hx, weights, options);

/**
 * Long short-term memory, of four gates and with a second state: otherwise as {@link rnnTanh}.
 *
 * @param hx hidden and cell state; null stands for zeros
 * @returns output, h_n and c_n
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
 */
export function lstm(
  input: Tensor,
  hx: readonly [hidden: Tensor, cell: Tensor] | null,
  weights: RecurrentWeights,
  options: RecurrentOptions = {},
): [output: Tensor, hidden: Tensor, cell: Tensor] {
  if (hx !== null && !(Array.isArray(hx) && hx.length === 2)) refuse(`lstm: hx is ${text(hx)}, wants [h, c] or null`);
  const [output, hidden, cell] = recurrent('lstm', 'lstm', input, hx, weights, options);
  return [output, hidden, cell as Tensor];
}

function one(
  name: string,
  kind: RecurrentKind,
  input: Tensor,
  hx: Tensor | null,
  weights: RecurrentWeights,
  options: RecurrentOptions,
): [output: Tensor, hidden: Tensor] {
  const [output, hidden] = recurrent(name, kind, input, hx && [hx], weights, options);
  return [output, hidden];
}

type Results = [output: Tensor, hidden: Tensor, cell?: Tensor];

function recurrent(
  name: string,
  kind: RecurrentKind,
  input: Tensor,
  hx: readonly Tensor[] | null,
  weights: RecurrentWeights,
  options: RecurrentOptions,
): Results {
  wantTensor(name, 'input', input);
  const given = checked(name, options, RECURRENT);
  const { numLayers = 1, bidirectional = false, batchFirst = false, dropout: p = 0, training = true } = given;
  if (typeof weights !== 'object' || weights === null) refuse(`${name}: weights are ${text(weights)}, wants an object`);
  for (const state of hx ?? []) wantTensor(name, 'hx', state);
  if (input.dtype !== 'f32' || (input.ndim !== 3 && input.ndim !== 2)) {
    refuse(`${name}: wants f32 input of two or three dimensions, got ${input.dtype} ${show(input.shape)}`);
  }
  if (input.ndim === 2) {
    const batched = recurrent(name, kind, unsqueeze(input, 1), hx?.map((s) => unsqueeze(s, 1)) ?? null, weights, {
      ...options,
      batchFirst: false,
    });
    return batched.map((result) => result && squeeze(result, 1)) as Results;
  }
  let x = batchFirst ? transpose(input, 0, 1) : input;
  const [steps = 0, n = 0] = x.shape;
  if (steps === 0) refuse(`${name}: input ${show(input.shape)} is a sequence of no steps`);
  const directions = bidirectional ? 2 : 1;
  refuseUnknown(name, weights, numLayers, bidirectional);
  const hidden = sizeOfHidden(name, weights);
  const shape = [numLayers * directions, n, hidden];
  const before = hx ?? [zeros(shape), ...(kind === 'lstm' ? [zeros(shape)] : [])];
  for (const state of before) {
    if (!sameShape(state.shape, shape)) refuse(`${name}: wants a state ${show(shape)}, got ${show(state.shape)}`);
  }
  const after: States[] = [];
  for (let layer = 0; layer < numLayers; layer++) {
    if (layer > 0) x = dropout(x, { p, training });
    const outputs = Array.from({ length: directions }, (_, direction) => {
      const own = weightsOf(name, kind, weights, `l${layer}${direction ? '_reverse' : ''}`, at(x.shape, 2), hidden);
      const states = before.map((state) => select(state, 0, after.length)) as unknown as States;
      const a = linear(x, own.ih, own.biasIh);
      const { output, last } = sequence(kind, a, states, own.hh, own.biasHh, direction === 1);
      after.push(last);
      return output;
    });
    x = outputs.length > 1 ? cat(outputs, 2) : (outputs[0] as Tensor);
  }
  const last = before.map((_, i) => stack(after.map((states) => states[i] as Tensor)));
  return [batchFirst ? transpose(x, 0, 1) : x, ...last] as Results;
}

interface LayerWeights {
  readonly ih: Tensor;
  readonly hh: Tensor;
  readonly biasIh: Tensor | null;
  readonly biasHh: Tensor | null;
}

function sizeOfHidden(name: string, weights: RecurrentWeights): number {
  const weight = wantTensor(name, 'weight_hh_l0', weights.weight_hh_l0) as Tensor;
  return at(weight.shape, weight.ndim - 1);
}

/** @throws KindlingError naming a weight that no layer has */
function refuseUnknown(name: string, weights: RecurrentWeights, numLayers: number, bidirectional: boolean): void {
  const known = ({ of, layer, reverse }: Record<string, string | undefined>): boolean =>
    /^(weight|bias)_[ih]h$/.test(of ?? '') && Number(layer) < numLayers && (bidirectional || !reverse);
  for (const key of Object.keys(weights)) {
    if (known(/^(?<of>\w+)_l(?<layer>\d+)(?<reverse>_reverse)?$/.exec(key)?.groups ?? {})) continue;
    const layers = `${numLayers} ${bidirectional ? 'bidirectional ' : ''}layer${numLayers > 1 ? 's' : ''}`;
    refuse(`${name}: no weight of ${layers} is called ${key}`);
  }
}

/** Weights of one layer and direction. @throws KindlingError naming one that is missing or does not fit */
function weightsOf(
  name: string,
  kind: RecurrentKind,
  weights: RecurrentWeights,
  layer: string,
  features: number,
  hidden: number,
): LayerWeights {
  const rows = GATES[kind] * hidden;
  const found = (of: string, shape: Shape): Tensor => {
    const key = `${of}_${layer}`;
    const weight = wantTensor(name, key, weights[key]) as Tensor;
    if (weight.dtype === 'f32' && sameShape(weight.shape, shape)) return weight;
    refuse(`${name}: wants ${key} f32 ${show(shape)}, got ${weight.dtype} ${show(weight.shape)}`);
  };
  const biased = weights[`bias_ih_${layer}`] !== undefined || weights[`bias_hh_${layer}`] !== undefined;
  return {
    ih: found('weight_ih', [rows, features]),
    hh: found('weight_hh', [rows, hidden]),
    biasIh: biased ? found('bias_ih', [rows]) : null,
    biasHh: biased ? found('bias_hh', [rows]) : null,
  };
}
