/** What the loop of `kindling/train` refuses. */
import { type Tensor, tensor } from 'kindling';
import { DataLoader } from 'kindling/data';
import { lrScheduler } from 'kindling/optim';
import { type TrainOptions, trainModel } from 'kindling/train';
import { describe, expect, test } from 'vitest';
import { parts, rows, type Step, shuffledRows } from '../support/parts.js';

describe('refused before anything is trained', () => {
  const wrong = <T>(value: unknown): T => value as T;
  const all = (): TrainOptions => {
    const { model, optimizer } = parts();
    return { epochs: 1, model, optimizer, scheduler: new lrScheduler.StepLR(optimizer, { stepSize: 1 }) };
  };
  test.each<[string, Partial<TrainOptions>]>([
    ['epochs is undefined, wants a whole number from 1 on', { epochs: wrong(undefined) }],
    ['epochs is 0, wants a whole number from 1 on', { epochs: 0 }],
    ['epochs is 1.5, wants a whole number from 1 on', { epochs: 1.5 }],
    ['wants a module, got undefined', { model: wrong(undefined) }],
    ['no option optimiser; did you mean optimizer?', wrong({ optimiser: 1 })],
    ['optimizer is an object without stateDict, wants an optimizer', { optimizer: wrong({}) }],
    ["scheduler is 'cosine', wants a scheduler", { scheduler: wrong('cosine') }],
    ["scheduleEvery is 'batch', wants 'epoch' or 'step'", { scheduleEvery: wrong('batch') }],
    ['scheduleEvery wants a scheduler too', { scheduler: undefined, scheduleEvery: 'step' }],
    ['monitor wants evaluate, which gives that score, too', { monitor: 'accuracy' }],
    [
      "monitor 'a' steps the scheduler after each evaluation; leave out scheduleEvery: 'step'",
      { monitor: 'a', evaluate: () => ({ a: 1 }), scheduleEvery: 'step' },
    ],
    ['evaluateEvery wants evaluate too', { evaluateEvery: 2 }],
    ['evaluateEvery is 0, wants a number of epochs', { evaluate: () => ({}), evaluateEvery: 0 }],
    ['evaluateEvery is an object, wants', { evaluate: () => ({}), evaluateEvery: { steps: 0.5 } }],
    ['evaluateEvery is null, wants', { evaluate: () => ({}), evaluateEvery: wrong(null) }],
    ['evaluate is 3, wants a function', { evaluate: wrong(3) }],
    ['resume wants a checkpoint too', { resume: true }],
    ['settings wants a checkpoint too', { settings: {} }],
    ['user is 5, wants an object', { user: wrong(5), checkpoint: 'x' }],
    ['checkpointEvery is -1, wants seconds from 0 on', { checkpointEvery: -1, checkpoint: 'x' }],
    ['checkpoint is an empty path', { checkpoint: '' }],
    ['checkpoint is 7, wants a path, or functions save and load', { checkpoint: wrong(7) }],
    ['checkpoint is an object without load', { checkpoint: { save: () => {} }, resume: true }],
    ['signal is a AbortController, wants an AbortSignal', { signal: wrong(new AbortController()) }],
  ])('%s', async (message, options) => {
    const called: string[] = [];
    const body = (): Tensor => {
      called.push('step');
      return tensor([1]);
    };
    const text = (error: Error): string => error.message.slice(0, 'trainModel: '.length + message.length);
    const refused = trainModel(body, shuffledRows(), { ...all(), ...options });
    expect(await refused.then(() => 'nothing', text)).toBe(`trainModel: ${message}`);
    expect(called).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['loader is undefined, wants a DataLoader', undefined],
    ['loader is [[1], [2]] without setEpoch, wants a DataLoader', [[1], [2]]],
    ['the loader cannot be iterated over', { length: 3, setEpoch() {} }],
    ['the loader has 0 batches in an epoch, wants 1 or more', new DataLoader(rows, { batchSize: 30, dropLast: true })],
  ])('%s', async (message, loader) => {
    await expect(trainModel(() => tensor([1]), wrong(loader), all())).rejects.toThrow(`trainModel: ${message}`);
  });

  test.each<[string, () => unknown, Partial<TrainOptions>]>([
    ['the step must not be async', async () => tensor([1]), {}],
    ['what the step returns is 3, wants a tensor', () => 3, {}],
    ['evaluate gives 0.5, wants numbers by name', () => tensor([1]), { evaluate: () => wrong(0.5) }],
    ['evaluate gives b, and no a to monitor', () => tensor([1]), { monitor: 'a', evaluate: () => wrong({ b: 1 }) }],
  ])('as soon as it is seen: %s', async (message, body, options) => {
    const refused = trainModel(wrong<Step>(body), shuffledRows(), { ...all(), ...options });
    await expect(refused).rejects.toThrow(`trainModel: ${message}`);
  });

  test.each([
    [5, 'the loader gives 5 batches; its length is 6'],
    [7, 'the loader gives more than the 6 batches of its length'],
  ])('a loader of 6 that gives %d', async (gives, message) => {
    const items = Array.from({ length: gives }, (): [Tensor] => [tensor([1])]);
    const loader = { length: 6, setEpoch() {}, [Symbol.iterator]: () => items[Symbol.iterator]() };
    await expect(trainModel((x) => x.mul(2), loader, all())).rejects.toThrow(`trainModel: ${message}`);
  });
});
