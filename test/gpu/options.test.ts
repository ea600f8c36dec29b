/**
 * Every export that takes options refuses those it does not know, by its own name. A function of tensors is in `functionCalls`, any
 * other export either in `TAKES`, with a call to try, or in `TAKES_NONE`: a new one has to be entered.
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

/** Called with options that are none. */
type Call = (options: never) => unknown;

const x = (): kindling.Tensor => kindling.ones([2, 3]);
const picture = (): kindling.Tensor => kindling.ones([1, 2, 4, 4]);
const labels = (): kindling.Tensor => kindling.zeros([2], { dtype: 'i32' });
const parameter = (): kindling.Tensor => kindling.ones([2], { requiresGrad: true });
const stepped = () => new optim.SGD([parameter()], { lr: 1 });
const layer = (): nn.Linear => new nn.Linear(2, 2);
const dataset = () => new data.TensorDataset({ data: new Float32Array(4), shape: [4, 1] });

const TAKES: Readonly<Record<string, Readonly<Record<string, Call>>>> = {
  kindling: {
    arange: (o) => kindling.arange(0, 3, 1, o),
    defineFunction: (o) => kindling.defineFunction(o),
    detectAnomaly: (o) => kindling.detectAnomaly(() => {}, o),
    eye: (o) => kindling.eye(2, 2, o),
    full: (o) => kindling.full([2], 1, o),
    init: (o) => kindling.init(o),
    linspace: (o) => kindling.linspace(0, 1, 3, o),
    ones: (o) => kindling.ones([2], o),
    rand: (o) => kindling.rand([2], o),
    randint: (o) => kindling.randint(0, 3, [2], o),
    randn: (o) => kindling.randn([2], o),
    randperm: (o) => kindling.randperm(3, o),
    tensor: (o) => kindling.tensor([1], o),
    uniform: (o) => kindling.uniform([2], 0, 1, o),
    zeros: (o) => kindling.zeros([2], o),
  },
  nn: {
    AvgPool1d: (o) => new nn.AvgPool1d(2, o),
    RMSNorm: (o) => new nn.RMSNorm(2, o),
    removeParametrizations: (o) => nn.removeParametrizations(nn.weightNorm(layer()), 'weight', o),
    spectralNorm: (o) => nn.spectralNorm(layer(), o),
    weightNorm: (o) => nn.weightNorm(layer(), o),
    TransformerEncoder: (o) => new nn.TransformerEncoder(() => new nn.TransformerEncoderLayer(2, 1), 1, o),
    TransformerEncoderLayer: (o) => new nn.TransformerEncoderLayer(2, 1, o),
    Bilinear: (o) => new nn.Bilinear(2, 2, 2, o),
    Fold: (o) => new nn.Fold(4, 2, o),
    Unfold: (o) => new nn.Unfold(2, o),
    SELU: (o) => new nn.SELU(o),
    Mish: (o) => new nn.Mish(o),
    LogSigmoid: (o) => new nn.LogSigmoid(o),
    Softsign: (o) => new nn.Softsign(o),
    Tanhshrink: (o) => new nn.Tanhshrink(o),
    CosineSimilarity: (o) => new nn.CosineSimilarity(o),
    PairwiseDistance: (o) => new nn.PairwiseDistance(o),
    TripletMarginLoss: (o) => new nn.TripletMarginLoss(o),
    CosineEmbeddingLoss: (o) => new nn.CosineEmbeddingLoss(o),
    MarginRankingLoss: (o) => new nn.MarginRankingLoss(o),
    HingeEmbeddingLoss: (o) => new nn.HingeEmbeddingLoss(o),
    SoftMarginLoss: (o) => new nn.SoftMarginLoss(o),
    MultiLabelSoftMarginLoss: (o) => new nn.MultiLabelSoftMarginLoss(o),
    MultiMarginLoss: (o) => new nn.MultiMarginLoss(o),
    GaussianNLLLoss: (o) => new nn.GaussianNLLLoss(o),
    PoissonNLLLoss: (o) => new nn.PoissonNLLLoss(o),
    PReLU: (o) => new nn.PReLU(2, o),
    AvgPool2d: (o) => new nn.AvgPool2d(2, o),
    BCELoss: (o) => new nn.BCELoss(o),
    BCEWithLogitsLoss: (o) => new nn.BCEWithLogitsLoss(o),
    BatchNorm1d: (o) => new nn.BatchNorm1d(2, o),
    BatchNorm2d: (o) => new nn.BatchNorm2d(2, o),
    CTCLoss: (o) => new nn.CTCLoss(o),
    Conv1d: (o) => new nn.Conv1d(2, 2, 1, o),
    Conv2d: (o) => new nn.Conv2d(2, 2, 1, o),
    Conv3d: (o) => new nn.Conv3d(2, 2, 1, o),
    ConvTranspose1d: (o) => new nn.ConvTranspose1d(2, 2, 1, o),
    ConvTranspose2d: (o) => new nn.ConvTranspose2d(2, 2, 1, o),
    CrossEntropyLoss: (o) => new nn.CrossEntropyLoss(o),
    Embedding: (o) => new nn.Embedding(2, 2, o),
    GELU: (o) => new nn.GELU(o),
    GroupNorm: (o) => new nn.GroupNorm(1, 2, o),
    GRU: (o) => new nn.GRU(2, 2, o),
    GRUCell: (o) => new nn.GRUCell(2, 2, o),
    Hardsigmoid: (o) => new nn.Hardsigmoid(o),
    Hardswish: (o) => new nn.Hardswish(o),
    HuberLoss: (o) => new nn.HuberLoss(o),
    InstanceNorm2d: (o) => new nn.InstanceNorm2d(2, o),
    KLDivLoss: (o) => new nn.KLDivLoss(o),
    L1Loss: (o) => new nn.L1Loss(o),
    LSTM: (o) => new nn.LSTM(2, 2, o),
    LSTMCell: (o) => new nn.LSTMCell(2, 2, o),
    LayerNorm: (o) => new nn.LayerNorm(2, o),
    Linear: (o) => new nn.Linear(2, 2, o),
    MSELoss: (o) => new nn.MSELoss(o),
    MaxPool1d: (o) => new nn.MaxPool1d(2, o),
    MaxPool2d: (o) => new nn.MaxPool2d(2, o),
    MultiheadAttention: (o) => new nn.MultiheadAttention(2, 1, o),
    NLLLoss: (o) => new nn.NLLLoss(o),
    RNN: (o) => new nn.RNN(2, 2, o),
    RNNCell: (o) => new nn.RNNCell(2, 2, o),
    ReLU: (o) => new nn.ReLU(o),
    ReLU6: (o) => new nn.ReLU6(o),
    SiLU: (o) => new nn.SiLU(o),
    Sigmoid: (o) => new nn.Sigmoid(o),
    SmoothL1Loss: (o) => new nn.SmoothL1Loss(o),
    Tanh: (o) => new nn.Tanh(o),
    Upsample: (o) => new nn.Upsample(o),
  },
  init: {
    kaimingNormal: (o) => nn.init.kaimingNormal(x(), o),
    kaimingUniform: (o) => nn.init.kaimingUniform(x(), o),
    dirac: (o) => nn.init.dirac(kindling.ones([2, 2, 1]), o),
    orthogonal: (o) => nn.init.orthogonal(x(), o),
    xavierNormal: (o) => nn.init.xavierNormal(x(), o),
    xavierUniform: (o) => nn.init.xavierUniform(x(), o),
  },
  linalg: {
    matrixNorm: (o) => linalg.matrixNorm(x(), o),
    norm: (o) => linalg.norm(x(), o),
    vectorNorm: (o) => linalg.vectorNorm(x(), o),
  },
  optim: {
    Adagrad: (o) => new optim.Adagrad([parameter()], o),
    Adadelta: (o) => new optim.Adadelta([parameter()], o),
    Adamax: (o) => new optim.Adamax([parameter()], o),
    Adam: (o) => new optim.Adam([parameter()], o),
    AdamW: (o) => new optim.AdamW([parameter()], o),
    ConstantLR: (o) => new optim.ConstantLR(stepped(), o),
    CosineAnnealingLR: (o) => new optim.CosineAnnealingLR(stepped(), o),
    CyclicLR: (o) => new optim.CyclicLR(stepped(), o),
    MultiplicativeLR: (o) => new optim.MultiplicativeLR(stepped(), o),
    CosineAnnealingWarmRestarts: (o) => new optim.CosineAnnealingWarmRestarts(stepped(), o),
    ExponentialLR: (o) => new optim.ExponentialLR(stepped(), o),
    AveragedModel: (o) => new optim.AveragedModel(layer(), o),
    SWALR: (o) => new optim.SWALR(stepped(), o),
    LBFGS: (o) => new optim.LBFGS([parameter()], o),
    LambdaLR: (o) => new optim.LambdaLR(stepped(), o),
    LinearLR: (o) => new optim.LinearLR(stepped(), o),
    MultiStepLR: (o) => new optim.MultiStepLR(stepped(), o),
    NAdam: (o) => new optim.NAdam([parameter()], o),
    OneCycleLR: (o) => new optim.OneCycleLR(stepped(), o),
    PolynomialLR: (o) => new optim.PolynomialLR(stepped(), o),
    RAdam: (o) => new optim.RAdam([parameter()], o),
    RMSprop: (o) => new optim.RMSprop([parameter()], o),
    ReduceLROnPlateau: (o) => new optim.ReduceLROnPlateau(stepped(), o),
    SGD: (o) => new optim.SGD([parameter()], o),
    SequentialLR: (o) => new optim.SequentialLR(stepped(), o),
    StepLR: (o) => new optim.StepLR(stepped(), o),
    clipGradNorm: (o) => optim.clipGradNorm([parameter()], 1, o),
  },
  data: {
    CIFAR10: (o) => data.CIFAR10.load(o),
    ColorJitter: (o) => new data.ColorJitter(o),
    Cutout: (o) => new data.Cutout(2, o),
    DataLoader: (o) => new data.DataLoader(dataset(), o),
    FashionMNIST: (o) => data.FashionMNIST.load(o),
    ImageFolder: (o) => data.ImageFolder.from([], o),
    MNIST: (o) => data.MNIST.load(o),
    RandomCrop: (o) => new data.RandomCrop(2, o),
    RandomErasing: (o) => new data.RandomErasing(o),
    RandomResizedCrop: (o) => new data.RandomResizedCrop(2, o),
    RandomRotation: (o) => new data.RandomRotation(9, o),
    RandomSampler: (o) => new data.RandomSampler(dataset(), o),
    WeightedRandomSampler: (o) => new data.WeightedRandomSampler([1], 1, o),
    randomSplit: (o) => data.randomSplit(dataset(), [4], o),
    synthetic: (o) => data.synthetic(o),
  },
  metrics: {
    classificationReport: (o) => metrics.classificationReport([0], [0], o),
    confusionMatrix: (o) => metrics.confusionMatrix([0], [0], o),
    macroF1: (o) => metrics.macroF1([0], [0], o),
    microF1: (o) => metrics.microF1([0], [0], o),
  },
  io: {
    lockFile: (o) => io.lockFile('nowhere', o),
    loadCheckpoint: (o) => io.loadCheckpoint(new Uint8Array(), o),
    saveCheckpoint: (o) => io.saveCheckpoint(o),
  },
  log: {
    Logger: (o) => new log.Logger(o),
    consoleSink: (o) => log.consoleSink(o),
    logTo: (o) => log.logTo(new log.Logger({ sinks: [] }), o),
  },
  onnx: { exportOnnx: (o) => onnx.exportOnnx(layer(), x(), o) },
  profile: {
    profile: (o) => profile.profile(() => {}, o),
    time: (o) => profile.time(() => {}, o),
  },
  train: { trainModel: (o) => train.trainModel(() => x(), new data.DataLoader(dataset()), o) },
  tune: {
    tune: (o) => tune.tune(() => {}, o),
    tuneIfAsked: (o) => tune.tuneIfAsked(() => {}, o),
  },
};

