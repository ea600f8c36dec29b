import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configOf } from '../job.js';
import { PRESETS } from '../options.js';
import { madeUp } from '../report/fixture.js';
import { pick, type Scenario } from '../scenarios.js';
import { GridFolder } from './folder.js';
import { runId } from './identity.js';
import { commandOf, merge, resultsOf } from './merge.js';
import { base64, type Ending, type GridStudy, type RunRecord, readRecord, recordText } from './record.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kindling-merge-'));
});
afterEach(() => rm(root, { recursive: true }));

const { runs: made, ...circumstances } = madeUp('synthetic');
const scenarios = pick('as-published', ['baseline', 'dropout_dense', 'dropout_conv']);
const plan = { ...PRESETS.smoke, set: 'as-published', scenarios, preset: 'smoke' } as const;
const study: GridStudy = { format: 1, plan, host: 'node', data: 'd', sources: 's', location: 'synthetic' };
const makings = { sources: 's', kernels: 'k', host: 'node' } as const;
const ended = (microF1 = 0.5, seconds = 1): Ending => {
  const result = { ...made[0], microF1, seconds } as (typeof made)[number];
  return { result, weights: base64(new Uint8Array([1, 2])), predictions: base64(new Uint8Array([3])) };
};

/** A record of a scenario's run, whole. */
function record(name: string, changed: Partial<RunRecord> = {}): RunRecord {
  const scenario = scenarios.find((one) => one.name === name) as Scenario;
  const from = scenario.startFrom ? record(scenario.startFrom).id : null;
  const whole = { makings, from, data: 'd', ...changed };
  const config = configOf(plan, { scenario, seed: 0 }, whole.data);
  const id = runId(config, whole.makings, whole.from);
  return { format: 1, id, ...config, made: circumstances, ending: ended(), ...whole };
}

/** A folder with these records. */
async function folder(name: string, records: readonly RunRecord[], of = study): Promise<GridFolder> {
  const taken = await GridFolder.take(join(root, name), of);
  for (const one of records) await taken.write(one);
  return taken;
}

it('takes each run once, in the order of one machine, and says what is missing', async () => {
  const a = await folder('a', [record('dropout_dense'), record('baseline')]);
  const b = await folder('b', [record('baseline', { ending: ended(0.5, 77) })]);
  const merged = await merge([b, a]);
  expect(merged.records.map(({ scenario }) => scenario.name)).toEqual(['baseline', 'dropout_dense']);
  expect(merged.missing.map(({ scenario, seed }) => [scenario.name, seed])).toEqual([['dropout_conv', 0]]);
  expect(merged).toMatchObject({ doubles: 1, notes: [] });
  expect(resultsOf(merged)).toEqual({
    ...circumstances,
    runs: [(ended(0.5, 77) as { result: unknown }).result, made[0]].map((one) => ({
      ...(one as object),
      microF1: 0.5,
      seconds: one === made[0] ? 1 : 77,
    })),
  });
  expect(commandOf(study, '/out dir')).toBe(
    'npm run example:cifar -- --shard 1/1 --as-published --scenarios baseline,dropout_dense,dropout_conv ' +
      "--preset smoke --data synthetic --out '/out dir'",
  );
});

