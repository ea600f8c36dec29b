/** A study under way: begun anew, or opened to go on. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Adapter } from 'kindling';
import { loadData, type StudyData } from './data.js';
import { type CommandLine, type Plan, PRESETS, planOf } from './options.js';
import { endedRuns, type StudyResults } from './results.js';
import { settingsOf } from './scenarios.js';
import type { Opened, Store } from './store.js';

/** What is to do, where it is kept, and what it has found. */
export interface Study {
  readonly plan: Plan;
  readonly data: StudyData;
  readonly store: Store;
  readonly results: StudyResults;
}

export const stepsIn = ({ trainSize, batchSize }: Plan): number => Math.ceil(trainSize / batchSize);

/** Goes on with a study. @throws Error where its images are not there any more, or are others */
export async function reopen(
  { data: typed }: CommandLine,
  { store, results, resume }: Opened,
  adapter: Adapter,
  say: (line: string) => void,
): Promise<Study> {
  // It was killed before anything was decided.
  const { plan, location, fingerprint } = resume;
  if (!plan) return begin(resume.options, store, adapter, say);
  const { trainSize, testSize, scenarios, seeds } = plan;
  const choice = typed ?? location;
  const data = await loadData({ choice, download: typed === 'cifar10', trainSize, testSize }, say);
  if (data.fingerprint !== fingerprint) {
    throw new Error(`--resume ${store.folder}: the images of ${choice} are not those the study was begun with`);
  }
  if (data.location !== location) await store.saveResume({ ...resume, location: data.location });
  announce(plan, data, say);
  const found = results ?? (await emptyResults(plan, data, adapter, resume.options.host));
  say(`Going on in ${store.folder}: ${endedRuns(found).length} of ${scenarios.length * seeds.length} runs are done.`);
  return { plan, data, store, results: found };
}

/** Begins a study in a new folder. */
export async function begin(
  options: CommandLine,
  store: Store,
  adapter: Adapter,
  say: (line: string) => void,
): Promise<Study> {
  const plan = planOf(options, adapter);
  const { trainSize, testSize } = plan;
  const { data: choice } = options;
  const data = await loadData({ choice, download: choice === 'cifar10', trainSize, testSize }, say);
  announce(plan, data, say);
  const { location, fingerprint } = data;
  const results = await emptyResults(plan, data, adapter, options.host);
  store.keep();
  await store.saveResume({ options, plan, location, fingerprint });
  await store.saveResults(results);
  say(`Results go to ${store.folder}. Ctrl-C stops and saves.\n`);
  return { plan, data, store, results };
}

/** Says what will be trained and, first of all, what is left out of the full study. */
export function announce(plan: Plan, data: StudyData, say: (line: string) => void): void {
  const { trainSize, testSize, epochs, batchSize, seeds, scenarios, preset } = plan;
  const full = PRESETS.full;
  if (trainSize < full.trainSize || testSize < full.testSize || epochs < full.epochs) {
    say(
      `Preset ${preset}, not the full study: ${trainSize} of ${full.trainSize} training images, ${testSize} of ` +
        `${full.testSize} test images, ${epochs} of ${full.epochs} epochs. Accuracies come out lower. --preset full runs all.`,
    );
  }
  say(
    `${scenarios.length} scenarios × ${seeds.length} seed${seeds.length === 1 ? '' : 's'} on ${data.train.source}: ` +
      `batch ${batchSize}, ${epochs} epoch${epochs === 1 ? '' : 's'} of ${stepsIn(plan)} steps`,
  );
}

export async function emptyResults(plan: Plan, data: StudyData, adapter: Adapter, host: string): Promise<StudyResults> {
  const packageJson = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8'));
  const { scenarios, ...sizes } = plan;
  const { description, isSoftware, vendor, architecture } = adapter;
  return {
    adapter: { description, isSoftware, vendor, architecture },
    host: adapter.host,
    data: {
      name: data.train.source,
      synthetic: data.train.synthetic,
      path: data.path,
      classes: [...data.train.classes],
    },
    settings: {
      ...sizes,
      seeds: [...plan.seeds],
      scenarios: scenarios.map(({ name }) => name),
      baseline: scenarios[0]?.name ?? 'baseline',
      scenarioSettings: Object.fromEntries(scenarios.map((scenario) => [scenario.name, settingsOf(scenario)])),
      host,
    },
    versions: {
      kindling: packageJson.version,
      node: process.versions.node,
      webgpu: packageJson.devDependencies.webgpu,
    },
    runs: [],
  };
}