const TAKES_NONE: Readonly<Record<string, string>> = {
  kindling:
    'DeviceLostError KindlingError Tensor adapter capture checkpoint destroy enableGrad isGradEnabled manualSeed noGrad onCompile ' +
    'randomState setRandomState stats step sync',
  linalg: 'det inv solve svdvals',
  nn:
    'AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveMaxPool1d AdaptiveMaxPool2d ' +
    'PixelShuffle PixelUnshuffle Unflatten ' +
    'Dropout Dropout2d ELU Flatten Identity LeakyReLU LogSoftmax Module ModuleDict ModuleList Parameter ParameterList Sequential ' +
    'deepcopy functionalCall ' +
    'CELU GLU Hardshrink Hardtanh Softmin Softshrink Softmax Softplus firstNonfinite init parametersToVector registerForwardHook registerForwardPreHook registerFullBackwardHook summary vectorToParameters',
  init: 'calculateFanInAndFanOut calculateGain constant eye normal ones sparse truncNormal uniform zeros',
  optim: 'LRScheduler Optimizer clipGradValue getEmaMultiAvgFn l1Penalty lrScheduler updateBN',
  data:
    'Compose ConcatDataset Grayscale ImageDataset Normalize RandomHorizontalFlip SequentialSampler Subset SubsetRandomSampler ' +
    'TensorDataset channelStats',
  metrics: 'ClassificationReport accuracy',
  io: 'loadSafetensors readCheckpoint readFileIfThere readSafetensors saveSafetensors writeFileAtomic writeSafetensors',
  log: 'MemoryFile csvSink health jsonlSink tensorBoardSink',
  onnx: '',
  profile: 'measurePeaks runKernel',
  train: 'Diverged',
  tune: 'clearTuning setTuning tuning tuningPlace useTuning',
};

