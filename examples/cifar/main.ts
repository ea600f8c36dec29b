/** `npm run example:cifar`: trains the scenarios one after the other and writes the comparison. */
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Adapter } from 'kindling';
import { loadData, type StudyData } from './data.js';
import { type CommandLine, type Plan, PRESETS, parse, planOf } from './options.js';
import { StudyProgress } from './progress.js';
import { terminalReport, writeReport } from './report/index.js';
import type { StudyResults } from './results.js';
import { browserRunner, nodeRunner, type Runner } from './runner.js';
import { samplesOf } from './samples.js';
import { type Scenario, settingsOf } from './scenarios.js';
import { checkpointFile, predictionsFile, Store, weightsFile } from './store.js';

/** Where progress goes: standard error when standard output is for JSON. */
let out: NodeJS.WriteStream = process.stdout;
const say = (line: string): void => void out.write(`${line}\n`);

let stopping = false;

/** A study under way: what is to do, where it is kept, and what it has found. */
interface Study {
  readonly plan: Plan;
  readonly data: StudyData;
  readonly store: Store;
  readonly results: StudyResults;
}

async function main(argv: readonly string[]): Promise<number> {
  const options = parse(argv);
  if (options.json) out = process.stderr;
  const resumed = options.resume ? await Store.open(options.resume) : null;
  if (options.out) await Store.refuse(options.out);
  const runner = await startRunner(options, resumed?.results);
  try {
    const study = await open(options, runner, resumed);
    listenForStop();
    const finished = await train(study, runner);
    if (!finished) {
      say(`\nStopped and saved. Go on with: npm run example:cifar -- --resume ${study.store.folder}`);
      return 130;
    }
    await report(study, options);
    return 0;
  } finally {
    await runner.close();
  }
}

async function startRunner(options: CommandLine, resumed: StudyResults | undefined): Promise<Runner> {
  const host = resumed ? (resumed.settings.host as CommandLine['host']) : options.host;
  const runner = host === 'browser' ? await browserRunner(say) : await nodeRunner();
  const { description, host: where } = runner.adapter;
  say(`${where}, ${description}, ${cpus().length} cores`);
  for (const note of runner.adapter.notes) say(note);
  if (resumed && resumed.adapter.description !== description) {
    say(`NOTE: the study was begun on ${resumed.adapter.description}; another adapter rounds differently.`);
  }
  return runner;
}

async function open(
  options: CommandLine,
  runner: Runner,
  resumed: { store: Store; results: StudyResults } | null,
): Promise<Study> {
  if (resumed) {
    const { store, results } = resumed;
    const { plan, path, fingerprint } = results.resume as ResumeSettings;
    const data = await loadData(options.data ?? path, plan.trainSize, plan.testSize, say);
    if (data.fingerprint !== fingerprint) {
      throw new Error(`--resume ${store.folder}: the images at ${data.path} are not those the study was begun with`);
    }
    announce(plan, data);
    say(
      `Going on in ${store.folder}: ${results.runs.length} of ${plan.scenarios.length * plan.seeds.length} runs are done.`,
    );
    return { plan, data, store, results };
  }
  const plan = planOf(options, runner.adapter);
  const data = await loadData(options.data, plan.trainSize, plan.testSize, say);
  announce(plan, data);
  const store = await Store.create(options.out ?? join('runs', `cifar-${stamp()}`));
  const results = await emptyResults(plan, data, runner.adapter, options.host);
  await store.saveResults(results);
  say(`Results go to ${store.folder}. Ctrl-C stops and saves.\n`);
  return { plan, data, store, results };
}

/** What `--resume` needs of the settings. */
interface ResumeSettings {
  readonly plan: Plan;
  readonly path: string;
  readonly fingerprint: string;
}

const stamp = (): string => new Date().toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');

