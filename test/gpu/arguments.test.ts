/**
 * What a function does not take is refused in its name. The functions and classes are those that the package exports, so that a
 * new one is covered by itself: it is called with nothing, with garbage, and with an argument more than it takes. Arguments
 * that it does take are in `CALLS` where it needs any.
 */
import * as kindling from 'kindling';
import * as data from 'kindling/data';
import * as io from 'kindling/io';
import * as log from 'kindling/log';
import * as nn from 'kindling/nn';
import * as optim from 'kindling/optim';
import 'kindling/methods';
import { describe, expect, test } from 'vitest';
import { type Arguments, functionCalls } from '../support/functionCalls.js';
import { dataset, EXPORTS, identity, layer, ones, parameter, stepped } from '../support/refused.js';

const MODULES: typeof EXPORTS = { ...EXPORTS, lrScheduler: optim.lrScheduler };

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

const encoderLayer = (): nn.TransformerEncoderLayer => new nn.TransformerEncoderLayer(2, 1);

const pictures = () => new data.ImageDataset(new Uint8Array(6144), new Uint8Array(2), ['a'], 'none');

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
    ...{
      profile: [() => {}],
      launches: [() => {}],
      time: [() => {}],
      timeReplays: [() => {}],
      tune: [() => {}],
      tuneIfAsked: [() => {}],
      setTuning: ['stored'],
    },
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

describe.each(Object.entries(MODULES))('%s', (module, exported) => {
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
