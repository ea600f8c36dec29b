/** The runs of the study under way, as far as the worker has told of them. */
import { signal } from '@preact/signals';
import type { RunResult } from '../../../cifar/results.js';
import { SETS } from '../../../cifar/scenarios.js';
import type { Change } from '../../shared/complaints.js';
import type { Made } from '../../shared/keeping.js';
import type { Plan } from '../../shared/plan.js';
import type { Evaluated, Pictures, RunId, Steps } from '../../shared/protocol.js';

/** The learning rate that the reader set, and the first step that was made with it. */
export interface Mark {
  readonly step: number;
  readonly rate: number;
}

/** How a run compares with the one before it of the same scenario, seed and data. */
export interface Sameness {
  readonly compared: number;
  /** The first step whose loss is another; null where none is. */
  readonly differsAt: number | null;
}

export interface Run extends RunId {
  /** The place of its scenario in the set, which gives its colour. */
  readonly place: number;
  stepsPerEpoch: number;
  state: 'waiting' | 'running' | 'done' | 'stopped' | 'diverged';
  readonly losses: number[];
  readonly rates: number[];
  readonly seconds: number[];
  readonly accuracies: { readonly epoch: number; readonly step: number; readonly accuracy: number }[];
  evaluated: Evaluated | null;
  readonly marks: Mark[];
  /** What the reader changed while it went on, learning rates included. */
  readonly changes: Change[];
  /** What happened to it that its settings do not say. */
  readonly disturbances: { readonly what: string; readonly step: number }[];
  /** Losses of steps that are made again, behind that step. */
  again: { readonly after: number; readonly losses: readonly number[] } | null;
  same: Sameness | null;
  result: RunResult | null;
  weights: Uint8Array | null;
  /** Why it diverged. */
  what: string;
}

/** What the runs are of; null before the first study. */
export const studied = signal<Plan | null>(null);
export const runs = signal<readonly Run[]>([]);
export const current = signal<Run | null>(null);
export const pictures = signal<Pictures | null>(null);
/** Counts changes inside of runs: whoever reads them subscribes to it. */
export const version = signal(0);

const REDRAW_MS = 150;
let isDue = false;

/** Lets views know, a few times a second at most. */
export function changed(): void {
  if (isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    version.value++;
  }, REDRAW_MS);
}

export const keyOf = ({ scenario, seed }: RunId): string => `${scenario}, seed ${seed}`;

/** How a run is called where there may be one seed only. */
export const titleOf = ({ scenario, seed }: RunId): string =>
  (studied.value?.seeds.length ?? 1) > 1 ? `${scenario} (seed ${seed})` : scenario;

/** Losses of runs that nobody meddled with, by what decides them. They outlive their study. */
const earlier = new Map<string, readonly number[]>();
const decidedBy = ({ scenario, seed }: RunId, { set, trainSize, batchSize }: Plan): string =>
  [pictures.value?.source, set, scenario, seed, trainSize, batchSize].join();

export function beginStudy(plan: Plan): void {
  studied.value = plan;
  const names = SETS[plan.set].map(({ name }) => name);
  runs.value = plan.seeds.flatMap((seed) =>
    plan.scenarios.map((scenario) => emptyRun({ scenario, seed }, names.indexOf(scenario))),
  );
  current.value = null;
}

/** A run of which nothing was told. */
export const emptyRun = (id: RunId, place: number): Run => ({
  ...id,
  place,
  stepsPerEpoch: 1,
  state: 'waiting',
  losses: [],
  rates: [],
  seconds: [],
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
});

/** @param made where a kept run goes on: what came after it is to come again */
export function beginRun(id: RunId, stepsPerEpoch: number, made: Made = { steps: 0, evaluations: 0 }): void {
  const run = runs.value.find(({ scenario, seed }) => scenario === id.scenario && seed === id.seed);
  if (!run) return;
  for (const values of [run.losses, run.rates, run.seconds]) values.length = Math.min(values.length, made.steps);
  run.accuracies.length = Math.min(run.accuracies.length, made.evaluations);
  run.marks.splice(0, Infinity, ...run.marks.filter(({ step }) => step <= made.steps));
  run.changes.splice(0, Infinity, ...run.changes.filter(({ step }) => step <= made.steps));
  if (run.same && run.same.compared > made.steps) run.same = null;
  run.stepsPerEpoch = stepsPerEpoch;
  run.state = 'running';
  current.value = run;
  wantedRate.value = null;
  changed();
}

/** The rate that the reader set last, until a step with it is told. */
export const wantedRate = signal<number | null>(null);

/** The rate that a step would have if nobody meddled: that of the step before, times `gamma` where an epoch begins. */
function undisturbed({ rates, stepsPerEpoch, scenario }: Run, { set }: Plan): number | undefined {
  const before = rates.at(-1);
  if (before === undefined || rates.length % stepsPerEpoch !== 0) return before;
  return before * (SETS[set].find(({ name }) => name === scenario)?.gamma ?? 1);
}

export function addSteps({ losses, rates, seconds }: Steps): void {
  const [run, plan] = [current.value, studied.value];
  if (!run || !plan) return;
  const before = earlier.get(decidedBy(run, plan)) ?? [];
  for (const [i, loss] of losses.entries()) {
    const rate = rates[i] ?? Number.NaN;
    const expected = undisturbed(run, plan);
    if (expected !== undefined && rate !== expected) {
      run.marks.push({ step: run.losses.length + 1, rate });
      wantedRate.value = null;
    }
    compare(run, loss, before[run.losses.length]);
    run.losses.push(loss);
    for (const told of afterStep) told(run);
    run.rates.push(rate);
    run.seconds.push(seconds[i] ?? Number.NaN);
  }
  changed();
}

/** Told of a run after each step that was told of it. */
export const afterStep = new Set<(run: Run) => void>();

function compare(run: Run, loss: number, before: number | undefined): void {
  if (before === undefined || run.disturbances.length > 0) return;
  const { compared, differsAt } = run.same ?? { compared: 0, differsAt: null };
  const differs = differsAt === null && !Object.is(loss, before);
  run.same = { compared: compared + 1, differsAt: differs ? run.losses.length + 1 : differsAt };
}

export function addEvaluation(evaluated: Evaluated): void {
  const [run, shown] = [current.value, pictures.value];
  if (!run || !shown) return;
  const right = evaluated.predictions.filter((found, i) => found === shown.labels[i]).length;
  const { epoch } = evaluated;
  run.accuracies.push({ epoch, step: epoch * run.stepsPerEpoch, accuracy: right / evaluated.predictions.length });
  run.evaluated = evaluated;
  changed();
}

/** Whether its settings alone have decided what it is. */
const isItsOwn = ({ marks, changes, disturbances }: Run): boolean =>
  marks.length + changes.length + disturbances.length === 0;

/** The run under way is over. */
export function endRun(end: Partial<Pick<Run, 'result' | 'weights' | 'what'>> & Pick<Run, 'state'>): void {
  const [run, plan] = [current.value, studied.value];
  if (!run || !plan) return;
  Object.assign(run, end);
  const key = decidedBy(run, plan);
  if (isItsOwn(run) && run.losses.length > (earlier.get(key)?.length ?? 0)) earlier.set(key, run.losses);
  current.value = null;
  runs.value = [...runs.value];
  version.value++;
}
