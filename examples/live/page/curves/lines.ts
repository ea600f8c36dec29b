/** What the chart draws as one line: a scenario, with all seeds that it is trained with. */
import type { Run } from '../state/runs.js';

export interface Line {
  readonly scenario: string;
  /** In its set, which gives colour and shape. */
  readonly place: number;
  readonly runs: readonly Run[];
}

/** Lines in the order in which their scenarios come first. */
export function linesOf(runs: readonly Run[]): Line[] {
  const lines = new Map<string, Run[]>();
  for (const run of runs) {
    const own = lines.get(run.scenario);
    if (own) own.push(run);
    else lines.set(run.scenario, [run]);
  }
  return [...lines].map(([scenario, own]) => ({ scenario, place: own[0]?.place ?? 0, runs: own }));
}

export const isWaiting = ({ runs }: Line): boolean => runs.every(({ state }) => state === 'waiting');
