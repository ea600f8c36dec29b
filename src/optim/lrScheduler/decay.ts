import { checked, text } from '../../gpu/options.js';
import {
  demand,
  isCount,
  LAST_EPOCH,
  type LastEpoch,
  LRScheduler,
  type ScheduledOptimizer,
  wantOptimizer,
} from './scheduler.js';

/**
 * Multiplies the rate by `gamma` every epoch.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html
 */
export class ExponentialLR extends LRScheduler<{ gamma: number }> {
  constructor(optimizer: ScheduledOptimizer, options: { gamma: number } & LastEpoch) {
    const { gamma, lastEpoch } = checked('ExponentialLR', options, { gamma: 'number', ...LAST_EPOCH });
    demand(gamma > 0, 'ExponentialLR', `gamma ${gamma} must be positive`);
    super(optimizer, { gamma }, lastEpoch);
  }

  protected override next(lr: number): number {
    return this.lastEpoch === 0 ? lr : lr * this.options.gamma;
  }
}

/**
 * Multiplies the rate by `gamma` (default 0.1) every `stepSize` epochs.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
 */
export class StepLR extends LRScheduler<{ stepSize: number; gamma: number }> {
  constructor(optimizer: ScheduledOptimizer, options: { stepSize: number; gamma?: number } & LastEpoch) {
    const known = { stepSize: 'whole', gamma: 'number', ...LAST_EPOCH } as const;
    const { stepSize, gamma = 0.1, lastEpoch } = checked('StepLR', options, known);
    demand(isCount(stepSize), 'StepLR', `stepSize ${stepSize} must be a positive integer`);
    demand(gamma > 0, 'StepLR', `gamma ${gamma} must be positive`);
    super(optimizer, { stepSize, gamma }, lastEpoch);
  }

  protected override next(lr: number): number {
    const { stepSize, gamma } = this.options;
    return this.lastEpoch === 0 || this.lastEpoch % stepSize !== 0 ? lr : lr * gamma;
  }
}

/**
 * Multiplies the rate by `gamma` (default 0.1) at each of the `milestones`; one named twice counts twice.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html
 */
export class MultiStepLR extends LRScheduler<{ milestones: readonly number[]; gamma: number }> {
  constructor(optimizer: ScheduledOptimizer, options: { milestones: readonly number[]; gamma?: number } & LastEpoch) {
    const known = { milestones: 'any', gamma: 'number', ...LAST_EPOCH } as const;
    const { milestones, gamma = 0.1, lastEpoch } = checked('MultiStepLR', options, known);
    demand(milestones.every(Number.isInteger), 'MultiStepLR', `milestones [${milestones}] must be integers`);
    demand(gamma > 0, 'MultiStepLR', `gamma ${gamma} must be positive`);
    super(optimizer, { milestones: [...milestones], gamma }, lastEpoch);
  }

  protected override next(lr: number): number {
    const { milestones, gamma } = this.options;
    return lr * gamma ** milestones.filter((m) => m === this.lastEpoch).length;
  }
}

/**
 * Takes the rate from `startFactor` (default 1/3) to `endFactor` (default 1) times the base rate, in equal steps over
 * `totalIters` (default 5) epochs.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html
 */
export class LinearLR extends LRScheduler<{ startFactor: number; endFactor: number; totalIters: number }> {
  constructor(
    optimizer: ScheduledOptimizer,
    options: { startFactor?: number | undefined; endFactor?: number | undefined; totalIters?: number } & LastEpoch = {},
  ) {
    const {
      startFactor = 1 / 3,
      endFactor = 1,
      totalIters = 5,
      lastEpoch,
    } = checked('LinearLR', options, {
      startFactor: 'number',
      endFactor: 'number',
      totalIters: 'number',
      ...LAST_EPOCH,
    });
    demand(startFactor > 0 && startFactor <= 1, 'LinearLR', `startFactor ${startFactor} must be in (0, 1]`);
    demand(endFactor >= 0 && endFactor <= 1, 'LinearLR', `endFactor ${endFactor} must be in [0, 1]`);
    demand(isCount(totalIters), 'LinearLR', `totalIters ${totalIters} must be a positive integer`);
    super(optimizer, { startFactor, endFactor, totalIters }, lastEpoch);
  }

  protected override next(lr: number): number {
    const { startFactor, endFactor, totalIters } = this.options;
    if (this.lastEpoch === 0) return lr * startFactor;
    if (this.lastEpoch > totalIters) return lr;
    const slope = endFactor - startFactor;
    return lr * (1 + slope / (totalIters * startFactor + (this.lastEpoch - 1) * slope));
  }
}

/**
 * Holds the rate at `factor` (default 1/3) times the base rate for `totalIters` (default 5) epochs.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html
 */
