/** Normalisation by statistics that may be kept: of batches, and of images. */

import { refuse } from '../gpu/errors.js';
import { checked, type Known, required, wantTensor } from '../gpu/options.js';
import { cast } from '../ops/cast.js';
import { add, mul, reciprocal, sub } from '../ops/elementwise/arithmetic.js';
import { increment_ } from '../ops/inPlace.js';
import { countedBatchNorm } from '../ops/normalize.js';
import { clone } from '../ops/shape.js';
import { ones, zeros } from '../tensor/create.js';
import { show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import * as init from './init.js';
import { Module } from './module.js';
import { type Parameter, uninitialized } from './parameter.js';
import { bool, float, named, snakeCase } from './repr.js';

export interface BatchNormOptions {
  /** Added to the variance. Default: 1e-5. */
  eps?: number | undefined;
  /** Weight of a batch's statistics in the running ones; null makes them plain averages of all batches. Default: 0.1. */
  momentum?: number | null | undefined;
  /** Whether there are a weight and a bias. Default: true; of InstanceNorm2d false. */
  affine?: boolean | undefined;
  /** Whether running statistics are kept, and used by `eval()`. Default: true; of InstanceNorm2d false. */
  trackRunningStats?: boolean | undefined;
}

const RUNNING_NORM: Known<BatchNormOptions> = {
  eps: 'number',
  momentum: 'number?',
  affine: 'boolean',
  trackRunningStats: 'boolean',
};

abstract class RunningNorm extends Module {
  /** [numFeatures], ones at the start */
  weight: Parameter | null;
  /** [numFeatures], zeros at the start */
  bias: Parameter | null;
  runningMean: Tensor | null = null;
  runningVar: Tensor | null = null;
  /** Batches seen in training; a scalar of i32. */
  numBatchesTracked: Tensor | null = null;
  readonly numFeatures: number;
  eps: number;
  momentum: number | null;
  readonly affine: boolean;
  trackRunningStats: boolean;

  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super();
    const given = checked(this.constructor.name, options, RUNNING_NORM);
    const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true } = given;
    required(this.constructor.name, { numFeatures }, { numFeatures: 'count' });
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    this.weight = affine ? init.ones(uninitialized([numFeatures])) : null;
    this.bias = affine ? init.zeros(uninitialized([numFeatures])) : null;
    if (!trackRunningStats) return;
    this.runningMean = this.registerBuffer('runningMean', zeros([numFeatures]));
    this.runningVar = this.registerBuffer('runningVar', ones([numFeatures]));
    this.numBatchesTracked = this.registerBuffer('numBatchesTracked', zeros([], { dtype: 'i32' }));
  }

  protected override keyOf(field: string): string {
    return ['runningMean', 'runningVar', 'numBatchesTracked'].includes(field) ? snakeCase(field) : field;
  }

  /** Refuses x of other than so many dimensions. */
  protected check(x: Tensor, ...ranks: number[]): void {
    wantTensor(this.constructor.name, 'x', x);
    if (ranks.includes(x.ndim)) return;
    refuse(`${this.constructor.name}: wants ${ranks.join(' or ')} dimensions, got ${show(x.shape)}`);
  }

  /** Batch normalisation of x by what the mode says. */
  protected batch(x: Tensor): Tensor {
    const { weight, bias, training, numBatchesTracked, momentum, eps } = this;
    const keeps = !training || this.trackRunningStats;
    const [runningMean, runningVar] = keeps ? [this.runningMean, this.runningVar] : [null, null];
    const batch = training || !runningMean;
    if (momentum === null && training && runningMean && runningVar) {
      return averaged(this, x, runningMean, runningVar);
    }
    const running = { runningMean, runningVar, momentum: momentum ?? 0 };
    const counter = training && keeps ? numBatchesTracked : null;
    return countedBatchNorm(x, { ...running, weight, bias, training: batch, eps }, counter);
  }

  override extraRepr(): string {
    const { eps, momentum, affine, trackRunningStats } = this;
    const shown = { eps: float(eps), momentum: momentum === null ? 'None' : float(momentum), affine: bool(affine) };
    return `${this.numFeatures}, ${named({ ...shown, track_running_stats: bool(trackRunningStats) })}`;
  }
}

/** Batch normalisation in training, with running statistics that weigh all batches alike. */
function averaged(norm: RunningNorm, x: Tensor, ...running: [mean: Tensor, variance: Tensor]): Tensor {
  const { weight, bias, numBatchesTracked, eps } = norm;
  const [runningMean, runningVar] = running.map((one) => clone(one)) as [Tensor, Tensor];
  const now = { runningMean, runningVar, momentum: 1 };
  const y = F.batchNorm(x, { ...now, weight, bias, training: true, eps });
  if (numBatchesTracked) {
    increment_(numBatchesTracked);
    const share = reciprocal(cast(numBatchesTracked, 'f32'));
    [runningMean, runningVar].forEach((batch, i) => {
      const before = running[i] as Tensor;
      before.copy_(add(before, mul(sub(batch, before), share)));
    });
  }
  return y;
}

/**
 * y = (x − mean) / √(variance + eps) · weight + bias, per feature: with the batch's statistics in training, with the
 * running ones otherwise. x: [N, numFeatures] or [N, numFeatures, L].
 *
 * @example new Sequential(new Linear(20, 64), new BatchNorm1d(64), new ReLU())
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
 */
export class BatchNorm1d extends RunningNorm {
  forward(x: Tensor): Tensor {
    this.check(x, 2, 3);
    return this.batch(x);
  }
}

/**
 * {@link BatchNorm1d} per channel of images. x: [N, numFeatures, H, W].
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
 */
export class BatchNorm2d extends RunningNorm {
  forward(x: Tensor): Tensor {
    this.check(x, 4);
    return this.batch(x);
  }
}

/**
 * y = (x − mean) / √(variance + eps) · weight + bias, with the statistics of each channel of each image; `eval()` uses the
 * running ones where they are kept. Without weight, bias and running statistics unless asked for. x: [N, numFeatures, H, W].
 *
 * @example new InstanceNorm2d(32, { affine: true })
 * @see https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
 */
export class InstanceNorm2d extends RunningNorm {
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    const { affine = false, trackRunningStats = false } = checked('InstanceNorm2d', options, RUNNING_NORM);
    super(numFeatures, { ...options, affine, trackRunningStats });
  }

  forward(x: Tensor): Tensor {
    this.check(x, 4);
    const { runningMean, runningVar, weight, bias, training, trackRunningStats, momentum, eps } = this;
    const useInputStats = training || !trackRunningStats || !runningMean;
    return F.instanceNorm(x, { runningMean, runningVar, weight, bias, useInputStats, momentum: momentum ?? 0, eps });
  }
}
