import { type Complete, checked, type Known, required } from '../../gpu/options.js';
import { of, type PerGroup, wantPerGroup } from './perGroup.js';
import { LAST_EPOCH, type LastEpoch, LRScheduler, type ScheduledOptimizer } from './scheduler.js';

export interface SWALROptions {
  /** The rate at the end, which stays. */
  swaLr: PerGroup;
  /** Epochs until then. Default: 10. */
  annealEpochs?: number | undefined;
  /** Along a cosine or a straight line. Default: 'cos'. */
  annealStrategy?: 'cos' | 'linear' | undefined;
}

const SWALR_OPTIONS: Known<SWALROptions & LastEpoch> = {
  swaLr: 'numbers',
  annealEpochs: 'count',
  annealStrategy: ['cos', 'linear'],
  ...LAST_EPOCH,
};

/**
 * From the rate in force to `swaLr` in `annealEpochs` epochs, and there it stays: for weights that are averaged. Other schedulers
 * may have made their steps before.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.SWALR.html
 */
export class SWALR extends LRScheduler<Complete<SWALROptions> & { from: number }> {
  constructor(optimizer: ScheduledOptimizer, options: SWALROptions & LastEpoch) {
    const given = checked('SWALR', options, SWALR_OPTIONS);
    const { swaLr, annealEpochs = 10, annealStrategy = 'cos', lastEpoch = -1 } = given;
    required('SWALR', { swaLr }, { swaLr: 'numbers' });
    wantPerGroup('SWALR', optimizer, { swaLr });
    super(optimizer, { swaLr, annealEpochs, annealStrategy, from: lastEpoch + 1 }, lastEpoch);
  }

  protected override next(lr: number, _: number, group: number): number {
    const { swaLr, annealEpochs, from } = this.options;
    const end = of(swaLr, group);
    const epoch = this.lastEpoch - from;
    const at = annealEpochs === 0 ? Math.max(1, epoch) : epoch;
    const [before, now] = [wayAt(this.options, at - 1), wayAt(this.options, at)];
    // From the rate in force, which others may have set, back to the one at the start.
    const start = before === 1 ? end : (lr - before * end) / (1 - before);
    return end * now + start * (1 - now);
  }
}

/** Which part of the way is behind at an epoch. */
function wayAt({ annealEpochs, annealStrategy }: Complete<SWALROptions>, epoch: number): number {
  const way = Math.max(0, Math.min(1, epoch / Math.max(1, annealEpochs)));
  return annealStrategy === 'linear' ? way : (1 - Math.cos(Math.PI * way)) / 2;
}
