/** What the terminal shows while the study trains: a bar on a terminal, a line now and then elsewhere. */
import { SingleBar } from 'cli-progress';
import type { EpochRecord } from './results.js';
import type { StepEvent } from './train.js';

/** Seconds between lines where there is no terminal to draw a bar on. */
const LINE_SECONDS = 15;

export class StudyProgress {
  readonly #total: number;
  #done = 0;
  readonly #before: number;
  #bar: SingleBar | null = null;
  #lastLine = 0;
  readonly #began = performance.now();
  readonly #stream: NodeJS.WriteStream;

  /** @param total steps of the whole study; `done`: those of runs that had ended before */
  constructor(total: number, done: number, stream: NodeJS.WriteStream) {
    this.#total = total;
    this.#done = done;
    this.#before = done;
    this.#stream = stream;
    if (!stream.isTTY) return;
    this.#bar = new SingleBar({
      format: '{bar} {percentage}% | {left} left | {run} | loss {loss}',
      stream,
      hideCursor: true,
      clearOnComplete: true,
      barsize: 24,
      gracefulExit: false,
    });
    this.#bar.start(total, done, { left: '?', run: '', loss: '' });
  }

  step(run: string, event: StepEvent): void {
    this.#done++;
    const loss = event.loss.toFixed(4);
    this.#bar?.update(this.#done, { left: this.left(), run: `${run} epoch ${event.epoch}`, loss });
    const seconds = (performance.now() - this.#began) / 1000;
    if (this.#bar || (this.#lastLine > 0 && seconds - this.#lastLine < LINE_SECONDS)) return;
    this.#lastLine = Math.max(seconds, 1e-9);
    const percent = Math.floor((100 * this.#done) / this.#total);
    this.line(
      `${percent} %  ${run}  epoch ${event.epoch} step ${event.step}/${event.stepsPerEpoch}  loss ${loss}  ${this.left()} left`,
    );
  }

  epoch(run: string, { epoch, trainLoss, testAccuracy }: EpochRecord): void {
    this.line(
      `${run}  epoch ${epoch}: train loss ${trainLoss.toFixed(4)}, test accuracy ${(100 * testAccuracy).toFixed(1)} %`,
    );
  }

  /** Prints a line above the bar. */
  line(text: string): void {
    if (!this.#bar) {
      this.#stream.write(`${text}\n`);
      return;
    }
    this.#stream.write(`\r\u001b[K${text}\n`);
    this.#bar.render();
  }

  /** Skips steps that a checkpoint has behind it. */
  skip(steps: number): void {
    this.#done += steps;
  }

  stop(): void {
    this.#bar?.stop();
  }

  left(): string {
    const made = this.#done - this.#before;
    if (made < 2) return '…';
    const seconds = ((performance.now() - this.#began) / 1000 / made) * (this.#total - this.#done);
    if (seconds < 90) return `${Math.ceil(seconds)} s`;
    return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
  }
}