const EXPORTS: Readonly<Record<string, object>> = {
  ...{ kindling, nn, init: nn.init, functional: F, linalg, optim, data, metrics, io, log, onnx, profile, train, tune },
};

/** What takes options and is no export. */
const METHODS: Readonly<Record<string, Call>> = {
  amax: (o) => x().amax(o),
  amin: (o) => x().amin(o),
  argmax: (o) => x().argmax(o),
  argmin: (o) => x().argmin(o),
  clamp: (o) => x().clamp(o),
  elu: (o) => x().elu(o),
  gelu: (o) => x().gelu(o),
  leakyRelu: (o) => x().leakyRelu(o),
  logSoftmax: (o) => x().logSoftmax(o),
  mean: (o) => x().mean(o),
  norm: (o) => x().norm(o),
  softmax: (o) => x().softmax(o),
  softplus: (o) => x().softplus(o),
  std: (o) => x().std(o),
  sum: (o) => x().sum(o),
  variance: (o) => x().variance(o),
  registerBuffer: (o) => layer().registerBuffer('b', x(), o),
  loadStateDict: (o) => layer().loadStateDict({}, o),
  checkStateDict: (o) => layer().checkStateDict({}, o),
  ImageFolder: (o) => data.ImageFolder.open('nowhere', o),
  addImage: (o) => new log.Logger({ sinks: [] }).addImage('tag', kindling.ones([1, 2, 2]), 0, o),
  MultiheadAttention: (o) => {
    const [query, attention] = [kindling.ones([1, 1, 2]), new nn.MultiheadAttention(2, 1)];
    return attention.forward(query, query, query, o);
  },
};

