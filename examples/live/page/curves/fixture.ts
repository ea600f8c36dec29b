/** A run as tests of curves want it. */
import { emptyRun, type Run } from '../state/runs.js';

/** Steps of half a second each, four to the epoch. */
export const fakeRun = (losses: number[], changes: Partial<Run> = {}): Run => ({
  ...emptyRun({ scenario: 'baseline', seed: 0 }, 0),
  stepsPerEpoch: 4,
  state: 'running',
  losses,
  rates: losses.map(() => 1e-3),
  seconds: losses.map((_, i) => i / 2),
  ...changes,
});
