/** Made-up results for the tests of the report: figures are drawn, not measured. */
import type { RunResult, Sample, StudyResults } from '../results.js';

const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const LEVELS: Record<string, number> = {
  baseline: 0.49,
  norm_inputs: 0.495,
  lr_schedule: 0.545,
  weight_decay: 0.54,
  init_weights: 0.56,
  dropout_dense: 0.535,
  dropout_conv: 0.45,
  dropout_both: 0.43,
};

/** Small deterministic scatter in [−1, 1). */
const scatter = (i: number): number => (Math.imul(i + 1, 2654435761) >>> 0) / 2 ** 31 - 1;

function runOf(scenario: string, seed: number, level: number, epochs: number, perClass: number): RunResult {
  const accuracy = level + 0.017 * scatter(seed * 5 + scenario.length * 3);
  const confusionMatrix = CLASSES.map((_, t) => {
    const hits = Math.round(perClass * Math.min(0.97, accuracy + 0.22 * scatter(t)));
    const rest = perClass - hits;
    const row = CLASSES.map((_, p) => (p === t ? hits : Math.floor(rest / 9)));
    const friend = (t + 2) % 10;
    row[friend] = (row[friend] ?? 0) + rest - 9 * Math.floor(rest / 9);
    return row;
  });
  const entry = { precision: accuracy, recall: accuracy, 'f1-score': accuracy, support: perClass };
  const average = { ...entry, support: 10 * perClass };
  return {
    scenario,
    seed,
    accuracy,
    microF1: accuracy,
    seconds: 31 + 4 * scatter(seed),
    history: Array.from({ length: epochs }, (_, e) => ({
      epoch: e + 1,
      trainLoss: 2.3 * Math.exp(-0.25 * (e + 1)) + 0.6 + 0.03 * scatter(e + seed + scenario.length),
      testAccuracy: accuracy * (1 - 0.4 * Math.exp(-0.7 * e)),
      learningRate: 2e-3 * 0.8 ** e,
    })),
    confusionMatrix,
    report: {
      ...Object.fromEntries(CLASSES.map((name) => [name, entry])),
      accuracy,
      'macro avg': average,
      'weighted avg': average,
    },
  };
}

/** Results of all eight scenarios: real images and three seeds, or synthetic ones and a single seed. */
export function madeUp(kind: 'real' | 'synthetic'): StudyResults {
  const synthetic = kind === 'synthetic';
  const seeds = synthetic ? [0] : [0, 1, 2];
  const epochs = synthetic ? 5 : 3;
  const scenarios = Object.keys(LEVELS);
  const settings = {
    trainSize: 2000,
    testSize: synthetic ? 1000 : 2000,
    epochs,
    batchSize: 64,
    seeds,
    scenarios,
    preset: 'quick',
    set: 'study',
    asPublished: false,
    scenarioSettings: Object.fromEntries(
      scenarios.map((name, i) => [
        name,
        { lr: i < 2 ? 1e-3 : 2e-3, 'gamma per epoch': i < 2 ? null : 0.8, normalised: i > 0, L2: i < 3 ? null : 1e-4 },
      ]),
    ),
  };
  return {
    adapter: { description: 'Made-up adapter <& "Sons">', isSoftware: true },
    host: 'node 20.19.0',
    data: synthetic
      ? { name: 'synthetic', synthetic, classes: CLASSES }
      : { name: 'CIFAR-10', synthetic, path: 'cifar-10-batches-bin', classes: CLASSES },
    settings,
    versions: { kindling: '0.1.0', webgpu: '0.6.2' },
    runs: scenarios.flatMap((name) =>
      seeds.map((seed) =>
        runOf(name, seed, (LEVELS[name] ?? 0) + (synthetic ? 0.3 : 0), epochs, settings.testSize / 10),
      ),
    ),
  };
}

/** Pictures of gradients, some predicted wrongly. */
export function madeUpSamples(results: StudyResults, count = 6): Sample[] {
  return Array.from({ length: count }, (_, i) => ({
    pixels: Buffer.from(
      Array.from({ length: 3072 }, (_, b) => ((b % 32) * 8 * (b < 1024 ? 1 : 0) + i * 40) % 256),
    ).toString('base64'),
    label: i % 10,
    predictions: Object.fromEntries(
      results.settings.scenarios.map((name, s) => [name, (i * 3 + s) % 4 === 0 ? (i + 3) % 10 : i % 10]),
    ),
  }));
}
