/**
 * What a function does not take is refused in its name. The functions and classes are those that the package exports, so that a
 * new one is covered by itself: it is called with nothing, with garbage, and with an argument more than it takes. Arguments
 * that it does take are in `CALLS` where it needs any.
 */
import * as kindling from 'kindling';
import * as data from 'kindling/data';
import * as io from 'kindling/io';
import * as linalg from 'kindling/linalg';
import * as log from 'kindling/log';
import * as metrics from 'kindling/metrics';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import * as onnx from 'kindling/onnx';
import * as optim from 'kindling/optim';
import * as profile from 'kindling/profile';
import * as train from 'kindling/train';
import * as tune from 'kindling/tune';
import 'kindling/methods';
import { describe, expect, test } from 'vitest';
import { type Arguments, functionCalls } from '../support/functionCalls.js';

const EXPORTS: Readonly<Record<string, object>> = {
  ...{ kindling, nn, init: nn.init, functional: F, optim, lrScheduler: optim.lrScheduler },
  ...{ data, linalg, log, metrics, io, onnx, profile, train, tune },
};

/** Not called at all, and why. */
const LEFT_OUT = [
  ...['KindlingError', 'DeviceLostError', 'Diverged'], // They take any text.
  ...['Tensor', 'ClassificationReport'], // Made by functions; their constructors are internal.
  ...['destroy', 'sync'], // Listeners, which are given events: `process.on('exit', destroy)`.
];

/** Bases without a meaning of their own: a subclass passes on what it takes. */
const BASES = ['Module', 'Optimizer', 'LRScheduler'];

/** What would reach for files, the network or the device, or take seconds, if it were called as it should be. */
const NOT_IN_EARNEST =
  'init CIFAR10 MNIST FashionMNIST ImageFolder lockFile readFileIfThere writeFileAtomic profile measurePeaks clearTuning tune useTuning';

/** What takes any arguments. */
const OPEN: Readonly<Record<string, string>> = {
  checkpoint: 'passes them on to the function',
  Identity: "as PyTorch's, to stand in for any layer",
};

/** What garbage is none to a function. */
const TAKEN: Readonly<Record<string, readonly unknown[]>> = {
  onCompile: [null],
  tensor: [10n],
  lockFile: ['garbage'],
  readFileIfThere: ['garbage'],
  // Paths, at which nothing is made before something is logged.
  ...{ csvSink: ['garbage'], jsonlSink: ['garbage'], tensorBoardSink: ['garbage'] },
};

const GARBAGE: readonly unknown[] = [null, 'garbage', { nonsense: 1 }, [{}], Symbol('garbage'), 10n];

const ones = (): kindling.Tensor => kindling.ones([2, 3]);
const parameter = (): kindling.Tensor => kindling.ones([2], { requiresGrad: true });
const layer = (): nn.Linear => new nn.Linear(2, 2);
const encoderLayer = (): nn.TransformerEncoderLayer => new nn.TransformerEncoderLayer(2, 1);
const stepped = () => new optim.SGD([parameter()], { lr: 1 });
const dataset = () => new data.TensorDataset({ data: new Float32Array(4), shape: [4, 1] });
const pictures = () => new data.ImageDataset(new Uint8Array(6144), new Uint8Array(2), ['a'], 'none');
const identity = (value: kindling.Tensor): kindling.Tensor => value;

/** `init.normal` and the like, whose names others have too. */
const initCalls = (): Readonly<Record<string, Arguments>> =>
  Object.fromEntries('eye normal ones uniform zeros'.split(' ').map((name) => [name, [ones()]]));

