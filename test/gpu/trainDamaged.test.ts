/** A checkpoint whose progress has another form than `trainModel` writes is refused, and nothing is changed. */
import { randomState } from 'kindling';
import { readSafetensors, writeSafetensors } from 'kindling/io';
import { trainModel } from 'kindling/train';
import { beforeAll, expect, test } from 'vitest';
import { bitsOf, parts, shelf, shuffledRows } from '../support/parts.js';

interface User {
  progress: Record<string, unknown>;
  [part: string]: unknown;
}

let good: Uint8Array;
beforeAll(async () => {
  const { model, optimizer, train } = parts();
  const checkpoint = shelf();
  await trainModel(train, shuffledRows(), { epochs: 1, model, optimizer, checkpoint, user: { losses: [1] } });
  good = checkpoint.load() as Uint8Array;
});

/** What is said of a checkpoint of which `change` has made another, under no checksum. */
async function refusal(change: (user: User) => void): Promise<string> {
  const { tensors, metadata } = readSafetensors(good);
  const state = JSON.parse(metadata.state ?? '') as { user: User };
  change(state.user);
  const bytes = writeSafetensors(tensors, { format: 'kindling checkpoint 1', state: JSON.stringify(state) });
  const { model, optimizer, train } = parts();
  const user = { losses: [] };
  const now = async () => ({ bits: await bitsOf(model), rest: optimizer.stateDict(), random: randomState(), user });
  const before = structuredClone({ ...(await now()), rest: null });
  const all = { epochs: 2, model, optimizer, checkpoint: { save() {}, load: () => bytes }, resume: true, user };
  const said = await trainModel(train, shuffledRows(), all).then(
    () => 'nothing',
    (error: Error) => `${error.name}: ${error.message}`,
  );
  if (said === 'nothing') return said;
  expect({ ...(await now()), rest: null }).toEqual(before);
  expect(Object.keys(optimizer.stateDict().state)).toEqual([]);
  return said;
}

test('it is taken as it was written', async () => {
  expect(await refusal(() => {})).toBe('nothing');
});

test.each<[string, unknown, RegExp]>([
  ['epoch', -1, /a run is not after step 6 of epoch -1/],
  ['epoch', '1', /a run is not after step/],
  ['batch', 1e308, /a run is not after step 1e\+308 of epoch/],
  ['batch', 7, /a run is not after step 7/],
  ['batch', null, /a run is not after step null/],
  ['lossSum', 'x', /its sums are no numbers/],
  ['seconds', null, /its sums are no numbers/],
  ['due', 1, /its place has another form/],
  ['adapter', [], /its place has another form/],
  ['learningRate', {}, /its place has another form/],
  ['history', null, /its epochs have another form/],
  ['history', [{ epoch: 1, step: 6, loss: 'x', learningRate: 1, scores: null }], /its epochs have another form/],
])('progress %s: %j', async (name, value, message) => {
  const said = await refusal(({ progress }) => Object.assign(progress, { [name]: value }));
  expect(said).toMatch(/^KindlingError: trainModel: the checkpoint is damaged/);
  expect(said).toMatch(message);
});

test.each<[string, unknown, RegExp]>([
  ['batches', '6', /is of a run of '6' batches in an epoch; the loader has 6/],
  ['random', { seed: 0, step: -1, created: 0 }, /seed, step and created are whole numbers from 0/],
  ['user', 'losses', /the program's own values are no object/],
  ['progress', [], /its progress is no object/],
  ['progress', null, /no checkpoint of trainModel, but one made by hand/],
])('%s: %j', async (name, value, message) => {
  expect(await refusal((user) => Object.assign(user, { [name]: value }))).toMatch(message);
});
