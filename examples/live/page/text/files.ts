/** What is kept of a study: the files of `npm run example:cifar`, and one with every step. */
import { historyCsv } from '../../../cifar/report/history.js';
import type { StudyResults } from '../../../cifar/results.js';
import { pick, settingsOf } from '../../../cifar/scenarios.js';
import { type Plan, presetOf } from '../../shared/plan.js';
import type { FoundAdapter, Pictures } from '../../shared/protocol.js';
import type { Run } from '../state/runs.js';

/** Set when the page is built. */
declare const KINDLING_VERSION: string;

export function resultsOf(plan: Plan, runs: readonly Run[], adapter: FoundAdapter, shown: Pictures): StudyResults {
  const { seeds, scenarios, ...sizes } = plan;
  const { host, ...device } = adapter;
  const chosen = pick(plan.set, scenarios);
  const diverged = runs.filter(({ state }) => state === 'diverged');
  return {
    adapter: device,
    host: `${host}, the live study`,
    data: { name: shown.source, synthetic: shown.synthetic, path: plan.data, classes: [...shown.classes] },
    settings: {
      ...sizes,
      seeds: [...seeds],
      scenarios: [...scenarios],
      baseline: scenarios[0] ?? 'baseline',
      preset: presetOf(plan) ?? 'custom',
      scenarioSettings: Object.fromEntries(chosen.map((scenario) => [scenario.name, settingsOf(scenario)])),
      /** Rates that the reader set: these runs are not what their scenario's name says. */
      rateChanges: runs.flatMap(({ scenario, seed, marks }) => marks.map((mark) => ({ scenario, seed, ...mark }))),
      /** All that the reader changed while they went on, and what else happened to them. */
      changes: runs.flatMap(({ scenario, seed, changes }) => changes.map((one) => ({ scenario, seed, ...one }))),
      disturbances: runs.flatMap(({ scenario, seed, disturbances }) =>
        disturbances.map((one) => ({ scenario, seed, ...one })),
      ),
    },
    versions: { kindling: KINDLING_VERSION, browser: navigator.userAgent },
    runs: runs.flatMap(({ result }) => result ?? []),
    ...(diverged.length > 0 && { diverged: diverged.map(({ scenario, seed, what }) => ({ scenario, seed, what })) }),
  };
}

export { save } from './save.js';
export { historyCsv };

/** A line per step of every run, of those too that were stopped. */
export function stepsCsv(runs: readonly Run[]): string {
  const lines = runs.flatMap(({ scenario, seed, losses, rates, seconds, stepsPerEpoch }) =>
    losses.map((loss, i) =>
      [scenario, seed, i + 1, Math.floor(i / stepsPerEpoch) + 1, loss, rates[i], seconds[i]?.toFixed(4)].join(),
    ),
  );
  return ['scenario,seed,step,epoch,loss,learningRate,seconds', ...lines, ''].join('\n');
}