/** Arguments by name of an export; of one that is not here there need be none. */
const calls = async (module: string): Promise<Readonly<Record<string, Arguments>>> => {
  const [x, random] = [ones(), kindling.randomState()];
  const checkpoint = await io.saveCheckpoint({});
  const schedules: Record<string, object> = {
    ...{ ConstantLR: {}, LinearLR: {}, PolynomialLR: {}, ReduceLROnPlateau: {}, ExponentialLR: { gamma: 0.5 } },
    ...{ CosineAnnealingLR: { tMax: 3 }, CosineAnnealingWarmRestarts: { t0: 3 }, StepLR: { stepSize: 3 } },
    ...{ LambdaLR: { lrLambda: () => 1 }, MultiStepLR: { milestones: [1] }, OneCycleLR: { maxLr: 1, totalSteps: 9 } },
    ...{ CyclicLR: { baseLr: 1, maxLr: 2, cycleMomentum: false }, MultiplicativeLR: { lrLambda: () => 1 } },
    SWALR: { swaLr: 1 },
  };
  const one = stepped();
  const constant = new optim.ConstantLR(one);
  return {
    ...functionCalls(),
    ...Object.fromEntries(
      'Adadelta Adagrad Adam Adamax AdamW NAdam RAdam RMSprop'.split(' ').map((name) => [name, [[parameter()], {}]]),
    ),
    ...Object.fromEntries(Object.entries(schedules).map(([name, options]) => [name, [stepped(), options]])),
    ...{ arange: [3], capture: [identity], checkpoint: [identity, x], detectAnomaly: [() => {}], eye: [2] },
    ...{ enableGrad: [() => 1], noGrad: [() => 1], step: [() => 1], full: [[2], 1], linspace: [0, 1, 3] },
    ...{ manualSeed: [0], onCompile: [null], ones: [[2]], zeros: [[2]], rand: [[2]], randn: [[2]], randperm: [3] },
    ...{ randint: [0, 3, [2]], uniform: [[2], 0, 1], tensor: [[1]], setRandomState: [random] },
    defineFunction: [{ name: 'mine', forward: identity, backward: () => [null] }],
    ...{ AdaptiveAvgPool1d: [1], AdaptiveMaxPool1d: [1], AdaptiveMaxPool2d: [1], AvgPool1d: [2] },
    ...{ Bilinear: [2, 2, 2], Fold: [4, 2], Unfold: [2], PixelShuffle: [2], PixelUnshuffle: [2], Unflatten: [1, [2]] },
    ...{ Conv3d: [2, 2, 1], ConvTranspose1d: [2, 2, 1] },
    ...Object.fromEntries('RNN GRU LSTM RNNCell GRUCell LSTMCell'.split(' ').map((name) => [name, [2, 2]])),
    ...{ AvgPool2d: [2], MaxPool1d: [2], MaxPool2d: [2], AdaptiveAvgPool2d: [1], Softmax: [1], LogSoftmax: [1] },
    ...{ CELU: [1], GLU: [1], Hardshrink: [1], Hardtanh: [-1, 1], PReLU: [2], Softmin: [1], Softshrink: [1] },
    ...{ BatchNorm1d: [2], BatchNorm2d: [2], InstanceNorm2d: [2], LayerNorm: [2], GroupNorm: [1, 2] },
    ...{ Conv1d: [2, 2, 1], Conv2d: [2, 2, 1], ConvTranspose2d: [2, 2, 1], Linear: [2, 2], Embedding: [2, 2] },
    ...{ MultiheadAttention: [2, 1], Upsample: [{ scaleFactor: 2 }], Parameter: [x], Sequential: [layer()] },
    ...{ Softplus: [1, 20], ELU: [1], LeakyReLU: [1], Dropout: [0.5], Dropout2d: [0.5], Flatten: [1, -1] },
    ...{ ModuleDict: [{ a: layer() }], ParameterList: [[parameter()]], RMSNorm: [2] },
    ...{ TransformerEncoder: [encoderLayer, 1], TransformerEncoderLayer: [2, 1] },
    ...{ ModuleList: [[layer()]], firstNonfinite: [layer()], summary: [layer(), [1, 2]] },
    ...{ parametersToVector: [[parameter()]], vectorToParameters: [kindling.zeros([2]), [parameter()]] },
    registerForwardHook: [layer(), () => {}],
    registerForwardPreHook: [layer(), () => {}],
    registerFullBackwardHook: [layer(), () => {}],
    ...{ calculateFanInAndFanOut: [[2, 3]], calculateGain: ['relu'], constant: [x, 1] },
    ...{ dirac: [kindling.ones([2, 2, 1])], orthogonal: [x], sparse: [x, 0.5], truncNormal: [x, 0, 1, -2, 2] },
    ...{ kaimingNormal: [x], kaimingUniform: [x], xavierNormal: [x], xavierUniform: [x] },
    ...{ AveragedModel: [layer()], getEmaMultiAvgFn: [0.5], LBFGS: [[parameter()], {}], updateBN: [[x], layer()] },
    ...{ removeParametrizations: [nn.weightNorm(layer()), 'weight'], spectralNorm: [layer()], weightNorm: [layer()] },
    ...{ deepcopy: [layer()], functionalCall: [new nn.Identity(), {}, kindling.ones([1, 2])] },
    ...{ SGD: [[parameter()], { lr: 1 }], SequentialLR: [one, { schedulers: [constant], milestones: [] }] },
    ...{ clipGradNorm: [[parameter()], 1], clipGradValue: [[parameter()], 1], l1Penalty: [[parameter()]] },
    ...{ det: [kindling.eye(2)], inv: [kindling.eye(2)], solve: [kindling.eye(2), kindling.ones([2])] },
    ...{ matrixNorm: [x], svdvals: [x], vectorNorm: [x] },
    synthetic: [{ split: 'train', count: 1 }],
    ...{ Compose: [[]], Cutout: [2], DataLoader: [dataset()], Normalize: [[0.5], [0.5]], RandomCrop: [2] },
    ...{ RandomErasing: [{ p: 1 }], RandomResizedCrop: [2], RandomRotation: [9], Grayscale: [1] },
    ...{ ConcatDataset: [[dataset()]], RandomSampler: [dataset()], SequentialSampler: [dataset()] },
    ...{ SubsetRandomSampler: [[0]], WeightedRandomSampler: [[1, 2], 2] },
    ...{
      RandomHorizontalFlip: [0.5],
      randomSplit: [dataset(), [4]],
      Subset: [dataset(), [0]],
      channelStats: [pictures()],
    },
    TensorDataset: [{ data: new Float32Array(2), shape: [2] }],
    ImageDataset: [new Uint8Array(3072), new Uint8Array(1), ['a'], 'none'],
    ...{ accuracy: [[0], [0]], classificationReport: [[0], [0]], confusionMatrix: [[0], [0]] },
    ...{ macroF1: [[0], [0]], microF1: [[0], [0]] },
    ...{ loadCheckpoint: [checkpoint, {}], readCheckpoint: [checkpoint], saveCheckpoint: [{}] },
    ...{ loadSafetensors: [checkpoint], readSafetensors: [checkpoint], saveSafetensors: [{}], writeSafetensors: [{}] },
    ...{ lockFile: ['nowhere'], readFileIfThere: ['nowhere'], writeFileAtomic: ['nowhere', ''], ImageFolder: [[]] },
    exportOnnx: [layer(), kindling.ones([1, 2])],
    ...{ Logger: [{ sinks: [] }], health: [layer()], logTo: [new log.Logger({ sinks: [] }), { everySteps: 1 }] },
    ...{ csvSink: ['nowhere'], jsonlSink: ['nowhere'], tensorBoardSink: ['nowhere'] },
    trainModel: [() => x.sum(), new data.DataLoader(dataset()), { epochs: 1, model: layer() }],
    ...{ profile: [() => {}], time: [() => {}], tune: [() => {}], tuneIfAsked: [() => {}], setTuning: ['stored'] },
    runKernel: [
      { name: 'mine', workgroups: [1, 1, 1], write: { ys: 'f32' }, wgsl: '@compute @workgroup_size(1) fn main() {}' },
      [],
      [kindling.ones([1])],
    ],
    ...(module === 'init' ? initCalls() : {}),
    ...(module === 'kindling' ? { unfold: [x, 0, 2, 1] } : {}),
  };
};

