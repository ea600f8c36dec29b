/** The loop of `kindling/train`, stopped or killed in between: it goes on to the bits of a run that never stopped. */
import { DataLoader } from 'kindling/data';
import { loadCheckpoint, readSafetensors, saveCheckpoint, writeSafetensors } from 'kindling/io';
import { lrScheduler } from 'kindling/optim';
import { type TrainEvent, type TrainOptions, trainModel } from 'kindling/train';
import { describe, expect, test } from 'vitest';
import { BATCHES, bitsOf, parts, rows, shelf, shuffledRows } from '../support/parts.js';
import { wholeRun } from '../support/wholeRun.js';

describe.each(['epoch', 'step', 'plateau'])('stopped and resumed, schedule by %s', (kind) => {
  test('a signal at any event', async () => {
    const events: TrainEvent[] = [];
    const whole = await wholeRun({ checkpoint: shelf(), on: (event) => void events.push(event) }, kind);
    expect(whole.finished).toBe(true);
    expect(whole.user.losses).toHaveLength(4 * BATCHES);
    expect(new Set(whole.user.scores).size).toBe(whole.user.scores.length);
    // In the middle of an epoch, at an epoch's last step, at the last of all, and at all that is no step.
    const places = events.flatMap((event, i) => {
      return event.type !== 'step' || [2, BATCHES, 4 * BATCHES].includes(event.step) ? [i] : [];
    });
    for (const at of places) {
      const checkpoint = shelf();
      const controller = new AbortController();
      let told = 0;
      const on = (): void => void (told++ === at && controller.abort());
      const first = await wholeRun({ checkpoint, signal: controller.signal, on }, kind);
      // What was begun behind the last step is done.
      expect([at, first.finished]).toEqual([at, at >= events.length - 2]);
      const second = await wholeRun({ checkpoint, resume: true }, kind);
      expect({ at, ...second }).toEqual({ at, ...whole });
    }
  });

  test('killed after any step, from a checkpoint of each', async () => {
    const whole = await wholeRun({ checkpoint: shelf(), checkpointEvery: 0 }, kind);
    for (const at of [6, 13]) {
      const checkpoint = shelf();
      const on = (event: TrainEvent): void => {
        if (event.type === 'step' && event.step === at) throw new Error('killed');
      };
      await expect(wholeRun({ checkpoint, checkpointEvery: 0, on }, kind)).rejects.toThrow('killed');
      expect(await wholeRun({ checkpoint, resume: true }, kind)).toEqual(whole);
    }
  });
});
test('more epochs go on where fewer had ended; objects can be put back by hand', async () => {
  const made = async (epochs: number[]): Promise<number[][]> => {
    const checkpoint = shelf();
    for (const [i, until] of epochs.entries()) {
      const { model, optimizer, train } = parts();
      const scheduler = new lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 });
      const settings = { lr: 0.02 };
      const options = { model, optimizer, scheduler, settings, checkpoint, resume: i > 0 };
      await trainModel(train, shuffledRows(), { ...options, epochs: until });
      if (until !== 3) continue;
      const again = parts();
      const loader = new DataLoader(rows, { batchSize: 4 });
      loadCheckpoint(checkpoint.load() as Uint8Array, { model: again.model, settings, loader });
      expect(loader.state).toEqual({ epoch: 2, batch: BATCHES });
      expect(await bitsOf(again.model)).toEqual(await bitsOf(model));
      return bitsOf(model);
    }
    return [];
  };
  expect(await made([1, 3])).toEqual(await made([3]));
});

describe('a checkpoint that does not belong to the run is refused, and nothing is changed', () => {
  async function resumed(bytes: Uint8Array, options: Partial<TrainOptions> = {}, batchSize = 4) {
    const { model, optimizer, train } = parts();
    const before = await bitsOf(model);
    const checkpoint = { save() {}, load: () => bytes };
    const settings = { seed: 1, data: 'x' };
    const loader = new DataLoader(rows, { batchSize });
    const all = { epochs: 1, model, optimizer, checkpoint, resume: true, settings, ...options };
    const message = await trainModel(train, loader, all).then(
      () => 'nothing',
      (error: Error) => error.message,
    );
    expect(await bitsOf(model)).toEqual(before);
    return message;
  }
  const saved = async (): Promise<Uint8Array> => {
    const { model, optimizer, train } = parts();
    const checkpoint = shelf();
    const settings = { seed: 0, data: 'x' };
    await trainModel(train, shuffledRows(), { epochs: 1, model, optimizer, checkpoint, settings });
    return checkpoint.load() as Uint8Array;
  };

  test('of other settings, damaged, of other batches, or by hand', async () => {
    const bytes = await saved();
    const settings = { seed: 0, data: 'x' };
    expect(await resumed(bytes)).toMatch(/other settings or data: seed was 0, is 1\. Put them back as they were/);
    expect(await resumed(bytes, { settings }, 2)).toMatch(/is of a run of 6 batches in an epoch; the loader has 11/);
    const damaged = bytes.slice();
    damaged[damaged.length - 3] = (damaged.at(-3) ?? 0) ^ 1;
    expect(await resumed(damaged)).toMatch(/^readCheckpoint: the checkpoint is damaged/);
    const hand = await saveCheckpoint({ model: parts().model, optimizer: parts().optimizer });
    expect(await resumed(hand, { settings: undefined })).toMatch(
      /this is no checkpoint of trainModel, but one made by hand/,
    );
  });

  test('one of another adapter is taken, and tells of it', async () => {
    const { tensors, metadata } = readSafetensors(await saved());
    const state = JSON.parse(metadata.state ?? '');
    state.user.progress.adapter = 'another';
    // As a file without a checksum.
    const bytes = writeSafetensors(tensors, { format: 'kindling checkpoint 1', state: JSON.stringify(state) });
    const events: TrainEvent[] = [];
    const options = { settings: { seed: 0, data: 'x' }, epochs: 2, on: (event: TrainEvent) => void events.push(event) };
    const { model, optimizer, train } = parts();
    const checkpoint = { save() {}, load: () => bytes };
    await trainModel(train, shuffledRows(), { ...options, model, optimizer, checkpoint, resume: true });
    expect(events[0]).toEqual({ type: 'resume', step: BATCHES, epoch: 1, batch: BATCHES, adapter: 'another' });
  });
});
