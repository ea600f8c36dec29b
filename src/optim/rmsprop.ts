import { launchFlatInto } from '../choose/variant.js';
import { type Complete, checked, type Known } from '../gpu/options.js';
import { rmspropKernel } from '../kernels/optimizer.js';
import type { Tensor } from '../tensor/tensor.js';
import { defined, type Params } from './groups.js';
import { Optimizer } from './optimizer.js';

export interface RMSpropOptions {
  /** Learning rate. Default: 1e-2. */
  lr?: number | undefined;
  /** Decay of the running mean of the squared gradient. Default: 0.99. */
  alpha?: number | undefined;
  /** Added to the root of that mean. Default: 1e-8. */
  eps?: number | undefined;
  /** L2 penalty, added to the gradient. Default: 0. */
  weightDecay?: number | undefined;
  /** Share of the last step's direction that is kept. Default: 0. */
  momentum?: number | undefined;
  /** Divides by the gradient's deviation from its mean. Default: false. */
  centered?: boolean | undefined;
}

const RMSPROP: Known<Complete<RMSpropOptions>> = {
  lr: 'number',
  alpha: 'number',
  eps: 'number',
  weightDecay: 'number',
  momentum: 'number',
  centered: 'boolean',
};

/**
 * Divides gradients by the root of their running mean square: v ← alpha · v + (1 − alpha) · g²; p ← p − lr · g / (√v + eps).
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 */
export class RMSprop extends Optimizer<Complete<RMSpropOptions>> {
  override get kind(): string {
    return 'RMSprop';
  }

  constructor(params: Params<RMSpropOptions>, options: RMSpropOptions = {}) {
    const defaults = { lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false };
    super(params, { ...defaults, ...defined(checked('RMSprop', options, RMSPROP)) }, RMSPROP);
  }

  protected override check({ alpha, eps, weightDecay, momentum }: Complete<RMSpropOptions>): void {
    this.checkSigns({ alpha, eps, weightDecay, momentum });
  }

  protected override stateNames({ momentum, centered }: Complete<RMSpropOptions>): readonly string[] {
    return ['square_avg', ...(momentum > 0 ? ['momentum_buffer'] : []), ...(centered ? ['grad_avg'] : [])];
  }

  protected override launch(options: Complete<RMSpropOptions>, size: number, reads: Tensor[], writes: Tensor[]): void {
    const { momentum, centered } = options;
    launchFlatInto('rmsprop', rmspropKernel, { size, momentum: momentum > 0, centered }, reads, writes);
  }

  protected override scalars(options: Complete<RMSpropOptions>): readonly number[] {
    const { lr, weightDecay, alpha, eps, momentum } = options;
    return [lr, weightDecay, alpha, 1 - alpha, eps, momentum, 0];
  }
}

export interface AdagradOptions {
  /** Learning rate. Default: 1e-2. */
  lr?: number | undefined;
  /** The rate falls as lr / (1 + (t − 1) · lrDecay). Default: 0. */
  lrDecay?: number | undefined;
  /** L2 penalty, added to the gradient. Default: 0. */
  weightDecay?: number | undefined;
  /** Where the sum of squares starts. Default: 0. */
  initialAccumulatorValue?: number | undefined;
  /** Added to the root of that sum. Default: 1e-10. */
  eps?: number | undefined;
}

const ADAGRAD: Known<Complete<AdagradOptions>> = {
  lr: 'number',
  lrDecay: 'number',
  weightDecay: 'number',
  initialAccumulatorValue: 'number',
  eps: 'number',
};

/**
 * Divides gradients by the root of the sum of their squares so far: s ← s + g²; p ← p − lr · g / (√s + eps).
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
 */
export class Adagrad extends Optimizer<Complete<AdagradOptions>> {
  override get kind(): string {
    return 'Adagrad';
  }

  constructor(params: Params<AdagradOptions>, options: AdagradOptions = {}) {
    const defaults = { lr: 1e-2, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10 };
    super(params, { ...defaults, ...defined(checked('Adagrad', options, ADAGRAD)) }, ADAGRAD);
  }

  protected override check({ lrDecay, weightDecay, initialAccumulatorValue, eps }: Complete<AdagradOptions>): void {
    this.checkSigns({ lrDecay, weightDecay, initialAccumulatorValue, eps });
  }

  protected override stateNames(): readonly string[] {
    return ['sum'];
  }

  protected override launch(_: Complete<AdagradOptions>, size: number, reads: Tensor[], writes: Tensor[]): void {
    launchFlatInto('rmsprop', rmspropKernel, { size, momentum: false, centered: false }, reads, writes);
  }

  protected override scalars(options: Complete<AdagradOptions>, step: number): readonly number[] {
    const { lr, lrDecay, weightDecay, eps, initialAccumulatorValue } = options;
    // A parameter's state is zeros before its first step.
    const initial = step === 1 ? initialAccumulatorValue : 0;
    return [lr / (1 + (step - 1) * lrDecay), weightDecay, 1, 1, eps, 0, initial];
  }
}