/** Where the last argument is no options, though it looks like some. */
const PLAIN = ['setRandomState', 'TensorDataset', 'saveSafetensors', 'writeSafetensors'];

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** The arguments with an option that no function knows: among those that are there, or behind the rest. */
function withNonsense(name: string, given: Arguments): Arguments {
  const last = given.at(-1);
  if (!isPlain(last) || PLAIN.includes(name)) return [...given, { nonsense: 1 }];
  return [...given.slice(0, -1), { ...last, nonsense: 1 }];
}

type Callable = ((...given: Arguments) => unknown) & (new (...given: Arguments) => unknown);

/** Calls a function, constructs a class, or reads a data set. */
function call(of: Callable, given: Arguments): unknown {
  if (!/^class\b/.test(String(of))) return of(...given);
  const { load, from } = of as unknown as { load?: Callable; from?: Callable };
  const opens = load ?? from;
  return opens ? Reflect.apply(opens, of, given) : new of(...given);
}

/** What is wrong with how a call ends: null where it is refused as it should be, in the name of what was called. */
async function fault(name: string, run: () => unknown, mayDo = false): Promise<string | null> {
  try {
    await run();
    return mayDo ? null : 'no error';
  } catch (error) {
    if (!(error instanceof kindling.KindlingError)) return String(error);
    const named = error.message.startsWith(name === 'cast' ? 'to' : name) || error.message.startsWith(`init.${name}`);
    return named && !error.message.includes('[object') ? null : error.message;
  }
}

