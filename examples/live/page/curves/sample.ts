/** A run's smoothed losses at the places of a grid. What was looked up for the last redraw is not looked up again. */
import type { Run } from '../state/runs.js';
import { type Grid, Lookup, type Values } from './grid.js';
import { smoothedOf } from './smooth.js';

interface Sampled {
  readonly along: Grid['along'];
  readonly width: number;
  readonly source: readonly number[];
  readonly lookup: Lookup;
  readonly values: Values;
}

const known = new WeakMap<Run, Sampled>();

/** Of the multiples of the grid's width that the run has reached. */
export function sample(run: Run, smoothing: number, { along, width }: Grid): Values {
  const source = smoothedOf(run, smoothing);
  let found = known.get(run);
  if (found?.source !== source || found.width !== width || found.along !== along) {
    found = { along, width, source, lookup: new Lookup(run, along), values: [] };
    known.set(run, found);
  }
  const { values, lookup } = found;
  for (let place = (values.length + 1) * width; lookup.reaches(place); place += width)
    values.push(lookup.at(place, source));
  return values;
}

/** At the grid's last place, where it is another. */
export function sampleAtEnd(run: Run, smoothing: number, { along, end }: Grid): number | null {
  return end === null ? null : new Lookup(run, along).at(end, smoothedOf(run, smoothing));
}
