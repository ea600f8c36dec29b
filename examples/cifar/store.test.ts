import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CommandLine, PRESETS } from './options.js';
import type { StudyResults } from './results.js';
import { pick } from './scenarios.js';
import { checkpointFile, Store, weightsFile } from './store.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kindling-store-'));
});
afterEach(() => rm(folder, { recursive: true }));

const options = (): CommandLine => ({ set: 'tricks', asPublished: false, host: 'node', json: false, out: folder });
const plan = { ...PRESETS.smoke, set: 'tricks', scenarios: pick('tricks', ['baseline']), preset: 'smoke' } as const;
const scores = { precision: 0.5, recall: 0.5, 'f1-score': 0.5, support: 25 };
const run = {
  scenario: 'baseline',
  seed: 0,
  accuracy: 0.5,
  microF1: 0.5,
  seconds: 1,
  history: [{ epoch: 1, trainLoss: 2, testAccuracy: 0.5, learningRate: 0.1 }],
  confusionMatrix: [
    [20, 5],
    [20, 5],
  ],
  report: { cat: scores, dog: scores, accuracy: 0.5 },
};
const results = {
  adapter: { description: 'x', isSoftware: true },
  host: 'node',
  data: { name: 'synthetic', synthetic: true },
  settings: { ...PRESETS.smoke, seeds: [0], scenarios: ['baseline'], preset: 'smoke', set: 'tricks' },
  versions: {},
  runs: [],
} satisfies StudyResults;

it('can be opened from the moment in which the folder is there', async () => {
  const store = await Store.create(options());
  expect(await Store.open(folder)).toMatchObject({ results: null, resume: { options: options() } });
  await store.saveResume({ options: options(), plan, location: 'synthetic', fingerprint: 'f' });
  expect(await Store.open(folder)).toMatchObject({ results: null, resume: { plan } });
  for (const runs of [[], [run]]) {
    await store.saveResults({ ...results, runs });
    expect(await Store.open(folder)).toMatchObject({ results: { ...results, runs }, resume: { plan } });
  }
  await expect(Store.create(options())).rejects.toThrow(/holds a run already: --resume/);
});

it('takes a folder that a process left before it wrote anything', async () => {
  await mkdir(join(folder, 'state'));
  await writeFile(join(folder, 'state/resume.json.12-ab.part'), 'x');
  await Store.create(options());
  expect(JSON.parse(await readFile(join(folder, 'state/resume.json'), 'utf8'))).toEqual({ options: options() });
});

it.each<readonly [string, string, unknown, RegExp]>([
  ['no JSON', 'results.json', '{"runs": [', /results.json is damaged: it holds no JSON object/],
  ['a list', 'results.json', [], /results.json is damaged: it holds no JSON object/],
  ['nothing of a study', 'results.json', {}, /results.json is damaged: it does not have the form/],
  ['runs that are none', 'results.json', { ...results, runs: [1] }, /results.json is damaged/],
  ['no versions', 'results.json', { ...results, versions: null }, /results.json is damaged/],
  ...[
    { ...run, history: [null] },
    { ...run, history: [{ ...run.history[0], trainLoss: null }] },
    { ...run, confusionMatrix: [[1, 2], [3]] },
    { ...run, confusionMatrix: [[null]] },
    { ...run, report: { cat: null } },
    { ...run, report: { cat: { ...scores, recall: 'x' } } },
  ].map((bad) => ['a bad run', 'results.json', { ...results, runs: [bad] }, /results.json is damaged/] as const),
  [
    "another study's size",
    'results.json',
    { ...results, settings: { ...results.settings, testSize: 7 } },
    /two studies/,
  ],
  ["another study's scenarios", 'results.json', { ...results, settings: { scenarios: ['x'] } }, /of two studies/],
  ['no JSON', 'state/resume.json', 'x', /resume.json is damaged: it holds no JSON object/],
  ['no sizes', 'state/resume.json', { options: {}, plan: { scenarios: [] } }, /resume.json is damaged/],
  [
    'a scenario that leaves the folder',
    'state/resume.json',
    { options: {}, plan: { ...plan, scenarios: [{ name: '../../x', lr: 1 }] }, location: '', fingerprint: '' },
    /resume.json is damaged/,
  ],
])('refuses %s in %s', async (_, file, content, message) => {
  const good = { options: options(), plan, location: 'synthetic', fingerprint: 'f' };
  const files = { 'results.json': results, 'state/resume.json': good, [file]: content };
  for (const [name, value] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
  }
  await expect(Store.open(folder)).rejects.toThrow(message);
});

it('names files after runs alone', () => {
  expect(weightsFile('dropout_both', 2)).toBe('weights/dropout_both-seed2.safetensors');
  expect(() => checkpointFile('../x', 0)).toThrow('no run is called ../x');
});
