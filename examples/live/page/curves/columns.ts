/** What the chart draws: a curve for each scenario, all over one x. */
import type uPlot from 'uplot';
import type { Run } from '../state/runs.js';
import { type Band, bandOf } from './bands.js';
import { type Along, type Grid, gridOf, Lookup, placeOf, type Values } from './grid.js';
import type { Line } from './lines.js';
import { sample, sampleAtEnd } from './sample.js';

export type Measure = 'loss' | 'accuracy';

export interface Look {
  readonly measure: Measure;
  readonly along: Along;
  readonly log: boolean;
  /** Share of the mean before it that each smoothed value keeps, 0 to 0.99. Accuracies are not smoothed. */
  readonly smoothing: number;
  /** Whether each seed is drawn as well. */
  readonly singles: boolean;
}

export interface Curve extends Band {
  /** Each seed by itself; none where the line is its only one, or where they are not wanted. */
  readonly seeds: readonly Values[];
}

export interface Columns {
  readonly x: readonly number[];
  /** One for each line, in the same order. */
  readonly curves: readonly Curve[];
}

export const dataOf = ({ x, curves }: Columns): uPlot.AlignedData => [x as number[], ...curves.map(({ mean }) => mean)];

export function columnsOf(lines: readonly Line[], look: Look): Columns {
  return look.measure === 'loss' ? lossColumns(lines, look) : accuracyColumns(lines, look);
}

const curveOf = (seeds: readonly Values[], length: number, { singles }: Look): Curve => ({
  ...bandOf(seeds, length),
  seeds: singles && seeds.length > 1 ? seeds : [],
});

function lossColumns(lines: readonly Line[], look: Look): Columns {
  const grid = gridOf(
    lines.flatMap(({ runs }) => runs),
    look.along,
  );
  return { x: grid.x, curves: lines.map(({ runs }) => lossCurve(runs, look, grid)) };
}

function lossCurve(runs: readonly Run[], look: Look, grid: Grid): Curve {
  const curve = curveOf(
    runs.map((run) => sample(run, look.smoothing, grid)),
    grid.count,
    look,
  );
  if (grid.end === null) return curve;
  const end = bandOf(
    runs.map((run) => [sampleAtEnd(run, look.smoothing, grid)]),
    1,
  );
  for (const part of ['mean', 'low', 'high'] as const) curve[part].push(...end[part]);
  return curve;
}

/** Seeds are put together by the step they were judged at: along time it lies at the mean of their times. */
function accuracyColumns(lines: readonly Line[], look: Look): Columns {
  const placed = lines.map(({ runs }) => {
    const steps = [...new Set(runs.flatMap(({ accuracies }) => accuracies.map(({ step }) => step)))];
    return { runs, at: new Map(steps.map((step) => [meanPlace(runs, step, look.along), step])) };
  });
  const x = [...new Set(placed.flatMap(({ at }) => [...at.keys()]))].sort((a, b) => a - b);
  const curves = placed.map(({ runs, at }) => {
    const seeds = runs.map(({ accuracies }): Values => {
      const found = new Map(accuracies.map(({ step, accuracy }) => [step, accuracy]));
      return x.map((place) => found.get(at.get(place) ?? -1) ?? null);
    });
    return curveOf(seeds, x.length, look);
  });
  return { x, curves };
}

function meanPlace(runs: readonly Run[], step: number, along: Along): number {
  const places = runs
    .filter(({ accuracies }) => accuracies.some((one) => one.step === step))
    .map((run) => placeOf(run, step, along));
  return places.reduce((a, b) => a + b, 0) / places.length;
}

/** The last value of each line that has one. */
export const latestOf = ({ curves }: Columns): (number | undefined)[] =>
  curves.map(({ mean }) => mean.findLast((value) => value !== null) ?? undefined);

/** Rates by the grid of the losses. Seeds have one rate where nobody meddled: then the one that has come farthest is drawn. */
export function ratesOf(lines: readonly Line[], { along }: Look): Columns {
  const grid = gridOf(
    lines.flatMap(({ runs }) => runs),
    along,
  );
  const places = Array.from({ length: grid.count }, (_, i) => (i + 1) * grid.width);
  if (grid.end !== null) places.push(grid.end);
  const curves = lines.map(({ runs }) => {
    const run = runs.toSorted((a, b) => rank(b) - rank(a))[0];
    const lookup = run && new Lookup(run, along, true);
    return { mean: places.map((place) => lookup?.at(place, run?.rates ?? []) ?? null), low: [], high: [], seeds: [] };
  });
  return { x: grid.x, curves };
}

/** A run whose rate the reader set comes before all others. */
const rank = ({ rates, marks }: Run): number => rates.length + (marks.length > 0 ? 1e9 : 0);
