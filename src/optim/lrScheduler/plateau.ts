import { type Complete, checked, type Known } from '../../gpu/options.js';
import { opaque } from '../../tensor/watched.js';
import { defined } from '../groups.js';
import {
  checkOptions,
  demand,
  outsideOfCapture,
  type ScheduledOptimizer,
  type Scheduler,
  type SchedulerState,
  wantOptimizer,
} from './scheduler.js';

export interface PlateauOptions {
  /** Whether the metric should fall or rise. Default `min`. */
  mode?: 'min' | 'max' | undefined;
  /** New rate over old, below 1. Default 0.1. */
  factor?: number | undefined;
  /** Epochs without improvement that are let pass. Default 10. */
  patience?: number | undefined;
  /** What counts as improvement. Default 1e-4. */
  threshold?: number | undefined;
  /** Whether `threshold` is relative to the best so far or absolute. Default `rel`. */
  thresholdMode?: 'rel' | 'abs' | undefined;
  /** Epochs after a reduction in which none is counted. Default 0. */
  cooldown?: number | undefined;
  /** Bound below, one for all groups or one per group. Default 0. */
  minLr?: number | readonly number[] | undefined;
  /** Smaller changes of the rate are not made. Default 1e-8. */
  eps?: number | undefined;
}

const PLATEAU: Known<PlateauOptions> = {
  mode: ['min', 'max'],
  factor: 'number',
  patience: 'count',
  threshold: 'number',
  thresholdMode: ['rel', 'abs'],
  cooldown: 'count',
  minLr: 'numbers',
  eps: 'number',
};

/** What changes; `best` is null before the first step, since JSON has no infinity. */
interface Progress {
  lastEpoch: number;
  best: number | null;
  numBadEpochs: number;
  cooldownCounter: number;
}

/**
 * Reduces the rate when the metric given to `step` has stopped improving.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
 */
export class ReduceLROnPlateau implements Scheduler {
  /** @internal */
  get [opaque](): true {
    return true;
  }

  readonly #optimizer: ScheduledOptimizer;
  #options: Complete<PlateauOptions>;
  #progress: Progress = { lastEpoch: 0, best: null, numBadEpochs: 0, cooldownCounter: 0 };

  constructor(optimizer: ScheduledOptimizer, options: PlateauOptions = {}) {
    wantOptimizer('ReduceLROnPlateau', optimizer);
    checked('ReduceLROnPlateau', options, PLATEAU);
    const { mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4, thresholdMode = 'rel' } = options;
    const { cooldown = 0, minLr = 0, eps = 1e-8 } = options;
    const name = 'ReduceLROnPlateau';
    demand(factor < 1, name, `factor ${factor} must be below 1`);
    const groups = optimizer.paramGroups.length;
    const bounds = typeof minLr === 'number' ? groups : minLr.length;
    demand(bounds === groups, name, `${bounds} values of minLr for ${groups} parameter groups`);
    this.#optimizer = optimizer;
    this.#options = { mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps };
  }

  get lastEpoch(): number {
    return this.#progress.lastEpoch;
  }

  step(metric: number): void {
    outsideOfCapture();
    demand(typeof metric === 'number', 'ReduceLROnPlateau', 'step() wants the metric it watches, a number');
    const { patience, cooldown } = this.#options;
    const now = this.#progress;
    now.lastEpoch++;
    if (this.#improves(metric)) {
      now.best = metric;
      now.numBadEpochs = 0;
    } else {
      now.numBadEpochs++;
    }
    if (now.cooldownCounter > 0) {
      now.cooldownCounter--;
      now.numBadEpochs = 0;
    }
    if (now.numBadEpochs > patience) {
      this.#reduce();
      now.cooldownCounter = cooldown;
      now.numBadEpochs = 0;
    }
  }

  getLastLr(): number[] {
    return this.#optimizer.paramGroups.map((group) => group.lr);
  }

  stateDict(): SchedulerState {
    return { ...this.#progress, options: { ...this.#options } };
  }

  loadStateDict(state: SchedulerState): void {
    const { lastEpoch, best, numBadEpochs, cooldownCounter, options } = state as unknown as Progress & {
      options?: PlateauOptions;
    };
    const counts = [lastEpoch, numBadEpochs, cooldownCounter].every((count) => Number.isInteger(count) && count >= 0);
    const fits = counts && (best === null || typeof best === 'number');
    demand(fits, 'loadStateDict', 'not the state of a ReduceLROnPlateau; it needs lastEpoch, best and both counters');
    checkOptions(options, this.#options);
    this.#progress = { lastEpoch, best, numBadEpochs, cooldownCounter };
    this.#options = { ...this.#options, ...defined(options ?? {}) };
  }

  #improves(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const sign = mode === 'min' ? -1 : 1;
    const best = this.#progress.best ?? -sign * Number.POSITIVE_INFINITY;
    const bound = thresholdMode === 'rel' ? best * (1 + sign * threshold) : best + sign * threshold;
    return mode === 'min' ? metric < bound : metric > bound;
  }

  #reduce(): void {
    const { factor, minLr, eps } = this.#options;
    this.#optimizer.paramGroups.forEach((group, i) => {
      const lr = Math.max(group.lr * factor, typeof minLr === 'number' ? minLr : (minLr[i] ?? 0));
      if (group.lr - lr > eps) group.lr = lr;
    });
  }
}
