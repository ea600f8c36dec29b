/** `--shard`: trains a part of a study into a folder of runs, and goes on there when it is called again. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Adapter } from 'kindling';
import { readFileIfThere } from 'kindling/io';
import { tuning, useTuning } from 'kindling/tune';
import { Stop } from '../../shared/stop.js';
import { loadData } from '../data.js';
import { configOf, fromDiverged, type GridPoint, gridOf, labelOf, type Shop, scoreLine, trainShown } from '../job.js';
import { type CommandLine, planOf } from '../options.js';
import { StudyProgress } from '../progress.js';
import { startRunner } from '../runner.js';
import { announce, emptyResults, stepsIn } from '../study.js';
import { STOPPED } from './exit.js';
import { GridFolder } from './folder.js';
import { commitHere, digestOf, type Makings, runId, sourcesDigest } from './identity.js';
import { base64, bytesOf, type Circumstances, type Ending, type GridStudy, type RunRecord } from './record.js';
import { divide, shardOf } from './shard.js';

/** A run that has a name. */
interface Named extends GridPoint {
  readonly id: string;
  /** The run that it goes on from. */
  readonly from: Named | null;
}

/** A part under way. */
interface Part extends Shop {
  readonly folder: GridFolder;
  readonly makings: Makings;
  readonly made: Circumstances;
}

/** @returns the exit code: 0 once all runs of the part have ended, {@link STOPPED} where it was stopped and saved */
export async function workShard(options: CommandLine, out: NodeJS.WriteStream, stop = new Stop(STOPPED)) {
  const say = (line: string): void => void out.write(`${line}\n`);
  const { shard: text = '', out: path = '', host, data: choice } = options;
  const shard = shardOf(text, process.env);
  if (process.env.KINDLING_TUNE === '1') {
    throw new Error('KINDLING_TUNE=1 beside --shard: each part would choose kernels of its own. npm run tune before');
  }
  if (existsSync(join(path, 'results.json')) && !existsSync(join(path, 'study.json'))) {
    throw new Error(`${path} holds a study of one machine: --resume goes on with it, or choose another --out`);
  }
  const runner = await startRunner(host, say);
  try {
    const plan = planOf(options, runner.adapter);
    const { trainSize, testSize } = plan;
    const data = await loadData({ choice, download: choice === 'cifar10', trainSize, testSize }, say);
    announce(plan, data, say);
    const makings = await makingsOf(host, say);
    const { sources } = makings;
    const { fingerprint, location } = data;
    const commit = commitHere();
    const study: GridStudy = {
      format: 1,
      plan,
      host,
      data: fingerprint,
      sources,
      location,
      ...(commit ? { commit } : {}),
    };
    const folder = await GridFolder.take(path, study);
    const all = named(gridOf(plan), (point) => configOf(plan, point, fingerprint), makings);
    const mine = divide(all, shard.count)[shard.index] ?? [];
    const there = await Promise.all(mine.map((run) => folder.record(run)));
    const finished = there.filter(Boolean).length;
    say(
      `Part ${shard.index + 1} of ${shard.count}: ${mine.length} of ${all.length} runs, ${finished} done, in ${path}.\n`,
    );
    const progress = new StudyProgress({
      stream: out,
      runs: mine.length,
      finished,
      stepsPerRun: stepsIn(plan) * plan.epochs,
      synthetic: data.train.synthetic,
    });
    const made = await circumstances(plan, data, runner.adapter, host);
    const part: Part = { plan, data, runner, progress, stop, log: options.log, folder, makings, made };
    stop.watch(progress);
    for (const run of mine) {
      if (stop.signal.aborted || !(await trainOne(part, run))) {
        progress.stop();
        say(`\nStopped and saved; the same command goes on. Exit ${STOPPED}.`);
        return STOPPED;
      }
    }
    progress.stop();
    say(`\nThis part is done. With the others: npm run example:cifar -- merge ${path}`);
    return 0;
  } finally {
    await runner.close();
  }
}

async function makingsOf(host: 'node' | 'browser', say: (line: string) => void): Promise<Makings> {
  // A browser of its own has nothing stored.
  if (host === 'node') for (const note of await useTuning()) say(note);
  return { sources: await sourcesDigest(), kernels: digestOf(host === 'node' ? tuning() : {}), host };
}

async function circumstances(...of: [Part['plan'], Part['data'], Adapter, string]): Promise<Circumstances> {
  const { runs: _, ...made } = await emptyResults(...of);
  return made;
}

/** Gives runs their ids; one that goes on from another's weights comes behind it. */
function named(points: readonly GridPoint[], config: (point: GridPoint) => RunConfigOf, makings: Makings): Named[] {
  const all: Named[] = [];
  for (const point of points) {
    const { startFrom } = point.scenario;
    const from = all.find(({ scenario, seed }) => scenario.name === startFrom && seed === point.seed) ?? null;
    all.push({ ...point, id: runId(config(point), makings, from?.id ?? null), from });
  }
  return all;
}
type RunConfigOf = ReturnType<typeof configOf>;

/** Trains a run that has no record, alone among all processes. @returns false if it was stopped */
async function trainOne(part: Part, run: Named): Promise<boolean> {
  const { folder, progress, stop } = part;
  if (await folder.record(run)) return true;
  const waiting = folder.lock(run, (who) =>
    progress.line(`${labelOf(part.plan, run)}: waiting for ${who}, which is at it`),
  );
  const stopped = new Promise<null>((done) => {
    if (stop.signal.aborted) done(null);
    stop.signal.addEventListener('abort', () => done(null), { once: true });
  });
  const lock = await Promise.race([waiting, stopped]);
  if (!lock) return false;
  try {
    // The one that was waited for may have ended it.
    if (await folder.record(run)) return true;
    progress.begin(labelOf(part.plan, run));
    const ending = await end(part, run);
    if (!ending) return false;
    await folder.write(recordOf(part, run, ending));
    progress.end('diverged' in ending ? `DIVERGED, no scores: ${ending.diverged}` : scoreLine(ending.result));
    return true;
  } finally {
    await lock.release();
  }
}

async function end(part: Part, run: Named): Promise<Ending | null> {
  const { folder } = part;
  const before = run.from && (await folder.record(run.from));
  if (run.from && !before)
    throw new Error(`${run.scenario.name} goes on from ${run.from.scenario.name}, which has no record`);
  if (before && 'diverged' in before.ending) return { diverged: fromDiverged(before.scenario.name) };
  const outcome = await trainShown(part, run, {
    resume: await readFileIfThere(folder.checkpointPath(run)),
    start: before && 'weights' in before.ending ? bytesOf(before.ending.weights) : null,
    save: (bytes) => folder.saveCheckpoint(run, bytes),
  });
  if (outcome.stopped) return null;
  if ('diverged' in outcome) return { diverged: outcome.diverged };
  const { result, weights, predictions } = outcome;
  return { result, weights: base64(weights), predictions: base64(Uint8Array.from(predictions)) };
}

function recordOf({ plan, data, makings, made }: Part, run: Named, ending: Ending): RunRecord {
  const { scenario, seed, id, from } = run;
  const { epochs, batchSize } = plan;
  const settings = { scenario, seed, epochs, batchSize, data: data.fingerprint };
  return { format: 1, id, ...settings, makings, from: from?.id ?? null, made, ending };
}
