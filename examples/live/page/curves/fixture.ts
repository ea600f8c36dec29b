/** A run as tests of curves want it. */
import type { Run } from '../state/runs.js';

/** Steps of half a second each, four to the epoch. */
export const fakeRun = (losses: number[], changes: Partial<Run> = {}): Run => ({
  scenario: 'baseline',
  seed: 0,
  place: 0,
  stepsPerEpoch: 4,
  state: 'running',
  losses,
  rates: losses.map(() => 1e-3),
  seconds: losses.map((_, i) => i / 2),
  accuracies: [],
  evaluated: null,
  marks: [],
  changes: [],
  disturbances: [],
  again: null,
  same: null,
  result: null,
  weights: null,
  what: '',
  ...changes,
});
