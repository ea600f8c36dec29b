/** What the terminal shows while the study trains: a bar per run, with loss, accuracy, speed and the time left of it all. */
import { Progress } from '../shared/progress.js';
import type { EpochRecord } from './results.js';
import type { StepEvent } from './train.js';

export interface StudyProgressOptions {
  readonly stream: NodeJS.WriteStream;
  /** Runs of the whole study, and how many of them had ended before. */
  readonly runs: number;
  readonly finished: number;
  readonly stepsPerRun: number;
  /** Synthetic data: every line says so. */
  readonly synthetic: boolean;
}

export class StudyProgress {
  readonly #progress: Progress;
  readonly #stepsPerRun: number;

  // Of the run under way.
  #run = '';
  #accuracy = '–';
  #images = 0;
  #imageSeconds = 0;
  #lastStep = Number.NaN;

  constructor({ stream, runs, finished, stepsPerRun, synthetic }: StudyProgressOptions) {
    this.#stepsPerRun = stepsPerRun;
    const prefix = synthetic ? 'synthetic · ' : '';
    this.#progress = new Progress({ stream, total: runs * stepsPerRun, done: finished * stepsPerRun, prefix });
  }

  /** A run begins. */
  begin(run: string): void {
    this.#run = run;
    this.#accuracy = '–';
    this.#images = 0;
    this.#imageSeconds = 0;
    this.#lastStep = Number.NaN;
    this.#progress.begin(run, this.#stepsPerRun);
  }

  /** What goes on before the run's first step. */
  prepare(what: string): void {
    this.#progress.prepare(what);
  }

  step({ epoch, step, stepsPerEpoch, loss, images }: StepEvent): void {
    const now = performance.now();
    // The first step builds its shaders: it says nothing about the speed.
    if (!Number.isNaN(this.#lastStep)) {
      this.#images += images;
      this.#imageSeconds += (now - this.#lastStep) / 1000;
    }
    this.#lastStep = now;
    const done = (epoch - 1) * stepsPerEpoch + step;
    this.#progress.step(done, this.#state(loss), `epoch ${epoch} step ${step}/${stepsPerEpoch}`);
  }

  epoch({ epoch, trainLoss, testAccuracy }: EpochRecord): void {
    this.#accuracy = `${(100 * testAccuracy).toFixed(1)}%`;
    // Time spent on test images is not training's.
    this.#lastStep = performance.now();
    this.line(`${this.#run}  epoch ${epoch}: train loss ${trainLoss.toFixed(4)}, test accuracy ${this.#accuracy}`);
    this.#progress.show(this.#state(trainLoss));
  }

  /** The run has ended: its bar stays, full, and `summary` stands below. */
  end(summary: string): void {
    this.#progress.end();
    this.line(`${this.#run}: ${summary}\n`);
  }

  /** Prints a line, above the bar where there is one. */
  line(text: string): void {
    this.#progress.line(text);
  }

  /** Leaves the bar as it is and gives the terminal back. */
  stop(): void {
    this.#progress.stop();
  }

  #state(loss: number): string {
    const rate = this.#imageSeconds > 0 ? (this.#images / this.#imageSeconds).toFixed(0) : '–';
    return `loss ${loss.toFixed(4)}  acc ${this.#accuracy}  ${rate} images/s`;
  }
}