/** The message of the KindlingError that a call ends in. */
async function refusal(call: Call, options: unknown): Promise<string> {
  try {
    await call(options as never);
  } catch (error) {
    if (error instanceof kindling.KindlingError) return error.message;
    return String(error);
  }
  return 'no error';
}

/** Functions of tensors; `functional`'s, where `kindling` has another of the name. */
const FUNCTIONS = { ...kindling, ...F } as unknown as Readonly<Record<string, (...given: Arguments) => unknown>>;

test.each(Object.keys(EXPORTS))('every export of %s is entered', (module) => {
  const entered = [...Object.keys(TAKES[module] ?? {}), ...(TAKES_NONE[module] ?? '').split(' ')].filter(Boolean);
  const ofTensors = ['kindling', 'functional'].includes(module) ? Object.keys(functionCalls()) : [];
  const others = Object.keys(EXPORTS[module] ?? {}).filter((name) => !ofTensors.includes(name));
  expect(entered.sort()).toEqual(others.sort());
});

/** Refuses what are no options, and says which was meant. */
async function knowsItsOptions(name: string, call: Call): Promise<void> {
  const unknown = await refusal(call, { nonsense: 1 });
  expect(unknown).toMatch(new RegExp(`^${name}(\\.load)?: no option nonsense`));
  const known = (/It knows (.+)$/.exec(unknown)?.[1] ?? '').split(', ').filter((option) => option.length > 4);
  for (const option of known) {
    const snake = option.replace(/[A-Z0-9]+/g, (part) => `_${part.toLowerCase()}`);
    for (const slip of [snake === option ? `${option}s` : snake, option.slice(1)]) {
      expect(await refusal(call, { [slip]: 1 })).toContain(`no option ${slip}; did you mean ${option}?`);
    }
  }
  expect(await refusal(call, { toString: 1 })).toContain('no option toString');
  const misplaced =
    name === 'softmax' || name === 'softmin' || name === 'logSoftmax' || /Pool/.test(name)
      ? ['1', null]
      : [1, '1', [1], null];
  // It takes the gradient in their place.
  const refused = name === 'backward' ? [[1]] : [...misplaced, x()];
  for (const given of refused) {
    expect(await refusal(call, given), name).toMatch(/wants an object of options/);
  }
}

describe.each([...Object.entries(TAKES), ['methods', METHODS] as const])('%s', (_, calls) => {
  test.each(Object.entries(calls))('%s knows its options', knowsItsOptions);
});

