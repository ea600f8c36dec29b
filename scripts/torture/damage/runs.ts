/** Readers of what runs leave: weights, checkpoints, settings, results, choices of the tuner. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { init, randomState } from 'kindling';
import { loadCheckpoint, readCheckpoint, readSafetensors, saveCheckpoint, writeSafetensors } from 'kindling/io';
import { PRESETS } from '../../../examples/cifar/options.js';
import { pick } from '../../../examples/cifar/scenarios.js';
import { Store } from '../../../examples/cifar/store.js';
import { parseRun, positive, whole } from '../../../examples/shared/options.js';
import { loadChoices } from '../../../src/gpu/hosts/choicesFile.js';
import { seal, UNSEALED } from '../../../src/io/seal.js';
import { Checkpoints } from '../../../src/train/checkpoints.js';
import { OwnRandom } from '../../../src/train/random.js';
import { fresh, train } from '../../../test/support/checkpointRun.js';
import { noise, type Reader, want } from './reader.js';

const counts = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

export function safetensorsReader(): Reader {
  const f32 = (shape: number[]) => ({ dtype: 'f32' as const, shape, data: Float32Array.from(noise(counts(shape))) });
  const i32 = (shape: number[]) => ({ dtype: 'i32' as const, shape, data: Int32Array.from(noise(counts(shape))) });
  const bool = { dtype: 'bool' as const, shape: [5], data: Uint32Array.of(0, 1, 1, 0, 1) };
  return {
    files: [
      writeSafetensors({ 'fc.weight': f32([4, 3]), 'fc.bias': f32([4]) }, { made: 'here' }),
      writeSafetensors({ a: { ...i32([2, 2]), format: 'I64' }, b: bool, empty: f32([0, 3]), scalar: f32([]) }),
      writeSafetensors({}),
      writeSafetensors({ big: f32([100, 100]) }),
    ],
    read(bytes) {
      const { tensors } = readSafetensors(bytes);
      let total = 0;
      for (const [name, { shape, data }] of tensors) {
        want(data.length === counts(shape), `'${name}' of shape [${shape}] has ${data.length} elements`);
        total += data.byteLength;
      }
      want(total <= 4 * bytes.length, `${total} bytes of tensors in a file of ${bytes.length}`);
    },
  };
}

/** A run, its checkpoint, and what has to stay as it was where one is refused. */
async function checkpointed() {
  await init();
  const written = fresh(2);
  await train(written, 3);
  const progress = {
    ...{ epoch: 1, batch: 2, due: false, lossSum: 3.5, learningRate: 0.01, seconds: 4, adapter: 'x' },
    history: [{ epoch: 1, step: 6, loss: 1.5, learningRate: 0.01, scores: { accuracy: 0.5 } }],
  };
  const user = { progress, batches: 6, random: randomState(), user: { losses: [1, 2] } };
  const settings = { epochs: 2 };
  const good = await saveCheckpoint({ ...written, settings, user });
  const run = fresh(1);
  await train(run, 2);
  const kept: { losses: unknown } = { losses: [] };
  const state = async (): Promise<string> =>
    Buffer.from(await saveCheckpoint({ ...run, user: kept })).toString('latin1');
  const first = await saveCheckpoint(run);
  const before = await state();
  return {
    good,
    load(bytes: Uint8Array): void {
      readCheckpoint(bytes);
      loadCheckpoint(bytes, { ...run, settings });
    },
    /** As `trainModel` reads it. */
    async resume(bytes: Uint8Array): Promise<void> {
      const { loader, ...objects } = run;
      const store = { load: () => Promise.resolve(bytes), save: () => Promise.resolve() };
      const options = { ...objects, epochs: 2, checkpoint: store, resume: true, settings, user: kept };
      const found = await new Checkpoints(options, 6, new OwnRandom()).load();
      want(found !== null, 'no place to go on from');
      const { epoch, batch, lossSum, seconds, history, learningRate, due, adapter } = found;
      want(Number.isSafeInteger(epoch) && epoch >= 0, `it has ended ${epoch} epochs`);
      want(Number.isSafeInteger(batch) && batch >= 0 && batch <= 6, `it has made ${batch} of 6 steps`);
      want(typeof lossSum === 'number' && Number.isFinite(seconds), 'its sums are no numbers');
      want(learningRate === null || typeof learningRate === 'number', 'its rate is no number');
      want(typeof due === 'boolean' && typeof adapter === 'string', 'its words are none');
      want(Array.isArray(history) && history.every((one) => typeof one.loss === 'number'), 'its history is none');
    },
    async unchanged(): Promise<void> {
      want((await state()) === before, 'the run was changed');
    },
    restore(): void {
      loadCheckpoint(first, run);
      for (const name of Object.keys(kept)) Reflect.deleteProperty(kept, name);
      kept.losses = [];
    },
  };
}

/** Checkpoints whatever of which was changed: none may be taken. */
export async function checkpointReader(): Promise<Reader> {
  const { good, load, unchanged, restore } = await checkpointed();
  return { files: [good], sealed: true, read: load, unchanged, restore };
}

