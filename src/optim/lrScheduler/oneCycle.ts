import { type Complete, checked, type Known } from '../../gpu/options.js';
import { of, type PerGroup, setMomentum, wantMomentum, wantPerGroup } from './perGroup.js';
import { demand, isCount, LAST_EPOCH, type LastEpoch, LRScheduler, type ScheduledOptimizer } from './scheduler.js';

export interface OneCycleOptions {
  /** The rate at the top. */
  maxLr: PerGroup;
  /** Steps of the whole cycle; without it `epochs` · `stepsPerEpoch`. */
  totalSteps?: number | undefined;
  epochs?: number | undefined;
  stepsPerEpoch?: number | undefined;
  /** Share of the steps on which the rate rises. Default: 0.3. */
  pctStart?: number | undefined;
  /** Along a cosine or a straight line. Default: 'cos'. */
  annealStrategy?: 'cos' | 'linear' | undefined;
  /** Moves the momentum, or Adam's first beta, against the rate. Default: true. */
  cycleMomentum?: boolean | undefined;
  /** The momentum at the top. Default: 0.85. */
  baseMomentum?: PerGroup | undefined;
  /** The momentum at the ends. Default: 0.95. */
  maxMomentum?: PerGroup | undefined;
  /** The first rate is maxLr / divFactor. Default: 25. */
  divFactor?: number | undefined;
  /** The last rate is the first / finalDivFactor. Default: 1e4. */
  finalDivFactor?: number | undefined;
  /** Falls to the first rate as slowly as it rose, then to the last; else in one go. Default: false. */
  threePhase?: boolean | undefined;
}

const ONE_CYCLE: Known<OneCycleOptions> = {
  maxLr: 'numbers',
  totalSteps: 'number',
  epochs: 'number',
  stepsPerEpoch: 'number',
  pctStart: 'number',
  annealStrategy: ['cos', 'linear'],
  cycleMomentum: 'boolean',
  baseMomentum: 'numbers',
  maxMomentum: 'numbers',
  divFactor: 'number',
  finalDivFactor: 'number',
  threePhase: 'boolean',
};

type Filled = Complete<Omit<OneCycleOptions, 'epochs' | 'stepsPerEpoch'>>;

/**
 * One rise of the rate from `maxLr` / `divFactor` to `maxLr`, and its fall far below; call `step` after every batch.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
 */
export class OneCycleLR extends LRScheduler<Filled> {
  constructor(optimizer: ScheduledOptimizer, options: OneCycleOptions & LastEpoch) {
    const { lastEpoch = -1, ...given } = checked('OneCycleLR', options, { ...ONE_CYCLE, ...LAST_EPOCH });
    const { maxLr, epochs = 0, stepsPerEpoch = 0, totalSteps = epochs * stepsPerEpoch, pctStart = 0.3 } = given;
    const { annealStrategy = 'cos', cycleMomentum = true, baseMomentum = 0.85, maxMomentum = 0.95 } = given;
    const { divFactor = 25, finalDivFactor = 1e4, threePhase = false } = given;
    const name = 'OneCycleLR';
    demand(isCount(totalSteps), name, `${totalSteps} steps; give totalSteps, or epochs and stepsPerEpoch`);
    demand(pctStart >= 0 && pctStart <= 1, name, `pctStart ${pctStart} must be in [0, 1]`);
    wantPerGroup(name, optimizer, { maxLr, baseMomentum, maxMomentum });
    if (cycleMomentum) wantMomentum(name, optimizer);
    if (lastEpoch === -1) {
      optimizer.paramGroups.forEach((group, i) => {
        group.initialLr = of(maxLr, i) / divFactor;
      });
    }
    const momenta = { cycleMomentum, baseMomentum, maxMomentum };
    const rates = { maxLr, divFactor, finalDivFactor };
    super(optimizer, { ...rates, ...momenta, totalSteps, pctStart, annealStrategy, threePhase }, lastEpoch);
  }

  protected override next(_: number, baseLr: number, group: number): number {
    const { maxLr, finalDivFactor, cycleMomentum, baseMomentum, maxMomentum, totalSteps } = this.options;
    demand(this.lastEpoch <= totalSteps, 'OneCycleLR', `step ${this.lastEpoch} of ${totalSteps}; the cycle is over`);
    const { from, to, way } = phaseAt(this.options, this.lastEpoch);
    if (cycleMomentum) {
      const at = (point: number) => of(point === 1 ? baseMomentum : maxMomentum, group);
      setMomentum(this.optimizer, group, between(this.options, at(from), at(to), way));
    }
    const rates = [baseLr, of(maxLr, group), baseLr / finalDivFactor];
    return between(this.options, rates[from] ?? 0, rates[to] ?? 0, way);
  }
}

/** Between which of start (0), top (1) and end (2) a step lies, and which part of the way it has gone. */
function phaseAt({ pctStart, totalSteps, threePhase }: Filled, step: number) {
  const rise = pctStart * totalSteps - 1;
  const ends = threePhase ? [0, rise, 2 * rise, totalSteps - 1] : [0, rise, totalSteps - 1];
  const points = threePhase ? [0, 1, 0, 2] : [0, 1, 2];
  const found = ends.findIndex((end, p) => p > 0 && step <= end);
  const p = found < 0 ? ends.length - 1 : found;
  const [begin = 0, end = 0] = ends.slice(p - 1);
  const [from = 0, to = 0] = points.slice(p - 1);
  return { from, to, way: (step - begin) / (end - begin) };
}

const between = ({ annealStrategy }: Filled, from: number, to: number, way: number): number =>
  annealStrategy === 'linear' ? from + (to - from) * way : to + ((from - to) / 2) * (1 + Math.cos(Math.PI * way));
