/** The study on one machine: the scenarios one after the other, and the comparison. */
import { resumeLine } from '../shared/options.js';
import { Stop } from '../shared/stop.js';
import { fromDiverged, type GridPoint, gridOf, labelOf, type Shop, scoreLine, trainShown } from './job.js';
import type { CommandLine } from './options.js';
import { StudyProgress } from './progress.js';
import { terminalReport, writeReport } from './report/index.js';
import { endedRuns } from './results.js';
import { type Runner, startRunner } from './runner.js';
import { samplesOf } from './samples.js';
import { checkpointFile, type Opened, predictionsFile, Store, weightsFile } from './store.js';
import { begin, reopen, type Study, stepsIn } from './study.js';

/** @returns the exit code: 130 where it was stopped, 1 where a run diverged */
export async function trainWhole(options: CommandLine, out: NodeJS.WriteStream): Promise<number> {
  const say = (line: string): void => void out.write(`${line}\n`);
  const stop = new Stop();
  const opened = options.resume ? await Store.open(options.resume) : null;
  const store = opened?.store ?? (await Store.create(options));
  const { host } = opened ? opened.resume.options : options;
  const runner = await startRunner(host, say);
  try {
    const { adapter } = runner;
    noteOther(opened, adapter.description, say);
    const study = opened ? await reopen(options, opened, adapter, say) : await begin(options, store, adapter, say);
    const { results } = study;
    const { folder } = study.store;
    const finished = await train(study, { runner, stop, log: options.log ?? opened?.resume.options.log, out });
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

function noteOther(opened: Opened | null, description: string, say: (line: string) => void): void {
  const begunOn = opened?.results?.adapter.description ?? description;
  if (begunOn !== description) {
    say(`NOTE: the study was begun on ${begunOn}; another adapter rounds differently.`);
  }
}

interface Means {
  readonly runner: Runner;
  readonly stop: Stop;
  readonly log: string | undefined;
  readonly out: NodeJS.WriteStream;
}

/** Trains what is left to train. @returns false if it was stopped */
async function train(study: Study, { out, ...means }: Means): Promise<boolean> {
  const { plan, data, results } = study;
  const { stop } = means;
  const jobs = gridOf(plan);
  const progress = new StudyProgress({
    stream: out,
    runs: jobs.length,
    finished: endedRuns(results).length,
    stepsPerRun: stepsIn(plan) * plan.epochs,
    synthetic: data.train.synthetic,
  });
  stop.watch(progress);
  try {
    for (const point of jobs) {
      const { seed, scenario } = point;
      if (endedRuns(results).some((run) => run.scenario === scenario.name && run.seed === seed)) continue;
      if (stop.signal.aborted || !(await trainOne(study, { plan, data, progress, ...means }, point))) return false;
    }
  } finally {
    progress.stop();
  }
  return true;
}

async function trainOne(study: Study, shop: Shop, point: GridPoint): Promise<boolean> {
  const { plan, store, results } = study;
  const { progress } = shop;
  const { scenario, seed } = point;
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
  progress.begin(labelOf(plan, point));
  if (startFrom && results.diverged?.some((run) => run.scenario === startFrom && run.seed === seed)) {
    return diverged(fromDiverged(startFrom));
  }
  const save = (bytes: Uint8Array): Promise<void> => store.write(checkpoint, bytes);
  const outcome = await trainShown(shop, point, { resume, start, save });
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
  progress.end(scoreLine(outcome.result));
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
