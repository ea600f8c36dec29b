/** Exports and methods that take options, each with a call to try, and exports that take none. Functions of tensors: functionCalls.ts. */
import * as kindling from 'kindling';
import * as data from 'kindling/data';
import * as io from 'kindling/io';
import * as linalg from 'kindling/linalg';
import * as log from 'kindling/log';
import * as metrics from 'kindling/metrics';
import * as nn from 'kindling/nn';
import * as onnx from 'kindling/onnx';
import * as optim from 'kindling/optim';
import * as profile from 'kindling/profile';
import * as train from 'kindling/train';
import * as tune from 'kindling/tune';
import 'kindling/methods';
import { dataset, layer, parameter, stepped, ones as x } from './refused.js';

/** Called with options that are none. */
export type Call = (options: never) => unknown;

export const TAKES: Readonly<Record<string, Readonly<Record<string, Call>>>> = {
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
    timeReplays: (o) => profile.timeReplays(() => {}, o),
  },
  train: { trainModel: (o) => train.trainModel(() => x(), new data.DataLoader(dataset()), o) },
  tune: {
    tune: (o) => tune.tune(() => {}, o),
    tuneIfAsked: (o) => tune.tuneIfAsked(() => {}, o),
  },
};

export const TAKES_NONE: Readonly<Record<string, string>> = {
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
  profile: 'launches measurePeaks runKernel',
  train: 'Diverged',
  tune: 'clearTuning setTuning tuning tuningPlace useTuning',
};

/** What takes options and is no export. */
export const METHODS: Readonly<Record<string, Call>> = {
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
