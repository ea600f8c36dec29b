import { checked } from '../../gpu/options.js';
import { demand, isCount, LAST_EPOCH, type LastEpoch, LRScheduler, type ScheduledOptimizer } from './scheduler.js';

/**
 * Half a cosine from the base rate to `etaMin` (default 0) over `tMax` epochs, then back, and so on.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
 */
export class CosineAnnealingLR extends LRScheduler<{ tMax: number; etaMin: number }> {
  constructor(optimizer: ScheduledOptimizer, options: { tMax: number; etaMin?: number } & LastEpoch) {
    const known = { tMax: 'number', etaMin: 'number', ...LAST_EPOCH } as const;
    const { tMax, etaMin = 0, lastEpoch } = checked('CosineAnnealingLR', options, known);
    demand(isCount(tMax), 'CosineAnnealingLR', `tMax ${tMax} must be a positive integer`);
    super(optimizer, { tMax, etaMin }, lastEpoch);
  }

  protected override next(lr: number, baseLr: number): number {
    const { tMax, etaMin } = this.options;
    const epoch = this.lastEpoch;
    if (epoch === 0) return lr;
    // Just past the trough the recursion divides 0 by 0.
    if ((epoch - 1 - tMax) % (2 * tMax) === 0) return lr + ((baseLr - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2;
    const height = (e: number) => 1 + Math.cos((Math.PI * e) / tMax);
    return (height(epoch) / height(epoch - 1)) * (lr - etaMin) + etaMin;
  }
}

/**
 * Half a cosine from the base rate to `etaMin` (default 0) over `t0` epochs, then again from the base rate, each round
 * `tMult` (default 1) times as long as the one before.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html
 */
export class CosineAnnealingWarmRestarts extends LRScheduler<{ t0: number; tMult: number; etaMin: number }> {
  constructor(optimizer: ScheduledOptimizer, options: { t0: number; tMult?: number; etaMin?: number } & LastEpoch) {
    const known = { t0: 'number', tMult: 'number', etaMin: 'number', ...LAST_EPOCH } as const;
    const { t0, tMult = 1, etaMin = 0, lastEpoch } = checked('CosineAnnealingWarmRestarts', options, known);
    demand(isCount(t0), 'CosineAnnealingWarmRestarts', `t0 ${t0} must be a positive integer`);
    demand(isCount(tMult), 'CosineAnnealingWarmRestarts', `tMult ${tMult} must be a positive integer`);
    super(optimizer, { t0, tMult, etaMin }, lastEpoch);
  }

  protected override next(_lr: number, baseLr: number): number {
    const { t0, tMult, etaMin } = this.options;
    let length = t0;
    let at = this.lastEpoch;
    for (; at >= length; length *= tMult) at -= length;
    return etaMin + ((baseLr - etaMin) * (1 + Math.cos((Math.PI * at) / length))) / 2;
  }
}
