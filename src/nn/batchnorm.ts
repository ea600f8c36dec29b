import { increment_ } from '../autograd/inPlace.js';
import { ones, zeros } from '../tensor/create.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import * as init from './init.js';
import { Module } from './module.js';
import { type Parameter, uninitialized } from './parameter.js';
import { bool, float, named } from './repr.js';

export interface BatchNormOptions {
  /** Added to the variance. Default: 1e-5. */
  eps?: number;
  /** Weight of a batch's statistics in the running ones. Default: 0.1. */
  momentum?: number;
  /** Whether there are a weight and a bias. Default: true. */
  affine?: boolean;
  /** Whether running statistics are kept, and used by `eval()`. Default: true. */
  trackRunningStats?: boolean;
}

/**
 * y = (x − mean) / √(variance + eps) · weight + bias, per channel: with the batch's statistics in training, with the
 * running ones otherwise. x: [N, numFeatures, H, W].
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
 */
export class BatchNorm2d extends Module {
  /** [numFeatures], ones at the start */
  weight: Parameter | null;
  /** [numFeatures], zeros at the start */
  bias: Parameter | null;
  runningMean: Tensor | null = null;
  runningVar: Tensor | null = null;
  /** Batches seen in training; a scalar of i32. */
  numBatchesTracked: Tensor | null = null;
  readonly numFeatures: number;
  readonly options: Required<BatchNormOptions>;

  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super();
    const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true } = options;
    this.numFeatures = numFeatures;
    this.options = { eps, momentum, affine, trackRunningStats };
    this.weight = affine ? init.ones(uninitialized([numFeatures])) : null;
    this.bias = affine ? init.zeros(uninitialized([numFeatures])) : null;
    if (!trackRunningStats) return;
    this.runningMean = this.registerBuffer('runningMean', zeros([numFeatures]));
    this.runningVar = this.registerBuffer('runningVar', ones([numFeatures]));
    this.numBatchesTracked = this.registerBuffer('numBatchesTracked', zeros([], { dtype: 'i32' }));
  }

  forward(x: Tensor): Tensor {
    const { runningMean, runningVar, weight, bias, training, numBatchesTracked } = this;
    const { momentum, eps } = this.options;
    if (training && numBatchesTracked) increment_(numBatchesTracked);
    const batch = training || !runningMean;
    return F.batchNorm(x, { runningMean, runningVar, weight, bias, training: batch, momentum, eps });
  }

  override extraRepr(): string {
    const { eps, momentum, affine, trackRunningStats } = this.options;
    const shown = { eps: float(eps), momentum: float(momentum), affine: bool(affine) };
    return `${this.numFeatures}, ${named({ ...shown, track_running_stats: bool(trackRunningStats) })}`;
  }
}
