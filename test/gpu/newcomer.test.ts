/**
 * What stands in the place of a tensor is refused in the function's name. Every function that takes tensors is in `functionCalls`, with
 * arguments that it takes; the others are in `WITHOUT`: a new export has to be entered.
 */
import * as k from 'kindling';
import { DataLoader, TensorDataset } from 'kindling/data';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { Adam, clipGradNorm, l1Penalty, SGD } from 'kindling/optim';
import { expect, test } from 'vitest';
import { PAIRS } from '../support/elementwisePairs.js';
import { type Arguments, functionCalls } from '../support/functionCalls.js';

const WITHOUT =
  'DeviceLostError KindlingError Tensor adapter arange capture checkpoint defineFunction destroy detectAnomaly enableGrad eye full init ' +
  'isGradEnabled linspace manualSeed noGrad onCompile ones rand randint randn randomState randperm setRandomState stats step ' +
  'sync tensor uniform zeros';

/** Where a number may stand for a tensor, or null for none. */
const OPERANDS = [
  ...Object.entries(PAIRS).flatMap(([name, { tensors }]) => (tensors ? [] : name)),
  'normal',
  'where',
  'maskedFill',
  'lerp',
  'scatter',
  ...['add_', 'div_', 'mul_', 'sub_'],
];

const FUNCTIONS = { ...k, ...F } as unknown as Readonly<Record<string, (...given: Arguments) => unknown>>;

/** What a call ends in, if not a KindlingError whose message is as it should be. */
async function other(call: () => unknown, wanted: RegExp): Promise<string | null> {
  try {
    await call();
  } catch (error) {
    if (error instanceof k.KindlingError) return wanted.test(error.message) ? null : error.message;
    return String(error);
  }
  return 'no error';
}

const isTensors = (value: unknown): boolean =>
  value instanceof k.Tensor || (Array.isArray(value) && value.length > 0 && value.every(isTensors));

test('every function is entered', () => {
  expect([...Object.keys(functionCalls()), ...WITHOUT.split(' ')].sort()).toEqual(Object.keys(FUNCTIONS).sort());
});

test('no function takes another thing for a tensor', async () => {
  const x = k.ones([2, 3]);
  const wrong = [undefined, null, [1, 2], '1', Float32Array.of(1), Promise.resolve(x), new nn.ReLU(), 3];
  const faults: string[] = [];
  for (const [name, given] of Object.entries(functionCalls())) {
    for (const [i, right] of given.entries()) {
      if (!isTensors(right)) continue;
      for (const value of wrong) {
        if (value === 3 && OPERANDS.includes(name)) continue;
        const bias = (i === 2 && /^conv|^linear/.test(name)) || (i === 3 && name === 'bilinear');
        if (bias && (value === null || value === undefined)) continue;
        for (const put of Array.isArray(right) ? [value, [right[0], value]] : [value]) {
          const call = () => FUNCTIONS[name]?.(...given.map((one, j) => (j === i ? put : one)));
          const fault = await other(call, new RegExp(`^${name === 'cast' ? 'to' : name}: .*(a tensor|tensors)`));
          if (fault) faults.push(`${name}, argument ${i} = ${String(value)}: ${fault}`);
        }
      }
    }
  }
  expect(faults).toEqual([]);
});

test('no module takes another thing for a tensor', async () => {
  const faults: string[] = [];
  const modules = [
    ...[nn.ReLU, nn.ReLU6, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.Hardsigmoid, nn.Hardswish, nn.GELU, nn.ELU, nn.LeakyReLU],
    ...[nn.Softplus, nn.Flatten, nn.Dropout, nn.Dropout2d],
    ...[nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss, nn.BCELoss, nn.BCEWithLogitsLoss, nn.KLDivLoss],
    ...[nn.NLLLoss, nn.CrossEntropyLoss],
  ].map((Made): nn.Module<never[], unknown> => new Made() as never);
  modules.push(
    ...([
      new nn.Linear(2, 2),
      ...(['zeros', 'reflect'] as const).map((paddingMode) => new nn.Conv1d(2, 2, 1, { paddingMode })),
      ...(['zeros', 'reflect'] as const).map((paddingMode) => new nn.Conv2d(2, 2, 1, { paddingMode })),
      ...[new nn.ConvTranspose2d(2, 2, 1), new nn.MaxPool1d(2), new nn.MaxPool2d(2), new nn.AvgPool2d(2)],
      ...[new nn.AdaptiveAvgPool2d(2), new nn.Upsample({ scaleFactor: 2 }), new nn.Softmax(1), new nn.LogSoftmax(1)],
      ...[new nn.BatchNorm1d(2), new nn.BatchNorm2d(2), new nn.BatchNorm1d(2, { momentum: null }).eval()],
      ...[new nn.InstanceNorm2d(2), new nn.LayerNorm(2), new nn.GroupNorm(1, 2), new nn.Embedding(2, 2)],
      ...[new nn.MultiheadAttention(2, 1), new nn.Sequential(new nn.Linear(2, 2)), new nn.Dropout().eval()],
    ] as unknown as nn.Module<never[], unknown>[]),
  );
  for (const module of modules) {
    for (const value of [undefined, [1, 2]]) {
      const fault = await other(
        () => module.forward(...([value] as never[])),
        /^\w+: \w+ is (undefined|\[1, 2\]), wants a tensor/,
      );
      if (fault) faults.push(`${module.constructor.name}: ${fault}`);
    }
  }
  expect(faults).toEqual([]);
});

