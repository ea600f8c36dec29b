/** The figures behind chart, table and page: one row per scenario, and how far apart two rows must be to say anything. */
import type { RunResult, StudyResults } from '../results.js';
import { type Noise, noiseOf } from './noise.js';
import { plural, thousands } from './text.js';

export interface Row {
  scenario: string;
  runs: RunResult[];
  /** Micro-F1 over the seeds. */
  mean: number;
  min: number;
  max: number;
  accuracy: number;
  /** Seconds of training, summed over the seeds. */
  seconds: number;
  /** Mean less the baseline's; null where there is no baseline. */
  delta: number | null;
}

export interface Summary {
  rows: Row[];
  baseline: Row | null;
  noise: Noise;
  /** Seeds of the scenario that has most. */
  seeds: number;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function rowOf(scenario: string, runs: RunResult[]): Row {
  const scores = runs.map((run) => run.microF1);
  return {
    scenario,
    runs: [...runs].sort((a, b) => a.seed - b.seed),
    mean: mean(scores),
    min: Math.min(...scores),
    max: Math.max(...scores),
    accuracy: mean(runs.map((run) => run.accuracy)),
    seconds: runs.reduce((sum, run) => sum + run.seconds, 0),
    delta: null,
  };
}

/** Rows in the order of the settings; scenarios without a finished run are left out. */
export function summarise(results: StudyResults): Summary {
  const named = [...results.settings.scenarios, ...results.runs.map((run) => run.scenario)];
  const rows = [...new Set(named)]
    .map((scenario) => ({ scenario, runs: results.runs.filter((run) => run.scenario === scenario) }))
    .filter(({ runs }) => runs.length > 0)
    .map(({ scenario, runs }) => rowOf(scenario, runs));
  const baseline = rows.find((row) => row.scenario === (results.settings.baseline ?? 'baseline')) ?? null;
  if (baseline) for (const row of rows) row.delta = row.mean - baseline.mean;
  const noise = noiseOf(
    rows.map(({ runs }) => runs.map((run) => run.microF1)),
    results.settings.testSize,
  );
  return { rows, baseline, noise, seeds: Math.max(0, ...rows.map((row) => row.runs.length)) };
}

/**
 * The scores a chart shows, from and to: all runs and what is noise round the baseline, to the next round numbers. Not from 0,
 * where differences would be too small to be seen.
 */
export function scoreRange({ rows, baseline, noise }: Summary): [low: number, high: number] {
  const shown = rows.flatMap((row) => [row.min, row.max]);
  if (baseline) shown.push(baseline.mean - noise.bound, baseline.mean + noise.bound);
  const [least, most] = [Math.min(...shown), Math.max(...shown)];
  const step = [0.01, 0.02, 0.05].find((size) => (most - least) / size <= 10) ?? 0.1;
  // Whole numbers of steps: 0.6 is not 6 × 0.1 in binary.
  const rounded = (steps: number): number => Number(Math.min(1, Math.max(0, steps * step)).toFixed(2));
  return [rounded(Math.floor(least / step - 0.25)), rounded(Math.ceil(most / step + 0.25))];
}

/** What is said of each run that diverged. It has no row among the others: it has no scores. */
export const divergedLines = ({ diverged = [] }: StudyResults): string[] =>
  diverged.map(({ scenario, seed, what }) => `DIVERGED: ${scenario}, seed ${seed}: ${what}`);

/** The data source by name; one that is generated says so. */
export const dataName = ({ data }: StudyResults): string =>
  data.synthetic ? 'synthetic pictures (not CIFAR-10)' : data.name;

/** What was run, for subtitles: data, sizes, seeds; then host and adapter. */
export function provenance(results: StudyResults): { what: string; where: string } {
  const { trainSize, testSize, epochs, batchSize, seeds } = results.settings;
  const sizes = `${thousands(trainSize)} training and ${thousands(testSize)} test images`;
  const seedList = `${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`;
  return {
    what: `${dataName(results)} · ${sizes} · ${plural(epochs, 'epoch')} · batch ${batchSize} · ${seedList}`,
    where: `${results.host} · ${results.adapter.description}`,
  };
}
