/** Errors about arguments say what came, and what to write instead. */
import * as kindling from 'kindling';
import * as data from 'kindling/data';
import * as io from 'kindling/io';
import * as metrics from 'kindling/metrics';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import * as optim from 'kindling/optim';
import 'kindling/methods';
import { describe, expect, test } from 'vitest';
import { dataset, identity, layer, message, ones, parameter, stepped } from '../support/refused.js';

const wrong = <T>(value: unknown): T => value as T;

describe('the error says what came, and what to write', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  test.each<[string, () => unknown]>([
    [
      'loadStateDict: wants tensors by name, as stateDict() gives them, got undefined',
      () => layer().loadStateDict(wrong(undefined)),
    ],
    [
      'loadStateDict: weight is [[1]], wants a tensor',
      () => layer().loadStateDict(wrong({ weight: [[1]], bias: ones() })),
    ],
    ['pad: 1 is no array of pairs of widths for [2, 3], such as [left, right]', () => F.pad(ones(), wrong(1))],
    ['Adam: betas are two numbers, not 0.9', () => new optim.Adam([parameter()], { betas: wrong(0.9) })],
    [
      'normal: the shape is that of mean and std already; leave out an object',
      () => kindling.normal(ones(), 1, wrong({})),
    ],
    [
      'accuracy: labels is a tensor, wants an array of class labels; write await labels.data()',
      () => metrics.accuracy(wrong(ones()), wrong(ones())),
    ],
    ['accuracy: predictions is undefined, wants an array', () => metrics.accuracy([1], wrong(undefined))],
    ['step: body is undefined, wants a function', () => kindling.step(wrong(undefined))],
    ['noGrad: body is undefined, wants a function', () => kindling.noGrad(wrong(undefined))],
    ['capture: body is a tensor, wants a function', () => kindling.capture(wrong<() => void>(ones()))],
    ["loadCheckpoint: wants the bytes of a file, a Uint8Array, got 'abc'", () => io.loadCheckpoint(wrong('abc'), {})],
    [
      'loadCheckpoint: wants the bytes of a file, a Uint8Array, got a ArrayBuffer; write new Uint8Array(buffer)',
      () => io.loadCheckpoint(wrong(new ArrayBuffer(8)), {}),
    ],
    ['saveCheckpoint: user and settings must be fit for JSON: ', () => io.saveCheckpoint({ user: cyclic })],
    [
      'saveCheckpoint: user and settings must be fit for JSON: big is 1',
      () => io.saveCheckpoint({ user: { big: 1n } }),
    ],
    [
      'saveCheckpoint: user and settings must be fit for JSON: loss is a tensor; save await tensor.array()',
      () => io.saveCheckpoint({ user: { loss: ones() } }),
    ],
    [
      'saveCheckpoint: user and settings must be fit for JSON: map is a Map',
      () => io.saveCheckpoint({ user: { map: new Map() } }),
    ],
    ["add: b is '1', wants a tensor or a number", () => ones().add(wrong('1'))],
    ['uniform: low is an object, wants a number', () => kindling.uniform([2], wrong({ lo: 1 }), 1)],
    ['init.normal: mean an object and std 1 are to be numbers', () => nn.init.normal(ones(), wrong({ std: 1 }))],
    ['squeeze: dim an object is outside', () => kindling.squeeze(ones(), wrong({ dim: 1 }))],
    ['StepLR: wants an optimizer first, got an object', () => new optim.StepLR(wrong({}), { stepSize: 1 })],
    // Arguments too many.
    [
      'linear: 4 arguments, of which it takes 3; leave out an object',
      () => Reflect.apply(F.linear, null, [ones(), ones(), null, {}]),
    ],
    [
      'adaptiveAvgPool2d: 3 arguments, of which it takes 2; leave out 2',
      () => Reflect.apply(F.adaptiveAvgPool2d, null, [ones(), 1, 2]),
    ],
    ['clone: 2 arguments, of which it takes 1', () => Reflect.apply(kindling.clone, null, [ones(), {}])],
    ['relu: 2 arguments, of which it takes 1', () => Reflect.apply(kindling.relu, null, [ones(), { inplace: true }])],
    ['relu: 2 arguments, of which it takes 1', () => Reflect.apply(ones().relu, ones(), [{ inplace: true }])],
    ['relu: 2 arguments, of which it takes 1', () => Reflect.apply(kindling.relu, null, [ones(), [2, 2]])],
    ['relu: 3 arguments, of which it takes 1', () => Reflect.apply(kindling.relu, null, [ones(), 0, [2, 2]])],
    ['sum: wants an object of options, got 0', () => Reflect.apply(ones().sum, ones(), [0, true])],
    ['Dropout: 2 arguments, of which it takes 1', () => Reflect.construct(nn.Dropout, [0.5, true])],
    [
      'optimizer.step: 1 arguments, of which it takes 0',
      () => Reflect.apply(optim.SGD.prototype.step, stepped(), [() => 1]),
    ],
    [
      'checkpoint: takes no options',
      () => Reflect.apply(kindling.checkpoint, null, [identity, ones(), { useReentrant: false }]),
    ],
  ])('%s', async (text, run) => {
    expect((await message(run)).slice(0, text.length)).toBe(text);
  });
});

test('functions go where arrays call them, with an index and the array', () => {
  const tensors = [ones(), ones()];
  expect(tensors.map(kindling.relu)).toHaveLength(2);
  expect(tensors.reduce(kindling.add).shape).toEqual([2, 3]);
  for (const keep of [tensors, new Set(tensors)]) keep.forEach(kindling.keep);
});

test('an index is not taken for an argument', () => {
  expect(() => [ones(), ones()].map(kindling.tril)).toThrow('tril: 3 arguments, of which it takes 2; leave out');
});

test.each<[string, string, (options: never) => unknown]>([
  ['epsilon', 'eps', (o) => new optim.Adam([parameter()], o)],
  ['wd', 'weightDecay', (o) => new optim.Adam([parameter()], o)],
  ['weight_decay', 'weightDecay', (o) => new optim.Adam([parameter()], o)],
  ['learningRate', 'lr', (o) => new optim.Adam([parameter()], o)],
  ['learning_rate', 'lr', (o) => new optim.SGD([parameter()], o)],
  ['train', 'training', (o) => F.dropout(ones(), o)],
  ['pad', 'padding', (o) => new nn.Conv2d(2, 2, 1, o)],
  ['bs', 'batchSize', (o) => new data.DataLoader(dataset(), o)],
  ['axis', 'dim', (o) => kindling.sum(ones(), o)],
  ['keep_dim', 'keepdim', (o) => kindling.sum(ones(), o)],
  ['keepdims', 'keepdim', (o) => kindling.sum(ones(), o)],
])('whoever writes %s meant %s', async (slip, meant, run) => {
  expect(await message(() => run({ [slip]: 1 } as never))).toContain(`no option ${slip}; did you mean ${meant}?`);
});
