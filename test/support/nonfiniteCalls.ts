/** How the cases of fixtures/nonfinite.py are called, and which functions need none. */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { UNARY } from './elementwise.js';
import { callOf as elementwise } from './elementwiseCalls.js';
import { PAIRS } from './elementwisePairs.js';
import { ORDER } from './functions.js';

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;
export type Call = (...inputs: k.Tensor[]) => k.Tensor;
export type Table = Readonly<Record<string, Call>>;

const conv2dPadded: Call = (x, w) => F.conv2d(x as k.Tensor, w as k.Tensor, null, { padding: 1 });

/** How a case is called, where not as the function of its name with its inputs. */
const CALLS = {
  'lerp far': (x: k.Tensor, y: k.Tensor) => k.lerp(x, y, 0.7),
  lerp: (x: k.Tensor, y: k.Tensor) => k.lerp(x, y, 0.3),
  'gaussianNllLoss none': (x: k.Tensor, t: k.Tensor) =>
    F.gaussianNllLoss(x, t, k.fullLike(x, 0.5), { reduction: 'none' }),
  'marginRankingLoss none': (x: k.Tensor, t: k.Tensor) =>
    F.marginRankingLoss(x, k.zerosLike(x), t, { reduction: 'none' }),
  tripletMarginLoss: (x: k.Tensor, y: k.Tensor) => F.tripletMarginLoss(x, y, k.zerosLike(x), { reduction: 'none' }),
  cosineEmbeddingLoss: (x: k.Tensor, y: k.Tensor, target: k.Tensor) =>
    F.cosineEmbeddingLoss(x, y, target, { reduction: 'none' }),
  reshape: (x: k.Tensor) => k.reshape(x, [4, 5]),
  expand: (x: k.Tensor) => k.expand(x, [2, 20]),
  flip: (x: k.Tensor) => k.flip(x, 0),
  flatten: (x: k.Tensor) => k.flatten(k.reshape(x, [4, 5])),
  unsqueeze: (x: k.Tensor) => k.unsqueeze(x, 0),
  narrow: (x: k.Tensor) => k.narrow(x, 0, 0, 5),
  slice: (x: k.Tensor) => k.slice(x, 0, 0, 9, 2),
  select: (x: k.Tensor) => k.select(x, 0, 0),
  split: (x: k.Tensor) => first(k.split(x, 7)),
  chunk: (x: k.Tensor) => first(k.chunk(x, 3)),
  unbind: (x: k.Tensor) => first(k.unbind(x).slice(1)),
  stack: (x: k.Tensor) => k.stack([x, x]),
  cat: (x: k.Tensor) => k.cat([x, x]),
  pad: (x: k.Tensor) => F.pad(x, [1, 2], { value: NAN }),
  tril: (x: k.Tensor) => k.tril(k.reshape(x, [4, 5])),
  triu: (x: k.Tensor) => k.triu(k.reshape(x, [4, 5])),
  'maskedFill -infinite': (x: k.Tensor, mask: k.Tensor) => k.maskedFill(x, mask, -INF),
  'maskedFill NaN': (x: k.Tensor, mask: k.Tensor) => k.maskedFill(x, mask, NAN),
  indexSelect: (x: k.Tensor, picks: k.Tensor) => k.indexSelect(x, 0, picks),
  gather: (x: k.Tensor, picks: k.Tensor) => k.gather(x, 0, picks),
  scatter: (x: k.Tensor, picks: k.Tensor, y: k.Tensor) => k.scatter(x, 0, picks, k.narrow(y, 0, 0, 5)),
  'scatter NaN': (x: k.Tensor, picks: k.Tensor) => k.scatter(x, 0, picks, NAN),
  scatterAdd: (x: k.Tensor, picks: k.Tensor, y: k.Tensor) => k.scatterAdd(x, 0, picks, k.narrow(y, 0, 0, 5)),
  indexAdd: (x: k.Tensor, picks: k.Tensor, y: k.Tensor) => k.indexAdd(x, 0, picks, k.narrow(y, 0, 0, 5), { alpha: 2 }),
  bincount: (picks: k.Tensor) => k.bincount(picks, 8),
  'isclose NaN': (x: k.Tensor, y: k.Tensor) => k.isclose(x, y, { rtol: 0.6, equalNan: true }),
  oneHot: (picks: k.Tensor) => F.oneHot(picks, 6),
  roll: (x: k.Tensor) => k.roll(k.reshape(x, [4, 5]), 2, 1),
  rot90: (x: k.Tensor) => k.rot90(k.reshape(x, [4, 5])),
  unflatten: (x: k.Tensor) => k.unflatten(x, 0, [4, 5]),
  meshgrid: (x: k.Tensor) => first(k.meshgrid([x, k.zeros([2])])),
  repeat: (x: k.Tensor) => k.repeat(x, 2, 1),
  tile: (x: k.Tensor) => k.tile(x, 2),
  repeatInterleave: (x: k.Tensor) => k.repeatInterleave(x, 2),
  diagonal: (x: k.Tensor) => k.diagonal(k.reshape(x, [4, 5])),
  'unfold windows': (x: k.Tensor) => k.unfold(x, 0, 3, 2),
  movedim: (x: k.Tensor) => k.movedim(x, 0, 1),
  einsum: (a: k.Tensor, b: k.Tensor) => k.einsum('ij,jk->ki', a, b),
  bmm: (a: k.Tensor, b: k.Tensor) => k.bmm(k.unsqueeze(a, 0), k.unsqueeze(b, 0)),
  baddbmm: (x: k.Tensor, a: k.Tensor, b: k.Tensor) => k.baddbmm(x, k.unsqueeze(a, 0), k.unsqueeze(b, 0), { alpha: 2 }),
  pixelShuffle: (x: k.Tensor) => F.pixelShuffle(k.reshape(x, [1, 8, 3, 3]), 2),
  pixelUnshuffle: (x: k.Tensor) => F.pixelUnshuffle(x, 2),
  unfold: (x: k.Tensor) => F.unfold(x, 2),
  fold: (x: k.Tensor) => F.fold(k.reshape(x, [1, 8, 9]), 4, 2),
  permute: (x: k.Tensor) => k.permute(x, [1, 0]),
  transpose: (x: k.Tensor) => k.transpose(x, 0, 1),
  'binaryCrossEntropyWithLogits weighted': (x: k.Tensor, t: k.Tensor) =>
    F.binaryCrossEntropyWithLogits(x, t, { posWeight: k.onesLike(t).mul(2), reduction: 'none' }),
  'klDiv logarithms': (x: k.Tensor, t: k.Tensor) => F.klDiv(x, t, { reduction: 'none', logTarget: true }),
  batchNorm: (x: k.Tensor) => F.batchNorm(x, { training: true }),
  layerNorm: (x: k.Tensor) => F.layerNorm(x, [8]),
  rmsNorm: (x: k.Tensor) => F.rmsNorm(x, [8]),
  groupNorm: (x: k.Tensor) => F.groupNorm(x, 4),
  'conv2d padded': conv2dPadded,
  convTranspose2d: (x: k.Tensor, w: k.Tensor) => F.convTranspose2d(x, w, null, { stride: 2 }),
  convTranspose1d: (x: k.Tensor, w: k.Tensor) => F.convTranspose1d(x, k.transpose(w, 0, 1)),
  conv3d: (x: k.Tensor, w: k.Tensor) => F.conv3d(k.unsqueeze(x, 2), k.unsqueeze(w, 2)),
  avgPool1d: (x: k.Tensor) => F.avgPool1d(x, 2),
  adaptiveAvgPool1d: (x: k.Tensor) => F.adaptiveAvgPool1d(x, 3),
  adaptiveMaxPool1d: (x: k.Tensor) => F.adaptiveMaxPool1d(x, 3),
  adaptiveMaxPool2d: (x: k.Tensor) => F.adaptiveMaxPool2d(x, 4),
  rnnTanh: recurrent(F.rnnTanh, 3),
  rnnRelu: recurrent(F.rnnRelu, 3),
  gru: recurrent(F.gru, 9),
  lstm: recurrent(F.lstm, 12),
  maxPool1d: (x: k.Tensor) => F.maxPool1d(x, 2),
  'maxPool1d wide': (x: k.Tensor) => F.maxPool1d(x, { kernelSize: 3, stride: 1, padding: 1 }),
  maxPool2d: (x: k.Tensor) => F.maxPool2d(x, 2),
  'maxPool2d wide': (x: k.Tensor) => F.maxPool2d(x, { kernelSize: 3, stride: 2, padding: 1 }),
  'maxPool2d overlapping': (x: k.Tensor) => F.maxPool2d(x, { kernelSize: 3, stride: 1 }),
  'maxPool2d large': (x: k.Tensor) => F.maxPool2d(x, { kernelSize: 5, stride: 1 }),
  avgPool2d: (x: k.Tensor) => F.avgPool2d(x, 2),
  adaptiveAvgPool2d: (x: k.Tensor) => F.adaptiveAvgPool2d(x, 4),
  interpolate: (x: k.Tensor) => F.interpolate(x, { scaleFactor: 2 }),
  'conv2d relu': (x: k.Tensor, w: k.Tensor) => k.relu(F.conv2d(x, w)),
  'conv2d relu pooled': (x: k.Tensor, w: k.Tensor) => F.maxPool2d(k.relu(conv2dPadded(x, w)), 2),
  'conv2d twice': (x: k.Tensor, w: k.Tensor) => F.conv2d(k.relu(F.conv2d(x, w)), w),
  'conv2d pooled twice': (x: k.Tensor, w: k.Tensor) => F.conv2d(F.maxPool2d(k.relu(conv2dPadded(x, w)), 2), w),
  'linear relu': (x: k.Tensor, w: k.Tensor, b: k.Tensor) => k.relu(F.linear(x, w, b)),
  'linear twice': (x: k.Tensor, w: k.Tensor, b: k.Tensor) => F.linear(k.relu(F.linear(x, w, b)), w, b.detach().mul(0)),
  ...attention('scaledDotProductAttention', 'scaledDotProductAttention added', 'scaledDotProductAttention broken'),
  ...attention('scaledDotProductAttention NaN'),
  ...Object.fromEntries(
    Object.values(ORDER).flatMap(({ pytorch }) =>
      Object.entries(pytorch).flatMap(([name, { call }]) => (call ? [[name, call]] : [])),
    ),
  ),
} as unknown as Table;