export class ConstantLR extends LRScheduler<{ factor: number; totalIters: number }> {
  constructor(
    optimizer: ScheduledOptimizer,
    options: { factor?: number | undefined; totalIters?: number } & LastEpoch = {},
  ) {
    const known = { factor: 'number', totalIters: 'number', ...LAST_EPOCH } as const;
    const { factor = 1 / 3, totalIters = 5, lastEpoch } = checked('ConstantLR', options, known);
    demand(factor > 0 && factor <= 1, 'ConstantLR', `factor ${factor} must be in (0, 1]`);
    demand(isCount(totalIters), 'ConstantLR', `totalIters ${totalIters} must be a positive integer`);
    super(optimizer, { factor, totalIters }, lastEpoch);
  }

  protected override next(lr: number): number {
    const { factor, totalIters } = this.options;
    if (this.lastEpoch === 0) return lr * factor;
    return this.lastEpoch === totalIters ? lr * (1 / factor) : lr;
  }
}

/**
 * Takes the rate to 0 over `totalIters` (default 5) epochs as (1 − epoch/totalIters)^`power` (default 1).
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html
 */
export class PolynomialLR extends LRScheduler<{ totalIters: number; power: number }> {
  constructor(
    optimizer: ScheduledOptimizer,
    options: { totalIters?: number | undefined; power?: number } & LastEpoch = {},
  ) {
    const known = { totalIters: 'number', power: 'number', ...LAST_EPOCH } as const;
    const { totalIters = 5, power = 1, lastEpoch } = checked('PolynomialLR', options, known);
    demand(isCount(totalIters), 'PolynomialLR', `totalIters ${totalIters} must be a positive integer`);
    super(optimizer, { totalIters, power }, lastEpoch);
  }

  protected override next(lr: number): number {
    const { totalIters, power } = this.options;
    if (this.lastEpoch === 0 || this.lastEpoch > totalIters) return lr;
    return lr * ((1 - this.lastEpoch / totalIters) / (1 - (this.lastEpoch - 1) / totalIters)) ** power;
  }
}

/** A factor at an epoch: of the base rate, or of the rate before. */
export type LrLambda = (epoch: number) => number;

/** A function for each parameter group. */
function lambdasOf(
  name: string,
  optimizer: ScheduledOptimizer,
  lrLambda: LrLambda | readonly LrLambda[],
): readonly LrLambda[] {
  wantOptimizer(name, optimizer);
  const groups = optimizer.paramGroups.length;
  const lambdas = typeof lrLambda === 'function' ? optimizer.paramGroups.map(() => lrLambda) : lrLambda;
  const fits = Array.isArray(lambdas) && lambdas.every((lambda) => typeof lambda === 'function');
  demand(fits, name, `lrLambda is ${text(lrLambda)}, wants a function, or one for each parameter group`);
  demand(lambdas.length === groups, name, `${lambdas.length} functions for ${groups} parameter groups`);
  return lambdas;
}

/**
 * The base rate times `lrLambda(epoch)`: one function, or one per parameter group. State dicts do not hold functions.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
 */
export class LambdaLR extends LRScheduler<{ lambdas: readonly LrLambda[] }> {
  constructor(optimizer: ScheduledOptimizer, options: { lrLambda: LrLambda | readonly LrLambda[] } & LastEpoch) {
    const { lrLambda, lastEpoch } = checked('LambdaLR', options, { lrLambda: 'any', ...LAST_EPOCH });
    const lambdas = lambdasOf('LambdaLR', optimizer, lrLambda);
    super(optimizer, { lambdas }, lastEpoch);
  }

  protected override next(lr: number, baseLr: number, group: number): number {
    const factor = this.options.lambdas[group];
    return factor ? baseLr * factor(this.lastEpoch) : lr;
  }
}

/**
 * Multiplies the rate by `lrLambda(epoch)` every epoch: one function, or one per parameter group. State dicts do not hold
 * functions.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html
 */
export class MultiplicativeLR extends LRScheduler<{ lambdas: readonly LrLambda[] }> {
  constructor(optimizer: ScheduledOptimizer, options: { lrLambda: LrLambda | readonly LrLambda[] } & LastEpoch) {
    const { lrLambda, lastEpoch } = checked('MultiplicativeLR', options, { lrLambda: 'any', ...LAST_EPOCH });
    super(optimizer, { lambdas: lambdasOf('MultiplicativeLR', optimizer, lrLambda) }, lastEpoch);
  }

  protected override next(lr: number, _: number, group: number): number {
    return this.lastEpoch === 0 ? lr : lr * (this.options.lambdas[group]?.(this.lastEpoch) ?? 1);
  }
}