test('what is meant is said', async () => {
  const [x, loss] = [k.ones([2, 3]), k.ones([], { requiresGrad: true })];
  const model = new nn.Linear(2, 3);
  const wrong = (value: unknown): never => value as never;
  const saying: readonly (readonly [() => unknown, string])[] = [
    [() => F.linear(wrong(undefined), model.weight), 'linear: input is undefined, wants a tensor'],
    [() => F.relu(wrong(Promise.resolve(x))), 'relu: x is a Promise, wants a tensor; await it first'],
    [() => F.relu(wrong(model)), 'relu: x is a Linear, wants a tensor; call it'],
    [() => F.relu(wrong([1, 2])), 'relu: x is [1, 2], wants a tensor; make one with tensor()'],
    [() => x.add(wrong(undefined)), 'add: b is undefined, wants a tensor or a number'],
    [() => k.cat(wrong(x)), 'cat: wants an array of tensors, got a tensor; write cat([x, y])'],
    [() => loss.backward(wrong('x')), "backward: gradient is 'x', wants a tensor"],
    [() => x.reshape(wrong(undefined)), 'reshape: '],
    [() => k.reshape(x, wrong(6)), 'reshape: the shape is an array, such as [2, 3]; got 6'],
    ...['zeros', 'ones', 'rand', 'randn'].map(
      (name) => [() => FUNCTIONS[name]?.(2, 3), `${name}: the shape is an array, such as [2, 3]; got 2`] as const,
    ),
    [() => k.full(wrong(2), 3), 'full: the shape is an array'],
    [() => k.full([2], wrong(undefined)), 'full: value is undefined, wants a number'],
    [() => k.randint(0, 5, wrong(3)), 'randint: the shape is an array'],
    [() => k.uniform(wrong(3), 0, 1), 'uniform: the shape is an array'],
    [() => k.normal(0, 1, wrong(3)), 'normal: the shape is an array'],
    [() => k.tensor(wrong(undefined)), 'tensor: wants numbers, in arrays or a typed array, found undefined'],
    [() => k.tensor(wrong('abc')), "tensor: wants numbers, in arrays or a typed array, found 'abc'"],
    [() => x.copy_(wrong(undefined)), 'copy_: source is undefined, wants a tensor'],
    ...[
      model,
      undefined,
      model.stateDict(),
      [model],
      model.namedParameters(),
      new nn.Sequential(model),
      model.weight,
    ].map((given) => [() => new Adam(wrong(given)), 'Adam: wants parameters, got '] as const),
    [() => new Adam(wrong(model)), 'Adam: wants parameters, got a Linear; write new Adam(model.parameters(), …)'],
    [() => new SGD([{ params: wrong(model) }], { lr: 1 }), 'SGD: wants parameters, got a Linear; write new SGD('],
    [() => clipGradNorm(wrong(model), 1), 'clipGradNorm: wants parameters, got a Linear; write clipGradNorm('],
    [() => clipGradNorm(model.parameters(), wrong(undefined)), 'clipGradNorm: maxNorm is undefined, wants a number'],
    [() => l1Penalty(wrong(model)), 'l1Penalty: wants parameters, got a Linear'],
    ...[[[model, model]], [nn.ReLU], [(t: k.Tensor) => t], [undefined]].map(
      (given) => [() => new nn.Sequential(...(given as never[])), 'Sequential: wants modules, got ['] as const,
    ),
    [() => new nn.ModuleList(wrong(model)), 'ModuleList: wants modules, got a Linear'],
    [() => new nn.ModuleList(wrong([3])), 'ModuleList: wants modules, got [3]'],
    [() => new nn.Linear(wrong(undefined), 3), 'Linear: inFeatures is undefined, wants a whole number'],
    [() => new nn.Conv2d(3, wrong(undefined), 3), 'Conv2d: outChannels is undefined, wants a whole number'],
    [() => new nn.Parameter(wrong([1])), 'Parameter: data is [1], wants a tensor'],
    [() => new DataLoader(wrong(undefined)), 'DataLoader: wants a data set'],
    [() => new DataLoader(wrong([x, x])), 'DataLoader: wants a data set'],
    [
      () => new TensorDataset(wrong([1, 2])),
      'TensorDataset: wants arrays with their shapes, { data, shape }, got [1, 2]',
    ],
    [() => new TensorDataset(wrong(x)), 'TensorDataset: wants arrays with their shapes, { data, shape }, got a tensor'],
    [() => nn.init.uniform(wrong(undefined)), 'init.uniform: tensor is undefined, wants a tensor'],
    [() => nn.init.xavierNormal(wrong([1])), 'xavierNormal: tensor is [1], wants a tensor'],
    [() => nn.init.kaimingUniform(wrong(null)), 'kaimingUniform: tensor is null, wants a tensor'],
  ];
  const faults = await Promise.all(
    saying.map(async ([call, message]) => {
      const escaped = message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      const fault = await other(call, new RegExp(`^${escaped}`));
      return fault ? [`wants ${message}: ${fault}`] : [];
    }),
  );
  expect(faults.flat()).toEqual([]);
});
