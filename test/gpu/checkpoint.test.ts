/** Checkpoints: a resumed run repeats an uninterrupted one bit for bit; one that does not fit changes nothing. */
import { randomState, zeros } from 'kindling';
import { loadCheckpoint, readCheckpoint, saveCheckpoint, saveSafetensors, writeSafetensors } from 'kindling/io';
import { AdamW, SGD } from 'kindling/optim';
import { describe, expect, it } from 'vitest';
import { bytesOf, fresh, Mlp, type Run, train, unsummed } from '../support/checkpointRun.js';

describe('a run', () => {
  it('goes on from a checkpoint with the same bits', async () => {
    const whole = fresh(7);
    const losses = await train(whole, 6);
    const first = fresh(7);
    const begun = await train(first, 4);
    const checkpoint = await saveCheckpoint({ ...first, user: { losses: begun, note: Number.NaN, zero: -0 } });
    const second = fresh(99);
    await train(second, 1);
    const { user } = loadCheckpoint<{ losses: number[]; note: number; zero: number }>(checkpoint, second);
    expect(user).toEqual({ losses: begun, note: Number.NaN, zero: -0 });
    expect(second.loader.state).toEqual({ epoch: 0, batch: 4 });
    expect([...user.losses, ...(await train(second, 2))]).toEqual(losses);
    expect(await bytesOf(second)).toEqual(await bytesOf(whole));
  });

  it('is saved as it is at the call, whatever follows', async () => {
    const run = fresh(5);
    await train(run, 1);
    const now = saveCheckpoint(run);
    const state = randomState();
    const then = await train(run, 1).then(() => bytesOf(run));
    const saved = readCheckpoint(await now);
    expect(saved.random).toEqual(state);
    expect(await now).not.toEqual(then);
    loadCheckpoint(await now, run);
    expect(await bytesOf(run)).toEqual(await now);
  });
});

describe('a checkpoint that does not fit', () => {
  it.each<[string, (run: Run) => Parameters<typeof loadCheckpoint>[1], RegExp]>([
    ['the model', ({ optimizer }) => ({ model: new Mlp(5), optimizer }), /fc2.weight is \[4, 16\], not \[5, 16\]/],
    [
      'the optimizer',
      (run) => ({ ...run, optimizer: new SGD([zeros([8, 6])], { lr: 1 }) }),
      /SGD: group 0 .* 4 parameters, not 1/,
    ],
    [
      "an optimizer of another kind's",
      (run) => ({ ...run, optimizer: new AdamW(run.model.parameters()) }),
      /AdamW: the state is that of Adam$/,
    ],
    [
      'the scheduler',
      (run) => ({
        ...run,
        scheduler: {
          stateDict: () => ({}),
          loadStateDict: () => {
            throw new Error('no such state');
          },
        },
      }),
      /no such state/,
    ],
  ])('%s is refused, and nothing changes', async (_, into, message) => {
    const other = fresh(2);
    await train(other, 3);
    const checkpoint = await saveCheckpoint(other);
    const run = fresh(1);
    await train(run, 2);
    const objects = into(run);
    const before = await bytesOf(run);
    expect(() => loadCheckpoint(checkpoint, objects)).toThrow(message);
    expect(await bytesOf(run)).toEqual(before);
  });

  it('and says no kind of optimizer, as older ones do, is taken for the right one', async () => {
    const run = fresh(1);
    await train(run, 2);
    const older = unsummed(await saveCheckpoint(run), ({ optimizer }) => delete optimizer.kind);
    const other = fresh(2);
    loadCheckpoint(older, other);
    expect(await bytesOf(other)).toEqual(await bytesOf(run));
    const { kind, ...dict } = run.optimizer.stateDict();
    expect(kind).toBe('Adam');
    new AdamW(run.model.parameters(), { amsgrad: true }).loadStateDict(dict);
  });

  it.each([
    [{ lr: 0.1, data: 'a', sizes: { a: 1, b: 2 } }, null],
    [{ data: 'a', sizes: { b: 2, a: 1 }, lr: 0.1 }, null],
    [{ lr: 0.2, data: 'a', sizes: { a: 1, b: 2 }, seed: 0 }, /: lr was 0.1, is 0.2; seed was undefined, is 0\. Put/],
    [{}, /: lr was 0.1, is undefined; data was "a", is/],
  ])('in its settings, against %j', async (settings, message) => {
    const run = fresh(1);
    const saved = await saveCheckpoint({ ...run, settings: { lr: 0.1, data: 'a', sizes: { a: 1, b: 2 } } });
    const other = fresh(2);
    const before = await bytesOf(other);
    const load = () => loadCheckpoint(saved, { ...other, settings });
    if (message) expect(load).toThrow(message);
    else load();
    expect(String(await bytesOf(other)) === String(before)).toBe(message !== null);
  });

  it('is named: parts that are missing, files of another kind, damage', async () => {
    const run = fresh(1);
    const { model } = run;
    const partial = await saveCheckpoint({ model });
    const before = run.scheduler.stateDict();
    expect(() => loadCheckpoint(partial, run)).toThrow('loadCheckpoint: the checkpoint holds no optimizer');
    expect(run.scheduler.stateDict()).toEqual(before);
    expect(loadCheckpoint(partial, { model }).user).toBeUndefined();
    await expect(saveCheckpoint({ user: [{ $number: 'five' }] })).rejects.toThrow("cannot be called '$number'");
    const weights = await saveSafetensors(model.stateDict());
    expect(() => loadCheckpoint(weights, { model })).toThrow(/not a checkpoint/);
    const damaged = writeSafetensors({}, { format: 'kindling checkpoint 1', state: '{"user":' });
    expect(() => loadCheckpoint(damaged, { model })).toThrow(/damaged/);
    expect(() => loadCheckpoint(partial.subarray(0, 200), { model })).toThrow(/safetensors/);
  });
});
