/** Gathers what becomes known of steps, and tells it a few times a second: a GPU makes a thousand steps in that time. */
import { stats } from 'kindling';
import type { News } from '../shared/protocol.js';
import { readsMade } from './complaints/reads.js';
import type { Control } from './control.js';

const EVERY_MS = 100;

/** Of the page's life: what the device held at most. */
let peak = 0;

export class Reporter {
  readonly #tell: (news: News) => void;
  readonly #control: Control;
  #begun = 0;
  #pausedBefore = 0;
  #told = 0;
  #first = 1;
  #losses: number[] = [];
  #rates: number[] = [];
  #seconds: number[] = [];
  /** Dispatches counted after the step before; null where something else came between. */
  #counted: number | null = null;
  #dispatches: number | null = null;
  #readsBefore = 0;
  #steps = 0;

  constructor(tell: (news: News) => void, control: Control) {
    this.#tell = tell;
    this.#control = control;
  }

  /** @param steps made before, in `seconds` */
  begin(steps = 0, seconds = 0): void {
    this.#first = steps + 1;
    this.#begun = performance.now() - 1000 * seconds;
    this.#pausedBefore = this.#control.pausedMs;
    this.#readsBefore = readsMade();
  }

  /** The run is as it was after that step: those behind it will be told again. */
  goBack(step: number): void {
    this.flush();
    this.#first = step + 1;
    this.interrupted();
  }

  step(loss: number, rate: number): void {
    const paused = this.#control.pausedMs - this.#pausedBefore;
    this.#losses.push(loss);
    this.#rates.push(rate);
    this.#seconds.push((performance.now() - this.#begun - paused) / 1000);
    this.#steps++;
    const { dispatches, bytes } = stats();
    // Between two steps that are told lies one that was made, besides a look at the weights now and then: the least is a step's.
    if (this.#counted !== null) {
      const made = dispatches - this.#counted;
      if (made > 0) this.#dispatches = Math.min(made, this.#dispatches ?? made);
    }
    this.#counted = dispatches;
    peak = Math.max(peak, bytes);
    if (performance.now() - this.#told >= EVERY_MS) this.flush();
  }

  /** Something else than steps was asked of the device. */
  interrupted(): void {
    this.#counted = null;
  }

  flush(): void {
    this.#told = performance.now();
    if (this.#losses.length > 0) {
      const [first, losses, rates, seconds] = [this.#first, this.#losses, this.#rates, this.#seconds];
      this.#first += losses.length;
      this.#losses = [];
      this.#rates = [];
      this.#seconds = [];
      this.#tell({ type: 'steps', first, losses, rates, seconds });
    }
    const { bytes, buffers } = stats();
    peak = Math.max(peak, bytes);
    const reads = this.#steps > 0 ? (readsMade() - this.#readsBefore) / this.#steps : null;
    this.#tell({ type: 'load', load: { bytes, peak, buffers, dispatches: this.#dispatches, reads } });
  }
}
