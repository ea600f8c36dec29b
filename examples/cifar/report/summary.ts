/** The figures behind chart, table and page: one row per scenario, and how far apart two rows must be to say anything. */
import type { RunResult, StudyResults } from '../results.js';
import { plural, points, thousands } from './text.js';

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

export interface Noise {
  /** Differences of two rows below this say nothing. */
  bound: number;
  /** One standard deviation of a run over its seeds, pooled over the scenarios; null with one seed. */
  spread: number | null;
  text: string;
}

export interface Summary {
  rows: Row[];
  baseline: Row | null;
  noise: Noise;
  /** Seeds of the scenario that has most. */
  seeds: number;
}

/** How far two single runs of one configuration were apart in the published study. */
const PUBLISHED_DIFFERENCE = 0.02;

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

function noiseOf(rows: readonly Row[]): Noise {
  let squares = 0;
  let freedom = 0;
  for (const row of rows) {
    for (const run of row.runs) squares += (run.microF1 - row.mean) ** 2;
    freedom += row.runs.length - 1;
  }
  if (freedom <= 0) {
    const text =
      'Differences within seed noise are noise: with one seed each, runs of equal configuration differ by about 2 points, ' +
      'so a smaller difference between two scenarios says nothing. Several seeds (--seeds 0,1,2) measure it.';
    return { bound: PUBLISHED_DIFFERENCE, spread: null, text };
  }
  const spread = Math.sqrt(squares / freedom);
  const seeds = Math.min(...rows.map((row) => row.runs.length));
  const bound = 2 * spread * Math.sqrt(2 / seeds);
  const averaged = seeds > 1 ? `means over ${seeds} seeds` : 'single runs';
  const text =
    `Differences within seed noise are noise: one scenario's runs scatter over their seeds by ${points(spread)} points ` +
    `(one standard deviation, pooled over ${rows.length} scenarios), so two ${averaged} that differ by less than ` +
    `${points(bound)} points (two standard errors) say nothing.`;
  return { bound, spread, text };
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
  return { rows, baseline, noise: noiseOf(rows), seeds: Math.max(0, ...rows.map((row) => row.runs.length)) };
}

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