/** Says what will be trained and, first of all, what is left out of the full study. */
function announce(plan: Plan, data: StudyData): void {
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

const stepsIn = ({ trainSize, batchSize }: Plan): number => Math.ceil(trainSize / batchSize);

async function emptyResults(plan: Plan, data: StudyData, adapter: Adapter, host: string): Promise<StudyResults> {
  const packageJson = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8'));
  const { scenarios, ...sizes } = plan;
  const resume: ResumeSettings = { plan, path: data.path, fingerprint: data.fingerprint };
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
    resume,
    runs: [],
  };
}

/** One Ctrl-C reaches this process twice where a parent passes it on: what comes within a second is the same one. */
const SAME_SIGNAL_MS = 1000;

function listenForStop(): void {
  let first = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping && performance.now() - first < SAME_SIGNAL_MS) return;
      if (stopping) process.exit(130);
      stopping = true;
      first = performance.now();
      say('\nStopping after this step; once more stops at once, losing the steps since the last checkpoint.');
    });
  }
}

/** Trains what is left to train. @returns false if it was stopped */
async function train(study: Study, runner: Runner): Promise<boolean> {
  const { plan, results } = study;
  const stepsPerRun = stepsIn(plan) * plan.epochs;
  const jobs = plan.seeds.flatMap((seed) => plan.scenarios.map((scenario) => ({ seed, scenario })));
  const progress = new StudyProgress(jobs.length * stepsPerRun, results.runs.length * stepsPerRun, out);
  try {
    for (const { seed, scenario } of jobs) {
      if (results.runs.some((run) => run.scenario === scenario.name && run.seed === seed)) continue;
      if (stopping || !(await trainOne(study, runner, scenario, seed, progress))) return false;
    }
  } finally {
    progress.stop();
  }
  return true;
}

async function trainOne(
  study: Study,
  runner: Runner,
  scenario: Scenario,
  seed: number,
  progress: StudyProgress,
): Promise<boolean> {
  const { plan, data, store, results } = study;
  const label = plan.seeds.length > 1 ? `${scenario.name} (seed ${seed})` : scenario.name;
  const checkpoint = checkpointFile(scenario.name, seed);
  const resume = await store.read(checkpoint);
  const start = scenario.startFrom ? await store.read(weightsFile(scenario.startFrom, seed)) : null;
  let first = true;
  const outcome = await runner.run(
    {
      config: { scenario, seed, epochs: plan.epochs, batchSize: plan.batchSize },
      ...(resume ? { resume } : {}),
      ...(start ? { start } : {}),
      events: {
        onStep(event) {
          if (first) progress.skip((event.epoch - 1) * event.stepsPerEpoch + event.step - 1);
          first = false;
          progress.step(label, event);
          return stopping;
        },
        onEpoch: (record) => progress.epoch(label, record),
        onCheckpoint: (bytes) => store.write(checkpoint, bytes),
      },
    },
    data,
  );
  if (outcome.stopped) {
    await store.write(checkpoint, outcome.checkpoint);
    return false;
  }
  await store.write(weightsFile(scenario.name, seed), outcome.weights);
  await store.write(predictionsFile(scenario.name, seed), Uint8Array.from(outcome.predictions));
  results.runs.push(outcome.result);
  await store.saveResults(results);
  await store.remove(checkpoint);
  const f1 = (outcome.result.microF1 * 100).toFixed(1);
  progress.line(`${label}: micro-F1 ${f1} % in ${outcome.result.seconds.toFixed(0)} s\n`);
  return true;
}

async function report({ plan, data, store, results }: Study, options: CommandLine): Promise<void> {
  const predictions: Record<string, Uint8Array> = {};
  for (const { name } of plan.scenarios) {
    const bytes = await store.read(predictionsFile(name, plan.seeds[0] ?? 0));
    if (bytes) predictions[name] = bytes;
  }
  await writeReport(results, store.folder, samplesOf(data.test, predictions));
  say(terminalReport(results, out.columns ?? 80));
  say(`\n${store.folder}: report.html, f1.png, f1.svg, results.json, history.csv, weights/`);
  if (options.json) process.stdout.write(`${JSON.stringify(results, null, 1)}\n`);
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
