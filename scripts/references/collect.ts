/** Mean accuracies of studies that were made elsewhere: PyTorch's, kindling's own, and those that were published. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reference } from '../../examples/live/page/references/reference.js';
import { ROOT } from '../page.js';

/** Printed in the notebook of January 2021, of one run each. */
const PUBLISHED = {
  baseline: [0.667],
  norm_inputs: [0.686],
  lr_schedule: [0.697],
  weight_decay: [0.666],
  init_weights: [0.694],
  dropout_dense: [0.668],
  dropout_conv: [0.694],
  dropout_both: [0.669],
};

interface Told {
  readonly scenario: string;
  readonly seed: number;
  /** After each epoch, or after the last. */
  readonly accuracies: readonly number[];
}

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

/** PyTorch's runs on real pictures, of a folder that not every checkout has beside it. */
export function pytorchRuns(folder: string): Reference[] {
  const sizes = [
    [2000, 3],
    [10_000, 10],
    [50_000, 10],
  ] as const;
  return sizes.flatMap(([trainSize, epochs]) => {
    const path = join(folder, `study/train${trainSize}-epochs${epochs}.json`);
    if (!existsSync(path)) return [];
    const { test, runs } = read(path) as {
      test: number;
      runs: { scenario: string; seed: number; history: { test_accuracy: number }[] }[];
    };
    const told = runs.map(({ scenario, seed, history }) => ({
      scenario,
      seed,
      accuracies: history.map(({ test_accuracy }) => test_accuracy),
    }));
    return { by: 'PyTorch', data: 'cifar10', trainSize, testSize: test, epochs, ...meansOf(told) };
  });
}

/** What is committed in this repository, and what was printed. */
export function committedRuns(): Reference[] {
  const results = join(ROOT, 'docs/results');
  const real = ['cifar-2000x3', 'cifar-10000x5'].map((name): Reference => {
    const { settings, runs } = read(join(results, name, 'results.json')) as {
      settings: { trainSize: number; testSize: number; epochs: number };
      runs: { scenario: string; seed: number; history: { testAccuracy: number }[] }[];
    };
    const told = runs.map(({ scenario, seed, history }) => ({
      scenario,
      seed,
      accuracies: history.map(({ testAccuracy }) => testAccuracy),
    }));
    const { trainSize, testSize, epochs } = settings;
    return { by: 'kindling', data: 'cifar10', trainSize, testSize, epochs, ...meansOf(told) };
  });
  const generated = read(join(results, 'synthetic-1984x4/accuracies.json')) as Record<
    string,
    { scenario: string; seed: number; accuracy: number }[]
  >;
  const standIn = (['kindling', 'PyTorch'] as const).map((by): Reference => {
    const runs = generated[by] ?? generated[by.toLowerCase()] ?? [];
    const told = runs.map(({ scenario, seed, accuracy }) => ({ scenario, seed, accuracies: [accuracy] }));
    return { by, data: 'synthetic', trainSize: 1984, testSize: 5000, epochs: 4, ...meansOf(told) };
  });
  const sizes = { data: 'cifar10', trainSize: 50_000, testSize: 10_000, epochs: 10 } as const;
  return [...real, ...standIn, { by: 'published', ...sizes, seeds: 1, accuracies: PUBLISHED }];
}

/** To a hundredth of a per cent. */
function meansOf(runs: readonly Told[]): Pick<Reference, 'seeds' | 'accuracies'> {
  const accuracies: Record<string, number[]> = {};
  for (const { scenario } of runs) {
    const own = runs.filter((run) => run.scenario === scenario).map((run) => run.accuracies);
    accuracies[scenario] ??= (own[0] ?? []).map((_, epoch) => {
      const mean = own.reduce((sum, values) => sum + (values[epoch] ?? Number.NaN), 0) / own.length;
      return Number(mean.toFixed(4));
    });
  }
  return { seeds: new Set(runs.map(({ seed }) => seed)).size, accuracies };
}
