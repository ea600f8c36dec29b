/** Micro-F1 of each scenario, how sure it is, and how it differs from the scenario that it adds to. */
import type { Run } from '../state/runs.js';
import {
  type Difference,
  halfOfMean,
  halfOfShare,
  meanOf,
  pairedByPicture,
  type Spread,
  spreadOf,
} from './statistics.js';

export interface Compared extends Difference {
  readonly to: string;
  /** What is held against each other, one by one. */
  readonly by: 'seeds' | 'pictures';
  readonly count: number;
}

export interface Row {
  readonly scenario: string;
  readonly place: number;
  /** Null before its first epoch. */
  readonly mean: number | null;
  /** Of its interval; 0 before a run has ended. */
  readonly half: number;
  /** Runs that have ended. */
  readonly ended: number;
  readonly waiting: boolean;
  readonly compared: Compared | null;
}

export interface Scores {
  readonly rows: readonly Row[];
  /** Over seeds; null where no scenario has two. */
  readonly spread: Spread | null;
}

const endedOf = (runs: readonly Run[], scenario: string): Run[] =>
  runs.filter((run) => run.scenario === scenario && run.result !== null);
const scoreOf = ({ result }: Run): number => result?.microF1 ?? Number.NaN;

/**
 * @param names scenarios in the order they are shown
 * @param before the scenario that one adds to
 * @param labels of the test pictures
 */
export function scoresOf(
  names: readonly string[],
  runs: readonly Run[],
  before: (scenario: string) => string | null,
  labels: Uint8Array,
): Scores {
  const spread = spreadOf(names.map((name) => endedOf(runs, name).map(scoreOf)));
  const pairs = names.map((name) => {
    const to = before(name);
    return to !== null && names.includes(to) ? pairsOf(endedOf(runs, name), endedOf(runs, to), to) : null;
  });
  const ofDifferences = spreadOf(pairs.map((pair) => pair?.pairs.map(([a, b]) => scoreOf(a) - scoreOf(b)) ?? []));
  const rows = names.map((name, i) =>
    rowOf(name, runs, spread, labels, compare(pairs[i] ?? null, ofDifferences, labels)),
  );
  return { rows, spread };
}

interface Pairs {
  readonly to: string;
  readonly pairs: readonly (readonly [Run, Run])[];
}

/** Runs of the same seed. */
function pairsOf(own: readonly Run[], others: readonly Run[], to: string): Pairs {
  const pairs = own.flatMap((run): [Run, Run][] => {
    const other = others.find(({ seed }) => seed === run.seed);
    return other ? [[run, other]] : [];
  });
  return { to, pairs };
}

function compare(found: Pairs | null, spread: Spread | null, labels: Uint8Array): Compared | null {
  const [first] = found?.pairs ?? [];
  if (!found || !first) return null;
  const { to, pairs } = found;
  if (spread && pairs.length > 1) {
    const mean = meanOf(pairs.map(([a, b]) => scoreOf(a) - scoreOf(b)));
    return { to, by: 'seeds', count: pairs.length, mean, half: halfOfMean(spread, pairs.length) };
  }
  const [own, other] = first.map((run) => rightOf(run, labels));
  if (!own || !other || own.length !== other.length) return null;
  return { to, by: 'pictures', count: own.length, ...pairedByPicture(own, other) };
}

function rightOf({ evaluated }: Run, labels: Uint8Array): boolean[] | null {
  return evaluated && evaluated.predictions.length === labels.length
    ? Array.from(labels, (label, i) => evaluated.predictions[i] === label)
    : null;
}

function rowOf(
  scenario: string,
  runs: readonly Run[],
  spread: Spread | null,
  labels: Uint8Array,
  compared: Compared | null,
): Row {
  const own = runs.filter((run) => run.scenario === scenario);
  const ended = endedOf(own, scenario).map(scoreOf);
  // Each picture has one class: then micro-F1 is accuracy.
  const latest = own.flatMap(({ accuracies }) => accuracies.at(-1)?.accuracy ?? []);
  const scores = ended.length > 0 ? ended : latest;
  const mean = scores.length > 0 ? meanOf(scores) : null;
  const half = spread ? halfOfMean(spread, ended.length) : halfOfShare(mean ?? 0, labels.length);
  return {
    scenario,
    place: own[0]?.place ?? 0,
    mean,
    half: mean !== null && ended.length > 0 ? half : 0,
    ended: ended.length,
    waiting: own.every(({ state }) => state === 'waiting'),
    compared,
  };
}
