/**
 * When memory was overwritten in place, so that whoever read it before can tell that it is no longer what it was. Time is
 * counted: it goes on with every function that the tape records.
 */
let time = 0;

/** The time now. */
export const now = (): number => time;

/** Lets time go on, and returns it. */
export const tick = (): number => ++time;

/** Bytes of a buffer, up to where the next range may begin. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Whether two ranges of one buffer have bytes in common. */
export const meet = (a: Range, b: Range): boolean => a.start < b.end && b.start < a.end;

/** Of one buffer, by ranges: a write to one tensor of an arena is none to its neighbours. */
export class Overwrites {
  #ranges: (Range & { at: number })[] = [];
  #latest = -1;

  /** Notes that the bytes of a range are what they are since `at`. */
  note({ start, end }: Range, at: number): void {
    this.#latest = Math.max(this.#latest, at);
    const same = this.#ranges.find((one) => one.start === start && one.end === end);
    if (same) {
      same.at = at;
      return;
    }
    this.#ranges = this.#ranges.filter((one) => one.start < start || one.end > end);
    this.#ranges.push({ start, end, at });
  }

  /** When any of the bytes of a range was last written; -1 for never. */
  latest(range: Range): number {
    return this.#ranges.reduce((last, one) => (meet(one, range) ? Math.max(last, one.at) : last), -1);
  }

  /** Whether any of these bytes was written at `since` or later. */
  after(since: number, range: Range): boolean {
    return this.#latest >= since && this.latest(range) >= since;
  }
}