it('names both of two records of one run that are not equal', async () => {
  const [a, b] = [
    await folder('a', [record('baseline')]),
    await folder('b', [record('baseline', { ending: ended(0.6) })]),
  ];
  const both = /a\/records\/baseline-seed0-\w+\.json and .*b\/records\/baseline-seed0-\w+\.json are of one run/;
  await expect(merge([a, b])).rejects.toThrow(both);
  await expect(merge([a, b])).rejects.toThrow('its numbers differ. Remove one');
  const other = { ...circumstances, adapter: { description: 'a GPU', isSoftware: false } };
  const gpu = await folder('gpu', [record('baseline', { ending: ended(0.6), made: other })]);
  await expect(merge([a, gpu])).rejects.toThrow(/its numbers differ \(one on .*, one on a GPU\)/);
  const tuned = await folder('tuned', [record('baseline', { makings: { ...makings, kernels: 'other' } })]);
  await expect(merge([a, tuned])).rejects.toThrow(
    /made from different things \(with kernels that were chosen differently/,
  );
});

it('says where adapters, kernels and versions were not the same', async () => {
  const other = { ...circumstances, adapter: { description: 'a GPU', isSoftware: false }, versions: { node: '1' } };
  const away = record('dropout_dense', { made: other, makings: { ...makings, kernels: 'other' } });
  const merged = await merge([await folder('a', [record('baseline')]), await folder('b', [away])]);
  const { description } = circumstances.adapter;
  expect(merged.notes[0]).toBe(
    `The runs were made on different adapters, which round differently: ${description} (1 run), a GPU (1 run).`,
  );
  expect(merged.notes.slice(1).join()).toMatch(/chosen differently, by npm run tune.*different versions of .*node/);
  expect(resultsOf(merged)?.adapter).toEqual({
    description: `${description} (1 run), a GPU (1 run)`,
    isSoftware: false,
  });
});

it('gives runs that diverged no scores', async () => {
  const dead = record('dropout_dense', { ending: { diverged: 'NaN' } });
  const merged = await merge([await folder('a', [record('baseline'), dead])]);
  expect(resultsOf(merged)?.diverged).toEqual([{ scenario: 'dropout_dense', seed: 0, what: 'NaN' }]);
});

it('refuses folders of two studies, and records of others', async () => {
  const a = await folder('a', [record('baseline')]);
  const longer = await folder('b', [], { ...study, plan: { ...plan, epochs: 2 }, sources: 'other' });
  await expect(merge([a, longer])).rejects.toThrow(
    /a and .*b are of two studies, with different sources of the library or of the training \(s, other\), epochs \(1, 2\)/,
  );
  await expect(GridFolder.take(join(root, 'a'), { ...study, data: 'x' })).rejects.toThrow(
    /is of another study, with other images \(d, x\): choose another --out/,
  );
  await expect(merge([await folder('c', [record('baseline', { data: 'x' })])])).rejects.toThrow(
    'of no run of this study',
  );
  const broken = record('dropout_conv', { from: 'another' });
  const chain = await folder('d', [record('dropout_dense'), broken]);
  await expect(merge([chain])).rejects.toThrow(/dropout_conv.* went on from another run than .*dropout_dense/);
  await expect(merge([])).rejects.toThrow('merge wants folders');
});

it('refuses what is no folder of runs', async () => {
  await expect(GridFolder.open(root)).rejects.toThrow('holds no runs of --shard: there is no study.json');
  await writeFile(join(root, 'results.json'), '{}');
  await expect(GridFolder.open(root)).rejects.toThrow('holds a study of one machine, not runs of --shard');
  await expect(GridFolder.take(root, study)).rejects.toThrow('is not empty: choose another --out');
  await mkdir(join(root, 'b'));
  for (const bad of [{ ...study, format: 2 }, { ...study, plan: {} }, { format: 1 }]) {
    await writeFile(join(root, 'b/study.json'), JSON.stringify(bad));
    await expect(GridFolder.open(join(root, 'b'))).rejects.toThrow(/does not read format 2|is damaged/);
  }
});

it('reads a record as it was written, and refuses any other text', async () => {
  const one = record('baseline');
  const text = recordText(one);
  expect(readRecord(text, 'p')).toEqual(one);
  expect(() => readRecord(text.slice(0, -9), 'p')).toThrow('p is damaged: it holds no JSON');
  expect(() => readRecord('3', 'p')).toThrow('it holds no record');
  expect(() => readRecord(text.replace('"seconds": 1', '"seconds": 2'), 'p')).toThrow(
    'its content is not what was written',
  );
  expect(() => readRecord('{"format": 7}', 'p')).toThrow('its format is 7');
  expect(() => readRecord(recordText({ ...one, epochs: 9 }), 'p')).toThrow(
    'its id is not that of what it was made from',
  );
  const taken = await folder('a', [one]);
  const path = taken.recordPath(one);
  await writeFile(path, (await readFile(path)).subarray(1));
  await expect(merge([taken])).rejects.toThrow(`${path} is damaged`);
});
