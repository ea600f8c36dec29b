/** The places at which curves are looked up: the same for all, no more than can be seen, and where they were as a run goes on. */
import type { Run } from '../state/runs.js';

export type Along = 'step' | 'epoch' | 'time';
/** Null where a line has no point. */
export type Values = (number | null)[];

/** More than a chart has pixels for would be drawn for nobody. */
const MOST = 500;

export interface Grid {
  readonly along: Along;
  /** Places are its multiples, in steps or seconds: a power of two, which stays while a run becomes up to twice as long. */
  readonly width: number;
  readonly count: number;
  /** The last place, where the farthest run is; no multiple of the width. */
  readonly end: number | null;
  /** Where they lie in the chart. */
  readonly x: readonly number[];
}

/** Where a step lies, from 1 on. */
export function placeOf(run: Run, step: number, along: Along): number {
  if (along === 'step') return step;
  if (along === 'epoch') return step / run.stepsPerEpoch;
  return run.seconds[step - 1] ?? Number.NaN;
}

export function gridOf(runs: readonly Run[], along: Along): Grid {
  const inTime = along === 'time';
  const longest = Math.max(0, ...runs.map(({ losses, seconds }) => (inTime ? (seconds.at(-1) ?? 0) : losses.length)));
  const exponent = longest > 0 ? Math.ceil(Math.log2(longest / MOST)) : 0;
  const width = 2 ** (inTime ? exponent : Math.max(0, exponent));
  const count = Math.floor(longest / width);
  const end = count * width < longest ? longest : null;
  const perEpoch = runs.find(({ losses }) => losses.length > 0)?.stepsPerEpoch ?? 1;
  const unit = along === 'epoch' ? 1 / perEpoch : 1;
  const x = Array.from({ length: count }, (_, i) => (i + 1) * width * unit);
  if (end !== null) x.push(end * unit);
  return { along, width, count, end, x };
}

const finite = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) ? null : value;

/** Looks up a run's values by step or time. Asked for rising times, it walks along the run once. */
export class Lookup {
  readonly #run: Run;
  readonly #along: Along;
  readonly #stepped: boolean;
  #next = 0;

  /** @param stepped whether values hold until the next step; otherwise they lie on the line between two steps, along time */
  constructor(run: Run, along: Along, stepped = false) {
    this.#run = run;
    this.#along = along;
    this.#stepped = stepped;
  }

  /** Whether the run has got there. */
  reaches(place: number): boolean {
    const { losses, seconds } = this.#run;
    return place <= (this.#along === 'time' ? (seconds.at(-1) ?? -1) : losses.length);
  }

  at(place: number, values: readonly number[]): number | null {
    if (!this.reaches(place)) return null;
    if (this.#along !== 'time') return finite(values[place - 1]);
    const { seconds } = this.#run;
    while (this.#next < seconds.length - 1 && (seconds[this.#next] ?? 0) < place) this.#next++;
    const [from, to] = [seconds[this.#next - 1], seconds[this.#next] ?? place];
    const [before, after] = [values[this.#next - 1], values[this.#next]];
    if (from === undefined || before === undefined) return place < to ? null : finite(after);
    if (this.#stepped || to <= from) return finite(place < to ? before : after);
    return after === undefined ? null : finite(before + ((after - before) * (place - from)) / (to - from));
  }
}
