/** Tells of a run's health and of lost devices. */
import type { TrainEvent } from 'kindling/train';
import type { LiveRun } from '../../../cifar/train.js';
import type { News } from '../../shared/protocol.js';
import type { Control } from '../control.js';
import type { Reporter } from '../reporter.js';
import { Changes } from './changes.js';

export class Watcher {
  readonly #control: Control;
  readonly #reporter: Reporter;
  readonly #tell: (news: News) => void;
  #lostAt = 0;

  constructor(control: Control, reporter: Reporter, tell: (news: News) => void) {
    this.#control = control;
    this.#reporter = reporter;
    this.#tell = tell;
  }

  changesOf(run: LiveRun): Changes {
    return new Changes(run, (change) => this.#tell({ type: 'complaint', of: { what: 'changed', change } }));
  }

  on(event: TrainEvent): void {
    const { step } = event;
    if (event.type === 'health') {
      this.#tell({ type: 'complaint', of: { what: 'health', step, health: event.health } });
      // A look is no part of a step.
      this.#reporter.interrupted();
    } else if (event.type === 'lost') {
      this.#lostAt = performance.now();
      this.#reporter.flush();
      this.#tell({ type: 'complaint', of: { what: 'lost', step, reason: event.reason } });
    } else if (event.type === 'recovered') {
      this.#reporter.goBack(step);
      this.#control.changes?.goBack(step);
      const seconds = (performance.now() - this.#lostAt) / 1000;
      this.#tell({ type: 'complaint', of: { what: 'recovered', step, evaluations: event.epoch - 1, seconds } });
    }
  }
}