test('functions of tensors know their options, and those that have some say so in functionCalls', async () => {
  const unsaid: string[] = [];
  for (const [name, given] of Object.entries(functionCalls())) {
    const last: unknown = given.at(-1);
    if (typeof last === 'object' && last !== null && Object.getPrototypeOf(last) === Object.prototype) {
      await knowsItsOptions(name, (options) => FUNCTIONS[name]?.(...given.slice(0, -1), options));
      continue;
    }
    const found = await refusal((options: unknown) => FUNCTIONS[name]?.(...given, options), { nonsense: 1 });
    if (found.includes('no option nonsense')) unsaid.push(name);
  }
  expect(unsaid).toEqual([]);
});

test('values of another kind, and of another range', async () => {
  const image = picture();
  const weight = kindling.ones([1, 2, 1, 1]);
  const cases: [string, Call][] = [
    ["sum: keepdim is 'yes', wants true or false", () => x().sum({ keepdim: 'yes' } as never)],
    ['sum: dim is 0.5, wants a whole number', () => x().sum({ dim: 0.5 })],
    ["SGD: lr is '0.1', wants a number", () => new optim.SGD([parameter()], { lr: '0.1' } as never)],
    [
      "mseLoss: reduction is 'average', wants 'mean' or 'sum'",
      () => F.mseLoss(x(), x(), { reduction: 'average' } as never),
    ],
    ['conv2d: stride is 0, wants a whole number from 1 on', () => F.conv2d(image, weight, null, { stride: 0 })],
    ["conv2d: padding is '1'", () => F.conv2d(image, weight, null, { padding: '1' } as never)],
    ["Conv2d: padding is '1'", () => new nn.Conv2d(2, 2, 1, { padding: '1' } as never)],
    ['Conv2d: padding is -1', () => new nn.Conv2d(2, 2, 1, { padding: -1 })],
    ['Conv2d: stride is NaN', () => new nn.Conv2d(2, 2, 1, { stride: Number.NaN })],
    ['maxPool2d: stride is [1, 0]', () => F.maxPool2d(image, { kernelSize: 2, stride: [1, 0] })],
    ["Linear: inFeatures is '2'", () => new nn.Linear('2' as never, 2)],
    ['Dropout: p is an object', () => new nn.Dropout({ p: 0.5 } as never)],
    ['ELU: alpha is an object', () => new nn.ELU({ alpha: 0.5 } as never)],
    ["tensor: dtype is 'float32', wants 'f32'", () => kindling.tensor([1], { dtype: 'float32' } as never)],
    [
      'crossEntropy: weight is [1, 2, 3], wants a tensor',
      () => F.crossEntropy(x(), labels(), { weight: [1, 2, 3] } as never),
    ],
    ['DataLoader: batchSize is 0', () => new data.DataLoader(dataset(), { batchSize: 0 })],
  ];
  for (const [message, call] of cases) expect(await refusal(call, {})).toContain(message);
});

test('what to write instead', async () => {
  expect(await refusal(() => kindling.sum(x(), 1 as never), {})).toContain('{ dim: 1 }');
  expect(await refusal(() => F.mseLoss(x(), x(), 'sum' as never), {})).toContain("{ reduction: 'sum' }");
  expect(await refusal(() => F.crossEntropy(x(), labels(), x() as never), {})).toContain('{ weight: a tensor }');
  expect(await refusal(() => new optim.SGD([parameter()], layer() as never), {})).toContain('got a Linear');
});

test('undefined stands for the default', async () => {
  const options = { dim: undefined, keepdim: undefined };
  expect(await kindling.sum(x(), options).item()).toBe(6);
  expect(kindling.randint(0, 2, [1], { dtype: undefined }).dtype).toBe('i32');
  expect(new nn.MaxPool1d(2, { stride: undefined }).forward(kindling.ones([1, 1, 4])).shape).toEqual([1, 1, 2]);
  expect(new data.DataLoader(dataset(), { batchSize: undefined, seed: undefined }).length).toBe(4);
});

test('groups of an optimizer', async () => {
  const grouped = (option: object) => new optim.Adam([{ params: [parameter()], ...option }]);
  expect(await refusal(() => grouped({ weight_decay: 1 }), {})).toContain(
    'Adam: no option weight_decay; did you mean weightDecay?',
  );
  expect(await refusal(() => grouped({ parms: [] }), {})).toContain('did you mean params?');
  const optimizer = grouped({ name: 'all', lr: 1 });
  Object.assign(optimizer.paramGroups[0] as object, { wieghtDecay: 1 });
  expect(await refusal(() => optimizer.step(), {})).toContain('Adam: no option wieghtDecay; did you mean weightDecay?');
});
