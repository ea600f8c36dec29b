/**
 * What all schedulers share. They act on `optimizer.paramGroups[i].lr` alone and use PyTorch's recursions (the new rate
 * from the one in force), not closed forms: so they chain, respect a rate changed by hand, and agree with PyTorch's floats.
 */
import { refuse } from '../../gpu/errors.js';
import type { Known } from '../../gpu/options.js';

/** The part of an optimizer that a scheduler touches. */
export interface ScheduledOptimizer {
  readonly paramGroups: { lr: number; initialLr?: number }[];
}

/** A scheduler as a training loop sees it. */
export interface Scheduler {
  /** Call once per epoch (or step), after the optimizer's. `ReduceLROnPlateau` wants the metric it watches. */
  step(metric?: number): void;
  /** The rates that the last `step` left, one per parameter group. */
  getLastLr(): number[];
  /** Plain data, fit for JSON. */
  stateDict(): SchedulerState;
  loadStateDict(state: SchedulerState): void;
}

export type SchedulerState = Readonly<Record<string, unknown>>;

export interface LastEpoch {
  /** Index of the last epoch when resuming without a state dict; the groups then need `initialLr`. Default −1: a new start. */
  lastEpoch?: number;
}

export const LAST_EPOCH: Known<LastEpoch> = { lastEpoch: 'whole' };

/** Throws `Name: message` unless the condition holds. */
export function demand(condition: boolean, name: string, message: string): void {
  if (!condition) refuse(`${name}: ${message}`);
}

export const isCount = (value: number): boolean => Number.isInteger(value) && value > 0;

/**
 * Base of the schedulers that know the rate from the epoch. A subclass gives {@link LRScheduler.next}, which may use
 * `lastEpoch` and `options` only: it is called before the subclass's own fields exist.
 */
export abstract class LRScheduler<Options extends object> implements Scheduler {
  /** Steps since the start; 0 after construction. */
  lastEpoch: number;
  /** The rate each group started from (`initialLr`). */
  baseLrs: number[];
  protected options: Options;
  protected readonly optimizer: ScheduledOptimizer;
  #lastLr: number[] = [];

  constructor(optimizer: ScheduledOptimizer, options: Options, lastEpoch = -1) {
    this.baseLrs = optimizer.paramGroups.map((group, i) => {
      const fits = lastEpoch < 0 || group.initialLr !== undefined;
      demand(fits, 'lrScheduler', `lastEpoch ${lastEpoch} without initialLr in group ${i}`);
      group.initialLr ??= group.lr;
      return group.initialLr;
    });
    this.optimizer = optimizer;
    this.options = options;
    this.lastEpoch = lastEpoch;
    this.step();
  }

  /** The rate of a group at `lastEpoch`, from the rate in force and the one it started from. */
  protected abstract next(lr: number, baseLr: number, group: number): number;

  step(): void {
    this.lastEpoch++;
    this.#apply((lr, baseLr, group) => this.next(lr, baseLr, group));
  }

  /** Starts over at epoch 0 from the base rates. */
  restart(): void {
    this.lastEpoch = 0;
    this.#apply((_, baseLr, group) => this.next(baseLr, baseLr, group));
  }

  getLastLr(): number[] {
    return [...this.#lastLr];
  }

  stateDict(): SchedulerState {
    const { lastEpoch, baseLrs, options } = this;
    return { lastEpoch, baseLrs: [...baseLrs], lastLr: this.getLastLr(), options: plain(options) };
  }

  /** Restores epoch and options. The rates themselves are in the optimizer's own state dict, as in PyTorch. */
  loadStateDict(state: SchedulerState): void {
    const { lastEpoch, baseLrs, lastLr, options } = state as unknown as State<Options>;
    const complete = Number.isInteger(lastEpoch) && Array.isArray(baseLrs) && Array.isArray(lastLr);
    demand(complete, 'loadStateDict', 'not the state of a scheduler; it needs lastEpoch, baseLrs and lastLr');
    this.lastEpoch = lastEpoch;
    this.baseLrs = [...baseLrs];
    this.#lastLr = [...lastLr];
    this.options = { ...this.options, ...options };
  }

  #apply(rule: (lr: number, baseLr: number, group: number) => number): void {
    this.#lastLr = this.optimizer.paramGroups.map((group, i) => {
      this.baseLrs[i] ??= group.lr;
      group.lr = rule(group.lr, this.baseLrs[i], i);
      return group.lr;
    });
  }
}

interface State<Options> {
  lastEpoch: number;
  baseLrs: number[];
  lastLr: number[];
  options: Options;
}

/** A copy without functions, which no state can hold. */
function plain(options: object): object {
  const callable = (value: unknown) => typeof value === 'function';
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => !callable(value) && !(Array.isArray(value) && value.some(callable))),
  );
}
