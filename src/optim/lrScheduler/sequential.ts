import { checked } from '../../gpu/options.js';
import { opaque } from '../../tensor/watched.js';
import {
  demand,
  type LRScheduler,
  outsideOfCapture,
  type ScheduledOptimizer,
  type Scheduler,
  type SchedulerState,
  wantOptimizer,
} from './scheduler.js';

/**
 * Runs schedulers one after another: the next one takes over, from its base rate, at each of the `milestones`.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html
 */
export class SequentialLR implements Scheduler {
  /** @internal */
  get [opaque](): true {
    return true;
  }

  lastEpoch = 0;
  readonly #schedulers: readonly LRScheduler<object>[];
  readonly #milestones: readonly number[];

  constructor(
    optimizer: ScheduledOptimizer,
    options: { schedulers: readonly LRScheduler<object>[]; milestones: readonly number[] },
  ) {
    wantOptimizer('SequentialLR', optimizer);
    const { schedulers, milestones } = checked('SequentialLR', options, { schedulers: 'any', milestones: 'any' });
    const fits = schedulers.length > 0 && milestones.length === schedulers.length - 1;
    demand(fits, 'SequentialLR', `${milestones.length} milestones for ${schedulers.length} schedulers; give one fewer`);
    this.#schedulers = schedulers;
    this.#milestones = milestones;
    // Each scheduler has already made its first step: undone here, and made again by the first alone.
    for (const group of optimizer.paramGroups) group.lr = group.initialLr ?? group.lr;
    for (const scheduler of schedulers) scheduler.lastEpoch--;
    schedulers[0]?.step();
  }

  step(): void {
    outsideOfCapture();
    this.lastEpoch++;
    const scheduler = this.#current();
    if (this.#milestones.includes(this.lastEpoch)) scheduler?.restart();
    else scheduler?.step();
  }

  getLastLr(): number[] {
    return this.#current()?.getLastLr() ?? [];
  }

  stateDict(): SchedulerState {
    return { lastEpoch: this.lastEpoch, schedulers: this.#schedulers.map((s) => s.stateDict()) };
  }

  loadStateDict(state: SchedulerState): void {
    const { lastEpoch, schedulers } = state as { lastEpoch: number; schedulers: SchedulerState[] };
    const fits =
      Number.isInteger(lastEpoch) && Array.isArray(schedulers) && schedulers.length === this.#schedulers.length;
    demand(fits, 'loadStateDict', `not the state of a SequentialLR of ${this.#schedulers.length} schedulers`);
    this.lastEpoch = lastEpoch;
    this.#schedulers.forEach((scheduler, i) => {
      scheduler.loadStateDict(schedulers[i] ?? {});
    });
  }

  #current(): LRScheduler<object> | undefined {
    return this.#schedulers[this.#milestones.filter((m) => m <= this.lastEpoch).length];
  }
}
