/** The study's accuracies beside those of another library: what `npm run study:full` ends with. */
import { readFile } from 'node:fs/promises';

interface Scored {
  readonly scenario: string;
  readonly seed: number;
  readonly accuracy: number;
}

/** What PyTorch's script of the study leaves. */
export interface Reference {
  readonly train: number;
  readonly test: number;
  readonly epochs: number;
  readonly runs: readonly Scored[];
}

/** Percentage points: the most that a scenario, and the mean of all, may lie from the reference. */
const BOUNDS = { scenario: 2.5, mean: 1 };

export interface Row {
  readonly scenario: string;
  readonly ours: number;
  readonly theirs: number;
  /** Points, ours less theirs. */
  readonly difference: number;
}

export interface Comparison {
  readonly rows: readonly Row[];
  /** Of the reference, but not of ours. */
  readonly missing: readonly string[];
  readonly mean: number;
  /** Whether all scenarios are there and within the bounds. */
  readonly holds: boolean;
}

export async function readReference(path: string): Promise<Reference> {
  const reference = JSON.parse(await readFile(path, 'utf8')) as Reference;
  if (!Array.isArray(reference.runs)) throw new Error(`${path}: no figures of a study`);
  return reference;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Compares means over the seeds that both have. */
export function compare(ours: readonly Scored[], reference: Reference): Comparison {
  const rows: Row[] = [];
  const missing: string[] = [];
  for (const scenario of new Set(reference.runs.map((run) => run.scenario))) {
    const of = (runs: readonly Scored[]): Scored[] => runs.filter((run) => run.scenario === scenario);
    const pairs = of(reference.runs).flatMap((their) => {
      const our = of(ours).find(({ seed }) => seed === their.seed);
      return our ? [[our.accuracy, their.accuracy] as const] : [];
    });
    if (pairs.length === 0) {
      missing.push(scenario);
      continue;
    }
    const [a, b] = [mean(pairs.map(([our]) => our)), mean(pairs.map(([, their]) => their))];
    rows.push({ scenario, ours: a, theirs: b, difference: 100 * (a - b) });
  }
  const average = mean(rows.map(({ difference }) => difference));
  const near = rows.every(({ difference }) => Math.abs(difference) <= BOUNDS.scenario);
  return { rows, missing, mean: average, holds: missing.length === 0 && near && Math.abs(average) <= BOUNDS.mean };
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`.padStart(9);
const signed = (points: number): string => `${points < 0 ? '−' : '+'}${Math.abs(points).toFixed(2)}`;

export function table({ rows, missing, mean: average, holds }: Comparison): string {
  const lines = rows.map(
    ({ scenario, ours, theirs, difference }) =>
      `${scenario.padEnd(16)} ${percent(ours)} ${percent(theirs)} ${signed(difference).padStart(8)}` +
      `${Math.abs(difference) > BOUNDS.scenario ? `  more than ${BOUNDS.scenario} apart` : ''}`,
  );
  const head = `${'accuracy'.padEnd(16)} ${'kindling'.padStart(9)} ${'PyTorch'.padStart(9)} ${'points'.padStart(8)}`;
  const foot = rows.length > 0 ? [`${'mean'.padEnd(36)} ${signed(average).padStart(8)}`] : [];
  const absent = missing.length > 0 ? [`not there yet: ${missing.join(', ')}`] : [];
  const said = `each within ${BOUNDS.scenario} points and the mean within ${BOUNDS.mean}: ${holds ? 'HOLDS' : missing.length > 0 ? 'not to be said yet' : 'MISSED'}`;
  return [head, ...lines, ...foot, ...absent, said].join('\n');
}
