/** One run, shown and logged: what a study on one machine and the parts of many have in common. */
import { join } from 'node:path';
import { sinksIn } from '../shared/log.js';
import type { Stop } from '../shared/stop.js';
import type { StudyData } from './data.js';
import type { Plan } from './options.js';
import type { StudyProgress } from './progress.js';
import type { RunResult } from './results.js';
import type { Runner } from './runner.js';
import type { Scenario } from './scenarios.js';
import type { RunConfig, RunOutcome } from './train.js';

/** What is trained and how it is watched, the same for all runs. */
export interface Shop {
  readonly plan: Plan;
  readonly data: StudyData;
  readonly runner: Runner;
  readonly progress: StudyProgress;
  readonly stop: Stop;
  /** A folder for logs; undefined for none. */
  readonly log: string | undefined;
}

/** What a run begins with, and where its checkpoints go. */
export interface Kept {
  readonly resume: Uint8Array | null;
  readonly start: Uint8Array | null;
  save(checkpoint: Uint8Array): Promise<void>;
}

/** A scenario with one of the seeds. */
export interface GridPoint {
  readonly scenario: Scenario;
  readonly seed: number;
}

/** All runs of a study, in the order in which one machine makes them. */
export const gridOf = ({ seeds, scenarios }: Plan): GridPoint[] =>
  seeds.flatMap((seed) => scenarios.map((scenario) => ({ seed, scenario })));

export const configOf = ({ epochs, batchSize }: Plan, { scenario, seed }: GridPoint, data: string): RunConfig => ({
  scenario,
  seed,
  epochs,
  batchSize,
  data,
});

/** What the progress calls a run. */
export const labelOf = ({ seeds }: Plan, { scenario, seed }: GridPoint): string =>
  seeds.length > 1 ? `${scenario.name} (seed ${seed})` : scenario.name;

/** Trains a run to its end, or a stop. */
export async function trainShown(shop: Shop, point: GridPoint, { resume, start, save }: Kept): Promise<RunOutcome> {
  const { plan, data, runner, progress, stop, log } = shop;
  const sinks = log === undefined ? [] : sinksIn(join(log, `${point.scenario.name}-${point.seed}`));
  const outcome = await runner.run(
    {
      config: configOf(plan, point, data.fingerprint),
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
          await save(bytes);
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
  return outcome;
}

/** How a run ended, for the line below its bar. */
export const scoreLine = ({ microF1, seconds }: RunResult): string =>
  `micro-F1 ${(microF1 * 100).toFixed(1)} % in ${seconds.toFixed(0)} s`;

/** Why a run was not trained. */
export const fromDiverged = (startFrom: string): string => `it goes on from ${startFrom}, which diverged`;
