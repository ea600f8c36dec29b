import { checked, type Known, required } from '../../gpu/options.js';
import { of, type PerGroup, setMomentum, wantMomentum, wantPerGroup } from './perGroup.js';
import {
  demand,
  LAST_EPOCH,
  type LastEpoch,
  LRScheduler,
  type ScheduledOptimizer,
  wantOptimizer,
} from './scheduler.js';

export interface CyclicOptions {
  /** The rate at the bottom, where it starts. */
  baseLr: PerGroup;
  /** The rate at the top of the first cycle. */
  maxLr: PerGroup;
  /** Steps on which the rate rises. Default: 2000. */
  stepSizeUp?: number | undefined;
  /** Steps on which it falls. Default: as many. */
  stepSizeDown?: number | undefined;
  /**
   * How high the tops are: all alike, each half as high as the one before, or lower by `gamma` with every step. Default:
   * 'triangular'.
   */
  mode?: 'triangular' | 'triangular2' | 'expRange' | undefined;
  /** What the height is multiplied by in every step of 'expRange'. Default: 1. */
  gamma?: number | undefined;
  /** The height by the number of the cycle, from 1 on, or of the step, in place of `mode`. State dicts do not hold it. */
  scaleFn?: ((x: number) => number) | null | undefined;
  /** What `scaleFn` is given. Default: 'cycle'. */
  scaleMode?: 'cycle' | 'iterations' | undefined;
  /** Moves the momentum, or Adam's first beta, against the rate. Default: true. */
  cycleMomentum?: boolean | undefined;
  /** The momentum where the rate is greatest. Default: 0.8. */
  baseMomentum?: PerGroup | undefined;
  /** The momentum where it is least. Default: 0.9. */
  maxMomentum?: PerGroup | undefined;
}

const CYCLIC: Known<CyclicOptions> = {
  baseLr: 'numbers',
  maxLr: 'numbers',
  stepSizeUp: 'number',
  stepSizeDown: 'number',
  mode: ['triangular', 'triangular2', 'expRange'],
  gamma: 'number',
  scaleFn: 'function?',
  scaleMode: ['cycle', 'iterations'],
  cycleMomentum: 'boolean',
  baseMomentum: 'numbers',
  maxMomentum: 'numbers',
};

type Filled = { readonly [Key in keyof CyclicOptions]-?: Exclude<CyclicOptions[Key], undefined> };

/**
 * The rate up from `baseLr` to `maxLr` and down again, over and over; call `step` after every batch.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html
 */
export class CyclicLR extends LRScheduler<Filled> {
  constructor(optimizer: ScheduledOptimizer, options: CyclicOptions & LastEpoch) {
    const name = 'CyclicLR';
    const { lastEpoch = -1, ...given } = checked(name, options, { ...CYCLIC, ...LAST_EPOCH });
    const { baseLr, maxLr, stepSizeUp = 2000, stepSizeDown = stepSizeUp, mode = 'triangular', gamma = 1 } = given;
    const { scaleFn = null, scaleMode = 'cycle' } = given;
    const { cycleMomentum = true, baseMomentum = 0.8, maxMomentum = 0.9 } = given;
    required(name, { baseLr, maxLr }, { baseLr: 'numbers', maxLr: 'numbers' });
    wantOptimizer(name, optimizer);
    demand(stepSizeUp > 0, name, `stepSizeUp ${stepSizeUp} must be positive`);
    demand(stepSizeDown > 0, name, `stepSizeDown ${stepSizeDown} must be positive`);
    wantPerGroup(name, optimizer, { baseLr, maxLr, baseMomentum, maxMomentum });
    if (cycleMomentum) wantMomentum(name, optimizer);
    if (lastEpoch === -1) {
      optimizer.paramGroups.forEach((group, i) => {
        group.lr = of(baseLr, i);
      });
    }
    const heights = { mode, gamma, scaleFn, scaleMode };
    const momenta = { cycleMomentum, baseMomentum, maxMomentum };
    super(optimizer, { baseLr, maxLr, stepSizeUp, stepSizeDown, ...heights, ...momenta }, lastEpoch);
    this.baseLrs = optimizer.paramGroups.map((_, i) => of(baseLr, i));
  }

  protected override next(_: number, __: number, group: number): number {
    const { baseLr, maxLr, cycleMomentum, baseMomentum, maxMomentum } = this.options;
    const height = heightAt(this.options, this.lastEpoch);
    if (cycleMomentum) {
      const top = of(maxMomentum, group);
      setMomentum(this.optimizer, group, top - (top - of(baseMomentum, group)) * height);
    }
    const bottom = of(baseLr, group);
    return bottom + (of(maxLr, group) - bottom) * height;
  }
}

/** How far above the bottom a step is, as a share of the way to the top. */
function heightAt({ stepSizeUp, stepSizeDown, mode, gamma, scaleFn, scaleMode }: Filled, step: number): number {
  const total = stepSizeUp + stepSizeDown;
  const ratio = stepSizeUp / total;
  const cycle = Math.floor(1 + step / total);
  const x = 1 + step / total - cycle;
  const height = x <= ratio ? x / ratio : (x - 1) / (ratio - 1);
  if (scaleFn) return height * scaleFn(scaleMode === 'cycle' ? cycle : step);
  if (mode === 'triangular') return height;
  return height * (mode === 'triangular2' ? 1 / 2 ** (cycle - 1) : gamma ** step);
}
