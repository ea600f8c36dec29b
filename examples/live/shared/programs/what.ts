/** What a program is to do, and what both languages say of it. */
import { type Scenario, SETS } from '../../../cifar/scenarios.js';
import type { Plan } from '../plan.js';
import type { RunId } from '../protocol.js';

export interface Wanted {
  readonly plan: Plan;
  readonly run: RunId;
  /** Changes that the reader made while it ran. */
  readonly changes: readonly string[];
}

/** @throws Error where the plan's set has no such scenario */
export function scenarioOf({ plan, run }: Wanted): Scenario {
  const found = SETS[plan.set].find(({ name }) => name === run.scenario);
  if (!found) throw new Error(`${plan.set} has no scenario ${run.scenario}`);
  return found;
}

/** What opens the program, line by line. */
export function openingOf({ plan, run, changes }: Wanted): string[] {
  const { epochs, trainSize, testSize, batchSize } = plan;
  return [
    `The scenario ${run.scenario} of kindling's live study with seed ${run.seed}: ${epochs} epochs on ${trainSize} pictures in`,
    `batches of ${batchSize}, judged on ${testSize} others.`,
    ...(changes.length > 0
      ? ['', 'In the page the reader changed the run, which this program does not:', ...changes]
      : []),
  ];
}

/** Lines, without those that are left out. */
export const linesOf = (...lines: readonly (string | false | 0 | undefined)[]): string =>
  lines.filter((line) => typeof line === 'string').join('\n');

export const fileOf = ({ run }: Wanted, extension: string): string => `${run.scenario}-seed${run.seed}.${extension}`;
