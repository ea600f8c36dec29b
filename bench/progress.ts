/** A line of progress with the time left: over the last one on a terminal, now and then elsewhere. */

/** Seconds between lines where there is no terminal. */
const LINE_SECONDS = 10;

export class Progress {
  readonly #total: number;
  readonly #began = performance.now();
  #done = 0;
  #shown = Number.NEGATIVE_INFINITY;

  /** @param total the work, in units of any kind */
  constructor(total: number) {
    this.#total = total;
  }

  /** Says what happens now. */
  show(text: string): void {
    const now = performance.now();
    const { isTTY } = process.stderr;
    if (!isTTY && now - this.#shown < 1000 * LINE_SECONDS) return;
    this.#shown = now;
    const left = ((now - this.#began) / 1000 / this.#done) * (this.#total - this.#done);
    const percent = Math.min(99, Math.floor((100 * this.#done) / this.#total));
    const time = this.#done > 0 ? `, ${clock(left)} left` : '';
    process.stderr.write(`${isTTY ? '\r\x1b[K' : ''}${percent} %${time}: ${text}${isTTY ? '' : '\n'}`);
  }

  done(units: number): void {
    this.#done += units;
  }

  /** A line that stays. */
  line(text: string): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    console.log(text);
  }
}

function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