const show = (value: unknown): string => (isPlain(value) ? JSON.stringify(value) : String(value));

describe.each(Object.entries(EXPORTS))('%s', (module, exported) => {
  const functions = Object.entries(exported).filter(
    (entry): entry is [string, Callable] => typeof entry[1] === 'function' && !LEFT_OUT.includes(entry[0]),
  );

  test('nothing and garbage are refused by name', async () => {
    const faults: string[] = [];
    for (const [name, of] of functions) {
      if (name === 'Identity') continue;
      const nothing = await fault(name, () => NOT_IN_EARNEST.split(' ').includes(name) || call(of, []), true);
      if (nothing) faults.push(`${name}(): ${nothing}`);
      for (const value of GARBAGE) {
        if (BASES.includes(name) || TAKEN[name]?.includes(value)) continue;
        const found = await fault(name, () => call(of, [value]));
        if (found) faults.push(`${name}(${show(value)}): ${found}`);
      }
    }
    expect(faults).toEqual([]);
  });

  test('an argument too many, or an unknown option, is refused by name', async () => {
    const known = await calls(module);
    const [faults, tensorCalls]: [string[], object] = [[], functionCalls()];
    for (const [name, of] of functions) {
      if (BASES.includes(name) || name in OPEN) continue;
      const given = known[name] ?? [];
      // Those of `functionCalls` would have every kernel compiled.
      if (!NOT_IN_EARNEST.split(' ').includes(name) && !(name in tensorCalls)) {
        await Promise.resolve()
          .then(() => call(of, given))
          .catch((error: unknown) => faults.push(`${name} as it should be called: ${error}`));
      }
      const found = await fault(name, () => call(of, withNonsense(name, given)));
      if (found) faults.push(`${name} with an unknown option: ${found}`);
    }
    expect(faults).toEqual([]);
  });

  test('garbage in any place ends in no error of the engine', async () => {
    const known = await calls(module);
    const faults: string[] = [];
    for (const [name, of] of functions) {
      if (BASES.includes(name) || name in OPEN || NOT_IN_EARNEST.split(' ').includes(name)) continue;
      const given = known[name] ?? [];
      for (let place = 1; place < given.length; place++) {
        for (const value of GARBAGE) {
          const found = await fault(name, () => call(of, given.with(place, value)), true);
          if (found) faults.push(`${name}, argument ${place} ${show(value)}: ${found}`);
        }
      }
    }
    expect(faults).toEqual([]);
  });
});

test('methods refuse what their functions refuse', async () => {
  const faults: string[] = [];
  for (const [name, [self, ...rest]] of Object.entries(functionCalls())) {
    const method: unknown = self instanceof kindling.Tensor && Reflect.get(self, name);
    if (typeof method !== 'function') continue;
    const found = await fault(name, () => Reflect.apply(method, self, withNonsense(name, rest)));
    if (found) faults.push(`${name}: ${found}`);
  }
  expect(faults).toEqual([]);
});

/** What a call ends in. */
async function message(run: () => unknown): Promise<string> {
  try {
    await run();
    return 'no error';
  } catch (error) {
    return error instanceof kindling.KindlingError ? error.message : `raw: ${error}`;
  }
}

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
