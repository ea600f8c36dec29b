/** What the reader changes while a run goes on. A run that goes back to a snapshot meets each change at the same step again. */
import type { LiveRun } from '../../../cifar/train.js';
import type { Change, Changeable } from '../../shared/complaints.js';

export class Changes {
  readonly #run: LiveRun;
  readonly #tell: (change: Change) => void;
  readonly #made: Change[] = [];
  #asked: Omit<Change, 'step'>[] = [];

  /** @param tell is told of each change once a step is made with it */
  constructor(run: LiveRun, tell: (change: Change) => void) {
    this.#run = run;
    this.#tell = tell;
    for (const what of ['dropoutDense', 'dropoutConv'] as const) {
      this.#made.push({ step: 0, what, value: run.model[what].p });
    }
  }

  ask(what: Changeable, value: number): void {
    this.#asked.push({ what, value });
  }

  /** To be called before a step is made. */
  before(step: number): void {
    this.#made.push(...this.#asked.splice(0).map((one) => ({ step, ...one })));
    for (const change of this.#made) {
      if (change.step !== step) continue;
      this.#set(change);
      this.#tell(change);
    }
  }

  /** The run is as it was after that step. The optimizer's numbers came back with its state; the model's fields did not. */
  goBack(step: number): void {
    const before = this.#made.filter((change) => change.step <= step && change.what.startsWith('dropout'));
    for (const change of before.sort((one, other) => one.step - other.step)) this.#set(change);
  }

  /** None of it makes a captured step wrong: an optimizer's numbers are data to it, and with another p it is recorded anew. */
  #set({ what, value }: Change): void {
    const { model, optimizer } = this.#run;
    if (what === 'dropoutDense' || what === 'dropoutConv') model[what].p = value;
    else for (const group of optimizer.paramGroups) group[what === 'rate' ? 'lr' : 'weightDecay'] = value;
  }
}
