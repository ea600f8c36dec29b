/** Whether what was read from a study's files has the form in which they are written. */
import type { CommandLine, Plan } from './options.js';
import type { StudyResults } from './results.js';

/** What `--resume` needs and a reader of `results.json` does not; its paths are this machine's. */
export interface ResumeState {
  /** What the study was begun with. */
  readonly options: CommandLine;
  /** This and what follows is there once images and adapter are. */
  readonly plan?: Plan;
  /** The `--data` that gives the images again. */
  readonly location?: string;
  /** SHA-256 of the images. */
  readonly fingerprint?: string;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** Files are called after scenarios: no name leads out of the folder. */
export const isName = (name: unknown): boolean => typeof name === 'string' && /^\w[\w-]*$/.test(name);

/** Whether there are finite numbers under all of these names. */
const hasNumbers = (value: unknown, names: readonly string[]): boolean =>
  isObject(value) && names.every((name) => Number.isFinite(value[name]));

export function isResume({ options, plan, location, fingerprint }: ResumeState): boolean {
  if (!isObject(options)) return false;
  if (plan === undefined) return true;
  return isPlan(plan) && typeof location === 'string' && typeof fingerprint === 'string';
}

export function isPlan(plan: Plan): boolean {
  if (!isObject(plan)) return false;
  const { scenarios, seeds, trainSize, testSize, epochs, batchSize } = plan;
  const sizes = [trainSize, testSize, epochs, batchSize].every((size) => isCount(size) && size > 0);
  const lists = Array.isArray(scenarios) && scenarios.length > 0 && Array.isArray(seeds) && seeds.length > 0;
  return sizes && lists && scenarios.every((one) => isObject(one) && isName(one.name)) && seeds.every(isCount);
}

export function isResults({ adapter, data, settings, versions, runs, diverged = [] }: StudyResults): boolean {
  if (![adapter, data, settings, versions].every(isObject) || !Array.isArray(runs)) return false;
  if (typeof adapter.description !== 'string' || !Array.isArray(settings.scenarios)) return false;
  if (!Array.isArray(diverged) || !diverged.every((run) => isObject(run) && typeof run.what === 'string')) return false;
  return runs.every((run) => isObject(run) && settings.scenarios.includes(run.scenario) && isRun(run));
}

const EPOCH = ['epoch', 'trainLoss', 'testAccuracy', 'learningRate'];
const SCORES = ['precision', 'recall', 'f1-score', 'support'];

export function isRun(run: StudyResults['runs'][number]): boolean {
  const { history, confusionMatrix, report } = run;
  return (
    hasNumbers(run, ['seed', 'accuracy', 'microF1', 'seconds']) &&
    Array.isArray(history) &&
    history.every((epoch) => hasNumbers(epoch, EPOCH)) &&
    Array.isArray(confusionMatrix) &&
    confusionMatrix.every((row) => Array.isArray(row) && row.length === confusionMatrix.length && row.every(isCount)) &&
    isObject(report) &&
    Object.values(report).every((entry) => Number.isFinite(entry) || hasNumbers(entry, SCORES))
  );
}
