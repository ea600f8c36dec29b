/** Single steps of recurrent networks. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, required, text, wantTensor } from '../gpu/options.js';
import { linear } from '../ops/matmul.js';
import { GATES, type RecurrentKind, type States, stepped } from '../ops/recurrentCell.js';
import { zeros } from '../tensor/create.js';
import { sameShape, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import * as init from './init.js';
import { Module } from './module.js';
import { type Parameter, uninitialized } from './parameter.js';
import { snakeCase } from './repr.js';

export interface RecurrentCellOptions {
  /** Default: true. */
  bias?: boolean | undefined;
}

export interface RNNCellOptions extends RecurrentCellOptions {
  /** Default: 'tanh'. */
  nonlinearity?: 'tanh' | 'relu' | undefined;
}

const CELL: Known<RecurrentCellOptions> = { bias: 'boolean' };
const RNN_CELL: Known<RNNCellOptions> = { ...CELL, nonlinearity: ['tanh', 'relu'] };

/** What cells share: weights uniform in ±1/√hiddenSize. */
export abstract class RecurrentCell<State, Output> extends Module<[input: Tensor, hx?: State | null], Output> {
  /** [gates · hiddenSize, inputSize] */
  weightIh: Parameter;
  /** [gates · hiddenSize, hiddenSize] */
  weightHh: Parameter;
  /** [gates · hiddenSize] */
  biasIh: Parameter | null;
  /** [gates · hiddenSize] */
  biasHh: Parameter | null;
  readonly inputSize: number;
  readonly hiddenSize: number;

  constructor(kind: RecurrentKind, inputSize: number, hiddenSize: number, { bias = true }: RecurrentCellOptions) {
    super();
    required(new.target.name, { inputSize, hiddenSize }, { inputSize: 'size', hiddenSize: 'size' });
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    const rows = GATES[kind] * hiddenSize;
    this.weightIh = uninitialized([rows, inputSize]);
    this.weightHh = uninitialized([rows, hiddenSize]);
    this.biasIh = bias ? uninitialized([rows]) : null;
    this.biasHh = bias ? uninitialized([rows]) : null;
    this.resetParameters();
  }

  /** Starts over. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const [, parameter] of this.ownParameters()) init.uniform(parameter, -bound, bound);
  }

  protected override keyOf(field: string): string {
    return /^(weight|bias)[IH]h$/.test(field) ? snakeCase(field) : field;
  }

  /** The states after a step; those before are zeros where there are none. */
  protected step(kind: RecurrentKind, input: Tensor, given: readonly Tensor[] | null): States {
    const { weightIh, weightHh, biasIh, biasHh, inputSize, hiddenSize } = this;
    const { name } = this.constructor;
    wantTensor(name, 'input', input);
    if ((input.ndim !== 2 && input.ndim !== 1) || input.shape.at(-1) !== inputSize) {
      refuse(`${name}: wants input [N, ${inputSize}] or [${inputSize}], got ${show(input.shape)}`);
    }
    const shape = [...input.shape.slice(0, -1), hiddenSize];
    const states = given ?? [zeros(shape), ...(kind === 'lstm' ? [zeros(shape)] : [])];
    for (const state of states) {
      wantTensor(name, 'hx', state);
      if (!sameShape(state.shape, shape)) refuse(`${name}: wants a state ${show(shape)}, got ${show(state.shape)}`);
    }
    return stepped(kind, linear(input, weightIh, biasIh), states as unknown as States, weightHh, biasHh);
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.biasIh ? '' : ', bias=False'}`;
  }
}

/**
 * h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or with ReLU. input: [N, inputSize] or [inputSize]; hx and h': [N, hiddenSize] or
 * [hiddenSize].
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
 */
export class RNNCell extends RecurrentCell<Tensor, Tensor> {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(inputSize: number, hiddenSize: number, options: RNNCellOptions = {}) {
    const { nonlinearity = 'tanh' } = checked('RNNCell', options, RNN_CELL);
    super(nonlinearity, inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }

  forward(input: Tensor, hx: Tensor | null = null): Tensor {
    return this.step(this.nonlinearity, input, hx && [hx])[0];
  }

  override extraRepr(): string {
    const { nonlinearity } = this;
    return `${super.extraRepr()}${nonlinearity === 'tanh' ? '' : `, nonlinearity=${nonlinearity}`}`;
  }
}

/**
 * A step of gated recurrent units: shapes are those of {@link RNNCell}.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
 */
export class GRUCell extends RecurrentCell<Tensor, Tensor> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super('gru', inputSize, hiddenSize, checked('GRUCell', options, CELL));
  }

  forward(input: Tensor, hx: Tensor | null = null): Tensor {
    return this.step('gru', input, hx && [hx])[0];
  }
}

/**
 * A step of long short-term memory: shapes are those of {@link RNNCell}, of hidden and of cell state.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
 */
export class LSTMCell extends RecurrentCell<readonly [hidden: Tensor, cell: Tensor], [hidden: Tensor, cell: Tensor]> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super('lstm', inputSize, hiddenSize, checked('LSTMCell', options, CELL));
  }

  forward(input: Tensor, hx: readonly [hidden: Tensor, cell: Tensor] | null = null): [hidden: Tensor, cell: Tensor] {
    if (hx !== null && !(Array.isArray(hx) && hx.length === 2)) {
      refuse(`LSTMCell: hx is ${text(hx)}, wants [h, c] or null`);
    }
    const [hidden, cell] = this.step('lstm', input, hx);
    return [hidden, cell as Tensor];
  }
}
