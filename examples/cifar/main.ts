/** `npm run example:cifar`: trains the scenarios one after the other and writes the comparison. */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { sinksIn } from '../shared/log.js';
import { resumeLine } from '../shared/options.js';
import { program } from '../shared/program.js';
import { Stop } from '../shared/stop.js';
import { type CommandLine, parse } from './options.js';
import { StudyProgress } from './progress.js';
import { terminalReport, writeReport } from './report/index.js';
import { endedRuns } from './results.js';
import { browserRunner, nodeRunner, type Runner } from './runner.js';
import { samplesOf } from './samples.js';
import type { Scenario } from './scenarios.js';
import { checkpointFile, type Opened, predictionsFile, Store, weightsFile } from './store.js';
import { begin, reopen, type Study, stepsIn } from './study.js';

/** Where progress goes: standard error when standard output is for JSON. */
let out: NodeJS.WriteStream = process.stdout;
const say = (line: string): void => void out.write(`${line}\n`);

async function main(argv: readonly string[]): Promise<number> {
  const options = parse(argv);
  if (options.json) out = process.stderr;
  const stop = new Stop();
  const opened = options.resume ? await Store.open(options.resume) : null;
  const store = opened?.store ?? (await Store.create(options));
  const runner = await startRunner(options, opened);
  try {
    const { adapter } = runner;
    const study = opened ? await reopen(options, opened, adapter, say) : await begin(options, store, adapter, say);
    const { results } = study;
    const { folder } = study.store;
    const finished = await train(study, runner, stop, options.log ?? opened?.resume.options.log);
    await report(study);
    if (!finished) {
      say(`\nStopped and saved. Go on with: ${resumeLine('example:cifar', folder)}`);
      return 130;
    }
    say(terminalReport(results, out.columns ?? 80));
    say(`\n${folder}: report.html, f1.png, f1.svg, results.json, history.csv, weights/`);
    if (options.json) process.stdout.write(`${JSON.stringify(results, null, 1)}\n`);
    return results.diverged?.length ? 1 : 0;
  } finally {
    await runner.close();
  }
}

async function startRunner(options: CommandLine, opened: Opened | null): Promise<Runner> {
  const { host } = opened ? opened.resume.options : options;
  const runner = host === 'browser' ? await browserRunner(say) : await nodeRunner();
  const { description, host: where } = runner.adapter;
  say(`${where}, ${description}, ${cpus().length} cores`);
  for (const note of runner.adapter.notes) say(note);
  const begunOn = opened?.results?.adapter.description ?? description;
  if (begunOn !== description) {
    say(`NOTE: the study was begun on ${begunOn}; another adapter rounds differently.`);
  }
  return runner;
}

/** Trains what is left to train. @returns false if it was stopped */
async function train(study: Study, runner: Runner, stop: Stop, log: string | undefined): Promise<boolean> {
  const { plan, data, results } = study;
  const jobs = plan.seeds.flatMap((seed) => plan.scenarios.map((scenario) => ({ seed, scenario })));
  const progress = new StudyProgress({
    stream: out,
    runs: jobs.length,
    finished: endedRuns(results).length,
    stepsPerRun: stepsIn(plan) * plan.epochs,
    synthetic: data.train.synthetic,
  });
  stop.arm(
    () =>
      progress.line('Stopping after this step; once more stops at once, losing the steps since the last checkpoint.'),
    () => progress.stop(),
  );
  try {
    for (const { seed, scenario } of jobs) {
      if (endedRuns(results).some((run) => run.scenario === scenario.name && run.seed === seed)) continue;
      if (stop.signal.aborted || !(await trainOne(study, runner, scenario, seed, progress, stop, log))) return false;
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
  stop: Stop,
  log: string | undefined,
): Promise<boolean> {
  const { plan, data, store, results } = study;
  const checkpoint = checkpointFile(scenario.name, seed);
  const { startFrom } = scenario;
  const diverged = async (what: string): Promise<true> => {
    results.diverged = [...(results.diverged ?? []), { scenario: scenario.name, seed, what }];
    await store.saveResults(results);
    progress.end(`DIVERGED, no scores: ${what}`);
    return true;
  };
  const resume = await store.read(checkpoint);
  const start = startFrom ? await store.read(weightsFile(startFrom, seed)) : null;
  progress.begin(plan.seeds.length > 1 ? `${scenario.name} (seed ${seed})` : scenario.name);
  if (startFrom && results.diverged?.some((run) => run.scenario === startFrom && run.seed === seed)) {
    return diverged(`it goes on from ${startFrom}, which diverged`);
  }
  const sinks = log === undefined ? [] : sinksIn(join(log, `${scenario.name}-${seed}`));
  const outcome = await runner.run(
    {
      config: { scenario, seed, epochs: plan.epochs, batchSize: plan.batchSize, data: data.fingerprint },
      ...(resume ? { resume } : {}),
      ...(start ? { start } : {}),
      events: {
        onPrepare: (what) => progress.prepare(what),
        onStep(event) {
          progress.step(event);
          return stop.signal.aborted;
        },
        onEpoch: (record) => progress.epoch(record),
        async onCheckpoint(bytes) {
          for (const sink of sinks) await sink.flush?.();
          await store.write(checkpoint, bytes);
        },
        ...(log === undefined
          ? {}
          : {
              async onLog(record) {
                for (const sink of sinks) await sink.write(record);
              },
            }),
      },
    },
    data,
  );
  for (const sink of sinks) await sink.close?.();
  if (outcome.stopped) return false;
  if ('diverged' in outcome) {
    const kept = (await store.read(checkpoint)) ? `; the last good checkpoint is ${store.path(checkpoint)}` : '';
    return diverged(`${outcome.diverged}${kept}`);
  }
  await store.write(weightsFile(scenario.name, seed), outcome.weights);
  await store.write(predictionsFile(scenario.name, seed), Uint8Array.from(outcome.predictions));
  results.runs.push(outcome.result);
  await store.saveResults(results);
  await store.remove(checkpoint);
  const f1 = (outcome.result.microF1 * 100).toFixed(1);
  progress.end(`micro-F1 ${f1} % in ${outcome.result.seconds.toFixed(0)} s`);
  return true;
}

/** Writes tables, charts and page of the runs that are done. */
async function report({ plan, data, store, results }: Study): Promise<void> {
  const predictions: Record<string, Uint8Array> = {};
  for (const { name } of plan.scenarios) {
    const bytes = await store.read(predictionsFile(name, plan.seeds[0] ?? 0));
    if (bytes) predictions[name] = bytes;
  }
  await writeReport(results, store.folder, samplesOf(data.test, predictions));
}

await program(main);
