/** What the terminal shows while the study trains: a bar per run on a terminal, a line now and then elsewhere. */
import { type GenericBar, MultiBar } from 'cli-progress';
import type { EpochRecord } from './results.js';
import type { StepEvent } from './train.js';

/** Seconds between lines where there is no terminal to draw a bar on. */
const LINE_SECONDS = 15;

export interface ProgressOptions {
  readonly stream: NodeJS.WriteStream;
  /** Runs of the whole study, and how many of them had ended before. */
  readonly runs: number;
  readonly finished: number;
  readonly stepsPerRun: number;
  /** Synthetic data: every line says so. */
  readonly synthetic: boolean;
}

export class StudyProgress {
  readonly #stream: NodeJS.WriteStream;
  readonly #stepsPerRun: number;
  readonly #total: number;
  readonly #prefix: string;
  readonly #began = performance.now();
  #lastLine = Number.NEGATIVE_INFINITY;
  /** Steps behind the study; `#made` of them by this process. */
  #done: number;
  #made = 0;

  // Of the run under way.
  #run = '';
  #runDone = 0;
  #accuracy = '–';
  #images = 0;
  #imageSeconds = 0;
  #lastStep = Number.NaN;
  /** When it began, or last said what it waits for. */
  #prepared = 0;
  /** A display of its own for each bar: the finished ones stay where they are, and lines go above the last. */
  #display: MultiBar | null = null;
  #bar: GenericBar | null = null;

  constructor({ stream, runs, finished, stepsPerRun, synthetic }: ProgressOptions) {
    this.#stream = stream;
    this.#stepsPerRun = stepsPerRun;
    this.#total = runs * stepsPerRun;
    this.#done = finished * stepsPerRun;
    this.#prefix = synthetic ? 'synthetic · ' : '';
  }

  /** A run begins. */
  begin(run: string): void {
    this.#run = run;
    this.#runDone = 0;
    this.#accuracy = '–';
    this.#images = 0;
    this.#imageSeconds = 0;
    this.#lastStep = Number.NaN;
    this.#prepared = performance.now();
    if (!this.#stream.isTTY) return;
    const { columns = 80 } = this.#stream;
    this.#display = new MultiBar({
      // In 80 columns the time left stands last and must not be cut.
      format: `${this.#prefix}{run} {bar} ${columns < 90 ? '' : '{percentage}%  '}{state}`,
      stream: this.#stream,
      hideCursor: true,
      // A line above the bar pushes it down: draw it again though nothing in it changed.
      forceRedraw: true,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: Math.max(5, Math.min(24, columns - 85)),
      gracefulExit: false,
    });
    this.#bar = this.#display.create(this.#stepsPerRun, 0, { run: run.padEnd(12), state: '' });
  }

  /** Steps of this run that a checkpoint has behind it: neither time nor images were spent on them here. */
  skip(steps: number): void {
    this.#done += steps;
    this.#runDone += steps;
  }

  /** What goes on before the run's first step. */
  prepare(what: string): void {
    if (this.#runDone > 0) return;
    this.#bar?.update({ state: what });
    const now = performance.now();
    if (this.#display || now - this.#prepared < LINE_SECONDS * 1000) return;
    this.#prepared = now;
    this.line(`${this.#run}  ${what}`);
  }

  step({ epoch, step, stepsPerEpoch, loss, images }: StepEvent): void {
    const now = performance.now();
    this.#done++;
    this.#made++;
    this.#runDone++;
    // The first step builds its shaders: it says nothing about the speed.
    if (!Number.isNaN(this.#lastStep)) {
      this.#images += images;
      this.#imageSeconds += (now - this.#lastStep) / 1000;
    }
    this.#lastStep = now;
    this.#bar?.update(this.#runDone, { state: this.#state(loss) });
    if (this.#display || now - this.#lastLine < LINE_SECONDS * 1000) return;
    this.#lastLine = now;
    const percent = Math.floor((100 * this.#done) / this.#total);
    this.line(`${percent} %  ${this.#run}  epoch ${epoch} step ${step}/${stepsPerEpoch}  ${this.#state(loss)}`);
  }

  epoch({ epoch, trainLoss, testAccuracy }: EpochRecord): void {
    this.#accuracy = `${(100 * testAccuracy).toFixed(1)}%`;
    // Time spent on test images is not training's.
    this.#lastStep = performance.now();
    this.line(`${this.#run}  epoch ${epoch}: train loss ${trainLoss.toFixed(4)}, test accuracy ${this.#accuracy}`);
    this.#bar?.update({ state: this.#state(trainLoss) });
  }

  /** The run has ended: its bar stays, full, and `summary` stands below. */
  end(summary: string): void {
    this.skip(this.#stepsPerRun - this.#runDone);
    this.#bar?.update(this.#stepsPerRun);
    this.stop();
    this.line(`${this.#run}: ${summary}\n`);
  }

  /** Prints a line, above the bar where there is one. */
  line(text: string): void {
    if (!this.#display) {
      this.#stream.write(`${this.#prefix}${text}\n`);
      return;
    }
    this.#display.log(`${this.#prefix}${text}\n`);
    this.#display.update();
  }

  /** Leaves the bar as it is and gives the terminal back. */
  stop(): void {
    this.#display?.stop();
    this.#display = null;
    this.#bar = null;
  }

  #state(loss: number): string {
    const rate = this.#imageSeconds > 0 ? (this.#images / this.#imageSeconds).toFixed(0) : '–';
    return `loss ${loss.toFixed(4)}  acc ${this.#accuracy}  ${rate} images/s  ${this.#left()} left`;
  }

  /** Time left of the whole study, at the pace so far. */
  #left(): string {
    if (this.#made < 2) return '…';
    const pace = (performance.now() - this.#began) / 1000 / this.#made;
    const seconds = pace * (this.#total - this.#done);
    if (seconds < 90) return `${Math.ceil(seconds)} s`;
    return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
  }
}
