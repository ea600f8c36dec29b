/** Recurrent layers over sequences. */
import { checked, type Known, required } from '../gpu/options.js';
import type { RecurrentWeights } from '../ops/recurrent.js';
import { GATES, type RecurrentKind } from '../ops/recurrentCell.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import * as init from './init.js';
import { Module } from './module.js';
import { type Parameter, uninitialized } from './parameter.js';
import { bool, snakeCase } from './repr.js';

export interface RecurrentLayerOptions {
  /** Layers, each of which reads what the one before put out. Default: 1. */
  numLayers?: number | undefined;
  /** Default: true. */
  bias?: boolean | undefined;
  /** Whether the batch comes first: [N, L, features] rather than [L, N, features]. States never have it first. Default: false. */
  batchFirst?: boolean | undefined;
  /** Probability with which an output of any layer but the last becomes 0 in training. Default: 0. */
  dropout?: number | undefined;
  /** Whether every layer also reads its input backwards. Default: false. */
  bidirectional?: boolean | undefined;
}

export interface RNNOptions extends RecurrentLayerOptions {
  /** Default: 'tanh'. */
  nonlinearity?: 'tanh' | 'relu' | undefined;
}

const RECURRENT: Known<RecurrentLayerOptions> = {
  numLayers: 'size',
  bias: 'boolean',
  batchFirst: 'boolean',
  dropout: 'number',
  bidirectional: 'boolean',
};
const RNN_OPTIONS: Known<RNNOptions> = { ...RECURRENT, nonlinearity: ['tanh', 'relu'] };

/** What recurrent layers share: sizes, and weights uniform in ±1/√hiddenSize. */
export abstract class Recurrent<State, Output> extends Module<[input: Tensor, hx?: State | null], Output> {
  /** `weightIhL0`, `weightHhL0`, `biasIhL0`, `biasHhL0`, `weightIhL0Reverse` and so on. */
  [weight: `weight${string}` | `bias${string}L${number}`]: Parameter;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly bidirectional: boolean;
  batchFirst: boolean;
  dropout: number;

  constructor(kind: RecurrentKind, inputSize: number, hiddenSize: number, options: RecurrentLayerOptions) {
    super();
    const { numLayers = 1, bias = true, batchFirst = false, dropout = 0, bidirectional = false } = options;
    required(new.target.name, { inputSize, hiddenSize }, { inputSize: 'size', hiddenSize: 'size' });
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.bias = bias;
    this.batchFirst = batchFirst;
    this.dropout = dropout;
    this.bidirectional = bidirectional;
    const rows = GATES[kind] * hiddenSize;
    for (let layer = 0; layer < numLayers; layer++) {
      const width = layer === 0 ? inputSize : hiddenSize * (bidirectional ? 2 : 1);
      for (const direction of bidirectional ? ['', 'Reverse'] : ['']) {
        const own: Record<string, readonly number[]> = { weightIh: [rows, width], weightHh: [rows, hiddenSize] };
        if (bias) Object.assign(own, { biasIh: [rows], biasHh: [rows] });
        for (const [name, shape] of Object.entries(own)) {
          Object.assign(this, { [`${name}L${layer}${direction}`]: uninitialized(shape) });
        }
      }
    }
    this.resetParameters();
  }

  /** Starts over. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const [, parameter] of this.ownParameters()) init.uniform(parameter, -bound, bound);
  }

  protected override keyOf(field: string): string {
    return /^(weight|bias)[IH]h/.test(field) ? snakeCase(field) : field;
  }

  /** Weights and options as the functions take them. */
  protected get settings(): [RecurrentWeights, F.RecurrentOptions] {
    const { numLayers, bidirectional, batchFirst, dropout, training } = this;
    const weights = Object.fromEntries(this.ownParameters());
    return [weights, { numLayers, bidirectional, batchFirst, dropout, training }];
  }

  override extraRepr(): string {
    const { inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional } = this;
    return [
      `${inputSize}, ${hiddenSize}`,
      ...(numLayers === 1 ? [] : [`num_layers=${numLayers}`]),
      ...(bias ? [] : [`bias=${bool(bias)}`]),
      ...(batchFirst ? [`batch_first=${bool(batchFirst)}`] : []),
      ...(dropout === 0 ? [] : [`dropout=${dropout}`]),
      ...(bidirectional ? [`bidirectional=${bool(bidirectional)}`] : []),
    ].join(', ');
  }
}

/**
 * Layers of h_t = tanh(W_ih x_t + b_ih + W_hh h_(t−1) + b_hh), or with ReLU.
 *
 * input: [L, N, inputSize], [N, L, inputSize] with `batchFirst`, or [L, inputSize]; hx: [layers · directions, N, hiddenSize],
 * default zeros. Returns [output, h_n]: output [L, N, directions · hiddenSize] as the input is laid out, h_n as hx.
 *
 * Starts uniform in ±1/√hiddenSize.
 *
 * @example const [output, h] = new RNN(10, 20, { numLayers: 2 })(zeros([5, 3, 10])); // [5, 3, 20] and [2, 3, 20]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.RNN.html
 */
export class RNN extends Recurrent<Tensor, [output: Tensor, hidden: Tensor]> {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    const { nonlinearity = 'tanh' } = checked('RNN', options, RNN_OPTIONS);
    super(nonlinearity, inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }

  forward(input: Tensor, hx: Tensor | null = null): [output: Tensor, hidden: Tensor] {
    const run = this.nonlinearity === 'relu' ? F.rnnRelu : F.rnnTanh;
    return run(input, hx, ...this.settings);
  }
}

/**
 * Layers of gated recurrent units: shapes are those of {@link RNN}, weights have rows for the gates r, z and n.
 *
 * @example const [output, h] = new GRU(10, 20, { bidirectional: true })(zeros([5, 3, 10])); // [5, 3, 40] and [2, 3, 20]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GRU.html
 */
export class GRU extends Recurrent<Tensor, [output: Tensor, hidden: Tensor]> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentLayerOptions = {}) {
    super('gru', inputSize, hiddenSize, checked('GRU', options, RECURRENT));
  }

  forward(input: Tensor, hx: Tensor | null = null): [output: Tensor, hidden: Tensor] {
    return F.gru(input, hx, ...this.settings);
  }
}

/**
 * Layers of long short-term memory: shapes are those of {@link RNN}, but the state is two, hidden and cell, and weights have
 * rows for the gates i, f, g and o. Projections of the hidden state (proj_size) are not here.
 *
 * @example
 * const lstm = new LSTM(10, 20, { batchFirst: true });
 * const [output, [h, c]] = lstm(zeros([3, 5, 10])); // [3, 5, 20], [1, 3, 20] and [1, 3, 20]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
 */
export class LSTM extends Recurrent<
  readonly [hidden: Tensor, cell: Tensor],
  [output: Tensor, states: [hidden: Tensor, cell: Tensor]]
> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentLayerOptions = {}) {
    super('lstm', inputSize, hiddenSize, checked('LSTM', options, RECURRENT));
  }

  forward(
    input: Tensor,
    hx: readonly [hidden: Tensor, cell: Tensor] | null = null,
  ): [output: Tensor, states: [hidden: Tensor, cell: Tensor]] {
    const [output, hidden, cell] = F.lstm(input, hx, ...this.settings);
    return [output, [hidden, cell]];
  }
}