/** The state in a checkpoint, under a checksum that fits, as of a program that wrote it wrongly: read by `loadCheckpoint`, or by `trainModel`. */
export const stateReader = (by: 'load' | 'resume') => async (): Promise<Reader> => {
  const { good, unchanged, restore, ...ways } = await checkpointed();
  const { metadata, tensors } = readSafetensors(good);
  return {
    files: [new TextEncoder().encode(metadata.state)],
    read(bytes) {
      const state = Buffer.from(bytes).toString('utf8');
      return ways[by](seal(writeSafetensors(tensors, { ...metadata, ...UNSEALED, state })));
    },
    unchanged,
    restore,
  };
};

/** Of the examples, which refuse with an error that names the file. */
const named = (error: unknown): boolean =>
  error instanceof Error && error.constructor === Error && error.message.includes('/');

const json = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`);

/** All files of a folder but those that are tortured. */
const others = (folder: string, but: RegExp): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && !but.test(one.name))
    .map(({ parentPath, name }) => `${name}: ${readFileSync(join(parentPath, name), 'latin1')}`)
    .sort()
    .join('\n');

/** An example's `settings.json`, as it is resumed. */
export function settingsReader(folder: string): Reader {
  const root = join(folder, 'settings');
  mkdirSync(root, { recursive: true });
  const command = (): Command =>
    new Command('example:test')
      .option('--epochs <n>', '', whole(1), 3)
      .option('--rate <x>', '', positive(1))
      .option('--text <path>', '');
  const was = others(root, /./);
  return {
    files: [
      json({ example: 'example:test', epochs: 4, rate: 0.5 }),
      json({ example: 'example:test', log: '/tmp/x', epochs: 1 }),
    ],
    async read(bytes) {
      writeFileSync(join(root, 'settings.json'), bytes);
      const { settings, log } = await parseRun<{ epochs: number; rate?: number }>(command(), ['--resume', root]);
      const { epochs, rate = 1 } = settings;
      want(Number.isSafeInteger(epochs) && epochs >= 1, `epochs are ${JSON.stringify(epochs)}`);
      want(typeof rate === 'number' && rate > 0 && rate <= 1, `the rate is ${JSON.stringify(rate)}`);
      want(log === undefined || typeof log === 'string', `the log is ${JSON.stringify(log)}`);
    },
    refusal: named,
    unchanged: () => want(others(root, /settings\.json|run\.lock/) === was, 'other files lie there now'),
  };
}

/** A study's `results.json` and `state/resume.json`, as they are opened. */
export function resultsReader(folder: string): Reader {
  const root = join(folder, 'results');
  mkdirSync(join(root, 'state'), { recursive: true });
  const plan = { ...PRESETS.smoke, set: 'tricks', scenarios: pick('tricks', ['baseline']), preset: 'smoke' };
  const scores = { precision: 0.5, recall: 0.5, 'f1-score': 0.5, support: 25 };
  const history = [{ epoch: 1, trainLoss: 2, testAccuracy: 0.5, learningRate: 0.1 }];
  const figures = {
    accuracy: 0.5,
    microF1: 0.5,
    seconds: 1,
    history,
    confusionMatrix: [
      [20, 5],
      [20, 5],
    ],
  };
  const run = { scenario: 'baseline', seed: 0, ...figures, report: { cat: scores, dog: scores, accuracy: 0.5 } };
  const results = {
    adapter: { description: 'x', isSoftware: true },
    host: 'node',
    data: { name: 'synthetic', synthetic: true },
    settings: { ...PRESETS.smoke, seeds: [0], scenarios: ['baseline'], preset: 'smoke', set: 'tricks' },
    versions: {},
    runs: [run],
  };
  const resume = {
    options: { set: 'tricks', host: 'node', json: false, asPublished: false },
    plan,
    location: 'x',
    fingerprint: 'f',
  };
  const good = { 'results.json': json(results), 'state/resume.json': json(resume) };
  const was = others(root, /./);
  return {
    files: Object.values(good),
    async read(bytes) {
      for (const [name, content] of Object.entries(good)) writeFileSync(join(root, name), content);
      const isResume = bytes.length > 0 && Buffer.from(bytes).toString('latin1').includes('fingerprint');
      writeFileSync(join(root, isResume ? 'state/resume.json' : 'results.json'), bytes);
      const opened = await Store.open(root);
      want(
        opened.resume.plan?.scenarios.every(({ name }) => /^\w[\w-]*$/.test(name)) === true,
        'names that lead elsewhere',
      );
      want(opened.results?.runs.every((one) => Number.isFinite(one.microF1)) !== false, 'scores that are none');
    },
    refusal: named,
    unchanged: () => want(others(root, /results\.json|resume\.json|run\.lock/) === was, 'other files lie there now'),
  };
}

/** The tuner's choices, of which damaged lines are passed over: nothing is ever refused. */
export function choicesReader(folder: string): Reader {
  process.env.KINDLING_CACHE = join(folder, 'choices');
  mkdirSync(process.env.KINDLING_CACHE, { recursive: true });
  const line = (key: string): string => `\n${JSON.stringify({ adapter: 'a', key, choice: { tile: 4 }, hash: 'h' })}\n`;
  return {
    files: [new TextEncoder().encode(['matmul 4', 'matmul 8', 'conv2d 3'].map(line).join(''))],
    async read(bytes) {
      writeFileSync(join(process.env.KINDLING_CACHE as string, 'tuning.jsonl'), bytes);
      for (const { key, choice, hash } of (await loadChoices('a')).found) {
        want(
          typeof key === 'string' && typeof choice === 'object' && typeof hash === 'string',
          'a choice that is none',
        );
      }
    },
  };
}
