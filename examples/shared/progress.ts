/** What is shown while something trains: a bar on a terminal, a line now and then elsewhere; both with the time left. */
import { type GenericBar, MultiBar } from 'cli-progress';

/** Seconds between lines where there is no terminal to draw a bar on. */
const LINE_SECONDS = 15;

export interface ProgressOptions {
  readonly stream: NodeJS.WriteStream;
  /** Steps in all: of one bar, or of those that come one after the other. */
  readonly total: number;
  /** Of the one bar; without it, `begin` opens bars. */
  readonly label?: string;
  /** Steps that were behind it all before this process began. Default: 0. */
  readonly done?: number;
  /** What every line begins with. */
  readonly prefix?: string;
}

/**
 * @example
 * const progress = new Progress({ stream: process.stdout, total: 100, label: 'mnist' });
 * for (let done = 1; done <= 100; done++) progress.step(done, `loss ${await train()}`);
 * progress.stop();
 */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #total: number;
  readonly #prefix: string;
  readonly #began = performance.now();
  #lastLine = Number.NEGATIVE_INFINITY;
  /** Steps of the bars before this one. */
  #before: number;
  /** Steps of this process, which the pace is taken from. */
  #made = 0;

  // Of the bar under way.
  #label = '';
  #steps = 0;
  #done = 0;
  /** When it began, or last said what it waits for. */
  #prepared = 0;
  /** A display of its own for each bar: the finished ones stay where they are, and lines go above the last. */
  #display: MultiBar | null = null;
  #bar: GenericBar | null = null;

  constructor({ stream, total, label, done = 0, prefix = '' }: ProgressOptions) {
    this.#stream = stream;
    this.#total = total;
    this.#prefix = prefix;
    this.#before = done;
    if (label !== undefined) this.begin(label, total);
  }

  /** Opens a bar of `steps` steps. */
  begin(label: string, steps: number): void {
    this.#label = label;
    this.#steps = steps;
    this.#done = 0;
    this.#prepared = performance.now();
    if (!this.#stream.isTTY) return;
    const { columns = 80 } = this.#stream;
    this.#display = new MultiBar({
      // In 80 columns the time left stands last and must not be cut.
      format: `${this.#prefix}{label} {bar} ${columns < 90 ? '' : '{percentage}%  '}{state}`,
      stream: this.#stream,
      hideCursor: true,
      // A line above the bar pushes it down: draw it again though nothing in it changed.
      forceRedraw: true,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: Math.max(5, Math.min(24, columns - 85)),
      gracefulExit: false,
    });
    this.#bar = this.#display.create(steps, 0, { label: label.padEnd(12), state: '' });
  }

  /** What goes on before the first step. */
  prepare(what: string): void {
    if (this.#done > 0) return;
    this.#bar?.update({ state: what });
    const now = performance.now();
    if (this.#display || now - this.#prepared < LINE_SECONDS * 1000) return;
    this.#prepared = now;
    this.line(`${this.#label}  ${what}`);
  }

  /**
   * A step was made.
   *
   * @param done the steps of this bar so far; those that it jumps over were made by an earlier process
   * @param state loss and the like
   * @param where for lines: which step it is
   */
  step(done: number, state: string, where = `step ${done}/${this.#steps}`): void {
    const now = performance.now();
    this.#done = done;
    this.#made++;
    this.#bar?.update(done, { state: this.#timed(state) });
    if (this.#display || now - this.#lastLine < LINE_SECONDS * 1000) return;
    this.#lastLine = now;
    const percent = Math.floor((100 * (this.#before + done)) / this.#total);
    this.line(`${percent} %  ${this.#label}  ${where}  ${this.#timed(state)}`);
  }

  /** Another state on the bar, between steps. */
  show(state: string): void {
    this.#bar?.update({ state: this.#timed(state) });
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

  /** The bar's work is done: it stays, full. */
  end(): void {
    this.#before += this.#steps;
    this.#bar?.update(this.#steps);
    this.stop();
  }

  /** Leaves the bar as it is and gives the terminal back. */
  stop(): void {
    this.#display?.stop();
    this.#display = null;
    this.#bar = null;
  }

  /** `state` and the time left of it all, at the pace so far. */
  #timed(state: string): string {
    if (this.#made < 2) return `${state}  … left`;
    const pace = (performance.now() - this.#began) / 1000 / this.#made;
    return `${state}  ${duration(pace * (this.#total - this.#before - this.#done))} left`;
  }
}

/** `40 s`, `12 min`, `1.5 h`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