function attention(...names: string[]): Table {
  const call: Call = (q, key, v, attnMask) =>
    F.scaledDotProductAttention(q as k.Tensor, key as k.Tensor, v as k.Tensor, { attnMask: attnMask as k.Tensor });
  return Object.fromEntries(names.map((name) => [name, call]));
}

/** The outputs of a layer without biases, of so many rows of the weights. */
function recurrent(run: typeof F.rnnTanh | typeof F.lstm, rows: number): Call {
  return (x, a, b) => {
    const [ih, hh] = [a, b].map((weight) => k.narrow(weight as k.Tensor, 0, 0, rows)) as [k.Tensor, k.Tensor];
    return run(x as k.Tensor, null, { weight_ih_l0: ih, weight_hh_l0: hh })[0];
  };
}

function first(tensors: readonly k.Tensor[]): k.Tensor {
  const [tensor] = tensors;
  if (!tensor) throw new Error('no tensor');
  return tensor;
}

export const functions = { ...k, ...F } as unknown as Table;

/** The call of a case: that of its line among the elementwise functions, its own, or by the words after the function's name. */
export function callOf(name: string): Call {
  if (name in UNARY || name in PAIRS) return elementwise(name);
  const own = CALLS[name];
  if (own) return own;
  const [called = '', word = '', dim = ''] = name.split(' ');
  const fn = functions[called] as unknown as (...args: unknown[]) => k.Tensor;
  if (!fn) throw new Error(`no function ${called}`);
  if (word === 'along') return (x) => fn(x, called.startsWith('cum') ? Number(dim) : { dim: Number(dim) });
  if (called === 'norm')
    return (x) => fn(x, { p: Number(word.replace('infinite', 'Infinity')), dim: Number(name.at(-1)) });
  if (
    called.endsWith('Loss') ||
    called.startsWith('crossEntropy') ||
    called.startsWith('binaryCross') ||
    called === 'klDiv'
  ) {
    const reduction = name.endsWith('mean') ? 'mean' : 'none';
    return (x, t) => fn(x, t, { reduction, ...(name.includes('smooth ') ? { labelSmoothing: 0.1 } : {}) });
  }
  return fn;
}

/** Exports that are no functions of floats: they make tensors, run other functions, or write what others compute. */
export const OTHERS = new Set(
  (
    'tensor bernoulli normal randLike randnLike randintLike fullLike zeros ones full arange linspace eye rand randn randint randperm uniform zerosLike onesLike ' +
    'adapter init destroy sync stats onCompile capture step keep print manualSeed randomState setRandomState checkpoint backward grad ' +
    'allclose gradcheck detectAnomaly defineFunction registerHook noGrad enableGrad isGradEnabled ' +
    'add_ sub_ mul_ div_ zero_ fill_'
  ).split(' '),
);

/** Tested by themselves, where numbers are random or types change, or in files of their own. */
export const BELOW = new Set(['dropout', 'dropout2d', 'gumbelSoftmax', 'cast', 'ctcLoss', 'maskedSelect', 'nonzero']);
