/**
 * When memory was overwritten in place, so that whoever read it before can tell that it is no longer what it was. Time is
 * counted: it goes on with every function that the tape records.
 */
let time = 0;

/** The time now. */
export const now = (): number => time;

/** Lets time go on, and returns it. */
export const tick = (): number => ++time;

/** Of one buffer, by ranges: a write to one tensor of an arena is none to its neighbours. */
export class Overwrites {
  #ranges: { readonly from: number; readonly to: number; at: number }[] = [];
  #latest = -1;

  /** Notes that bytes `from` to `to` are what they are since `at`. */
  note(from: number, to: number, at: number): void {
    this.#latest = Math.max(this.#latest, at);
    const same = this.#ranges.find((range) => range.from === from && range.to === to);
    if (same) {
      same.at = at;
      return;
    }
    this.#ranges = this.#ranges.filter((range) => range.from < from || range.to > to);
    this.#ranges.push({ from, to, at });
  }

  /** When any of the bytes `from` to `to` was last written; -1 for never. */
  latest(from: number, to: number): number {
    return this.#ranges.reduce((last, one) => (one.from < to && from < one.to ? Math.max(last, one.at) : last), -1);
  }

  /** Whether any of these bytes was written at `since` or later. */
  after(since: number, from: number, to: number): boolean {
    return this.#latest >= since && this.latest(from, to) >= since;
  }
}
