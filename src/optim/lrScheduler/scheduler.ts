/**
 * What all schedulers share. They act on `optimizer.paramGroups[i].lr` alone and use PyTorch's recursions (the new rate
 * from the one in force), not closed forms: so they chain, respect a rate changed by hand, and agree with PyTorch's floats.
 */
import { refuse } from '../../gpu/errors.js';
import type { Known } from '../../gpu/options.js';
import { text } from '../../gpu/options.js';
import { opaque, readField, refuseInCapture } from '../../tensor/watched.js';

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

/** Throws unless this is an optimizer. */
export function wantOptimizer(name: string, optimizer: Partial<ScheduledOptimizer> | undefined): void {
  demand(Array.isArray(optimizer?.paramGroups), name, `wants an optimizer first, got ${text(optimizer)}`);
}

/** A replay would not count. */
export const outsideOfCapture = (): void =>
  refuseInCapture('a scheduler makes its step', 'Call its step() outside; the captured function sees the new rates.');

export const isCount = (value: number): boolean => Number.isInteger(value) && value > 0;

/**
 * Base of the schedulers that know the rate from the epoch. A subclass gives {@link LRScheduler.next}, which may use
 * `lastEpoch` and `options` only: it is called before the subclass's own fields exist.
 */
export abstract class LRScheduler<Options extends object> implements Scheduler {
  /** @internal */
  get [opaque](): true {
    return true;
  }

  /** Steps since the start; 0 after construction. */
  lastEpoch: number;
  /** The rate each group started from (`initialLr`). */
  baseLrs: number[];
  protected options: Options;
  protected readonly optimizer: ScheduledOptimizer;
  #lastLr: number[] = [];

  constructor(optimizer: ScheduledOptimizer, options: Options, lastEpoch = -1) {
    wantOptimizer(new.target.name, optimizer);
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
    outsideOfCapture();
    this.lastEpoch++;
    this.#apply((lr, baseLr, group) => this.next(lr, baseLr, group));
  }

  /** Starts over at epoch 0 from the base rates. */
  restart(): void {
    this.lastEpoch = 0;
    this.#apply((_, baseLr, group) => this.next(baseLr, baseLr, group));
  }

  getLastLr(): number[] {
    readField(this, 'last rates', () => this.#lastLr.join());
    return [...this.#lastLr];
  }

  stateDict(): SchedulerState {
    const { lastEpoch, baseLrs, options } = this;
    return { lastEpoch, baseLrs: [...baseLrs], lastLr: this.getLastLr(), options: plain(options) };
  }

  /** Restores epoch and options. The rates themselves are in the optimizer's own state dict, as in PyTorch. */
  loadStateDict(state: SchedulerState): void {
    const { lastEpoch, baseLrs, lastLr, options } = state as unknown as State<Options>;
    const groups = this.optimizer.paramGroups.length;
    const complete = Number.isInteger(lastEpoch) && lastEpoch >= -1 && isRates(baseLrs) && isRates(lastLr);
    demand(complete, 'loadStateDict', 'not the state of a scheduler; it needs lastEpoch, baseLrs and lastLr');
    const fits = baseLrs.length === groups && lastLr.length === groups;
    demand(fits, 'loadStateDict', `${baseLrs.length} and ${lastLr.length} rates for ${groups} parameter groups`);
    checkOptions(options, plain(this.options));
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

const isRates = (value: unknown): value is number[] => Array.isArray(value) && value.every(Number.isFinite);

/** Throws unless the options of a state are those of the scheduler, each of the kind that it has there. */
export function checkOptions(saved: unknown, own: object): void {
  if (typeof saved !== 'object' || saved === null) refuse('loadStateDict: the options of the scheduler are no object');
  for (const name of Object.keys({ ...own, ...saved })) {
    const [given, here]: unknown[] = [Reflect.get(saved, name), Reflect.get(own, name)];
    demand(
      kindOf(given) === kindOf(here),
      'loadStateDict',
      `option ${name} of the scheduler is ${JSON.stringify(given)} in the state, here ${JSON.stringify(here)}`,
    );
  }
}

/** Of a value for all parameter groups, or of those for each. */
function kindOf(value: unknown): string {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  const kinds = new Set(values.map((one) => (typeof one === 'number' && !Number.isFinite(one) ? 'none' : typeof one)));
  return [...kinds].join();
}

/** A copy without functions, which no state can hold. */
function plain(options: object): object {
  const callable = (value: unknown) => typeof value === 'function';
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => !callable(value) && !(Array.isArray(value) && value.some(callable))),
  );
}
