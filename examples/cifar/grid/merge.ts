/** Puts the runs of several folders together: one record a run, and what is missing. */
import { type GridPoint, gridOf } from '../job.js';
import type { StudyResults } from '../results.js';
import { SETS } from '../scenarios.js';
import type { GridFolder } from './folder.js';
import { canonical } from './identity.js';
import { differences, type GridStudy, outcomeOf, type RunRecord } from './record.js';

export interface Merged {
  readonly study: GridStudy;
  /** In the order in which one machine makes them. */
  readonly records: readonly RunRecord[];
  readonly missing: readonly GridPoint[];
  /** Records that were there more than once, counted each time but the first. */
  readonly doubles: number;
  /** What a reader of the report should know: machines that are not alike. */
  readonly notes: readonly string[];
}

interface Found {
  readonly path: string;
  readonly record: RunRecord;
}

/** @throws Error naming both sides where folders are of different studies, or two records of one run differ */
export async function merge(folders: readonly GridFolder[]): Promise<Merged> {
  const [first, ...others] = folders;
  if (!first) throw new Error('merge wants folders that --shard has made');
  for (const other of others) {
    const differ = differences(first.study, other.study);
    if (differ.length > 0) {
      throw new Error(`${first.folder} and ${other.folder} are of two studies, with different ${differ.join(', ')}`);
    }
  }
  const byRun = new Map<string, Found>();
  let doubles = 0;
  for (const folder of folders) {
    for (const found of await folder.records()) {
      const key = keyOf(found.record);
      const before = byRun.get(key);
      if (before) refuseUnequal(before, found);
      if (before) doubles++;
      else byRun.set(key, found);
    }
  }
  const points = gridOf(first.study.plan);
  const there = points.flatMap((point) => byRun.get(keyOf(point)) ?? []);
  refuseStrange([...byRun.values()], there, first);
  for (const found of there) refuseBroken(found, byRun);
  return {
    study: first.study,
    records: there.map(({ record }) => record),
    missing: points.filter((point) => !byRun.has(keyOf(point))),
    doubles,
    notes: notesOf(there.map(({ record }) => record)),
  };
}

const keyOf = ({ scenario, seed }: GridPoint): string => `${scenario.name}, seed ${seed}`;

function refuseUnequal(a: Found, b: Found): void {
  const same = a.record.id === b.record.id;
  if (same && outcomeOf(a.record) === outcomeOf(b.record)) return;
  const { adapter, kernels } = compare(a.record, b.record);
  const why = [adapter, kernels].filter(Boolean).join('; ');
  throw new Error(
    `${a.path} and ${b.path} are of one run, ${keyOf(a.record)}, and not equal: ` +
      `${same ? 'its numbers differ' : 'they were made from different things'}${why && ` (${why})`}. Remove one of them`,
  );
}

/** In what the making of two records differs, in words. */
function compare({ made: a, makings: one }: RunRecord, { made: b, makings: other }: RunRecord) {
  const [here, there] = [a.adapter.description, b.adapter.description];
  return {
    adapter: here === there ? '' : `one on ${here}, one on ${there}`,
    kernels: one.kernels === other.kernels ? '' : 'with kernels that were chosen differently',
  };
}

/** @throws Error where a record is of no run of the study */
function refuseStrange(all: readonly Found[], there: readonly Found[], { study }: GridFolder): void {
  const { plan, data, sources, host } = study;
  for (const { path, record } of all) {
    const scenario = plan.scenarios.find(({ name }) => name === record.scenario.name);
    const ofStudy =
      there.some((one) => one.record === record) &&
      canonical(scenario) === canonical(record.scenario) &&
      [record.epochs, record.batchSize].join() === [plan.epochs, plan.batchSize].join() &&
      record.data === data &&
      record.makings.sources === sources &&
      record.makings.host === host;
    if (!ofStudy) throw new Error(`${path} is of no run of this study. Take it away`);
  }
}

/** @throws Error where a run went on from other weights than those that are there */
function refuseBroken({ path, record }: Found, byRun: ReadonlyMap<string, Found>): void {
  const { startFrom } = record.scenario;
  const before = startFrom === undefined ? null : byRun.get(`${startFrom}, seed ${record.seed}`);
  if (before && before.record.id !== record.from) {
    throw new Error(`${path} went on from another run than ${before.path}. Make it again, from that one`);
  }
}

function notesOf(records: readonly RunRecord[]): string[] {
  const notes: string[] = [];
  const adapters = countOf(records, ({ made }) => made.adapter.description);
  if (adapters.size > 1) {
    notes.push(`The runs were made on different adapters, which round differently: ${listOf(adapters)}.`);
  }
  const kernels = countOf(records, (record) => record.makings.kernels);
  if (kernels.size > 1) notes.push('The runs were made with kernels that were chosen differently, by npm run tune.');
  for (const name of new Set(records.flatMap(({ made }) => Object.keys(made.versions)))) {
    const versions = countOf(records, ({ made }) => made.versions[name] ?? 'none');
    if (versions.size > 1) notes.push(`The runs were made with different versions of ${name}: ${listOf(versions)}.`);
  }
  return notes;
}

function countOf(records: readonly RunRecord[], of: (record: RunRecord) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const record of records) counts.set(of(record), (counts.get(of(record)) ?? 0) + 1);
  return counts;
}

const listOf = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([what, count]) => `${what} (${count} run${count === 1 ? '' : 's'})`).join(', ');

/** What one machine would have written as `results.json`; null where there is no run yet. */
export function resultsOf({ records }: Merged): StudyResults | null {
  const head = records[0]?.made;
  if (!head) return null;
  const adapters = countOf(records, ({ made }) => made.adapter.description);
  const adapter =
    adapters.size === 1
      ? head.adapter
      : { description: listOf(adapters), isSoftware: records.every(({ made }) => made.adapter.isSoftware) };
  const results: StudyResults = { ...head, adapter, runs: [] };
  for (const { ending, scenario, seed } of records) {
    if ('result' in ending) results.runs.push(ending.result);
    else results.diverged = [...(results.diverged ?? []), { scenario: scenario.name, seed, what: ending.diverged }];
  }
  return results;
}

/** The command that makes what a folder of the study lacks. */
export function commandOf({ plan, host, location }: GridStudy, folder: string, shard = '1/1'): string {
  const { set, scenarios, seeds, preset } = plan;
  const words = ['npm run example:cifar --', `--shard ${shard}`];
  if (set === 'as-published') words.push('--as-published');
  else if (set !== 'tricks') words.push(`--set ${set}`);
  const all = SETS[set].map(({ name }) => name);
  const names = scenarios.map(({ name }) => name);
  if (names.length < all.length) words.push(`--scenarios ${names.join()}`);
  if (preset === 'custom') {
    const { trainSize, testSize, epochs, batchSize } = plan;
    words.push(`--preset full --train-size ${trainSize} --test-size ${testSize} --epochs ${epochs}`);
    words.push(`--batch-size ${batchSize} --seeds ${seeds.join()}`);
  } else words.push(`--preset ${preset}`);
  if (host !== 'node') words.push(`--host ${host}`);
  return [...words, `--data ${quoted(location)}`, `--out ${quoted(folder)}`].join(' ');
}

const quoted = (path: string): string => (/^[\w./:@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);
