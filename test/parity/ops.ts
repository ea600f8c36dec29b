/**
 * How a case of `ops.json` is called, a line per op: PyTorch's name, then our function and its arguments. An argument is
 * the name of an input or attribute (`a|b`: whichever the case has), `[a b]` a list of such, `[...]` all inputs in order, `{x}`
 * an object of the inputs that have x in their names, by these names, or `{...}` an object of all that is left, inputs and
 * attributes alike, in camelCase; it is left out where nothing is left. An op without a
 * line is called as `camelCase(inputs in order, {...})`. A function that does not exist is an op not implemented.
 */
import * as kindling from 'kindling';
import { cast, type Tensor } from 'kindling';
import * as functional from 'kindling/nn/functional';
import { ORDER } from '../support/functions.js';

const SIGNATURES: Readonly<Record<string, string>> = {
  // elementwise
  clamp: 'clamp(input, {...})',
  elu: 'elu(input, {...})',
  gelu: 'gelu(input, {...})',
  leaky_relu: 'leakyRelu(input, {...})',
  softplus: 'softplus(input, {...})',
  celu: 'celu(input, {...})',
  hardtanh: 'hardtanh(input, {...})',
  softshrink: 'softshrink(input, {...})',
  hardshrink: 'hardshrink(input, {...})',
  prelu: 'prelu(input, weight)',
  glu: 'glu(input, {...})',
  softmin: 'softmin(input, {...})',
  lerp: 'lerp(input, end, weight)',
  fmod: 'fmod(input, other)',
  remainder: 'remainder(input, other)',
  pow: 'pow(input, exponent|other)',
  where: 'where(condition, input, other)',
  // reductions
  sum: 'sum(input, {...})',
  mean: 'mean(input, {...})',
  prod: 'prod(input, {...})',
  var: 'variance(input, {...})',
  std: 'std(input, {...})',
  amax: 'amax(input, {...})',
  amin: 'amin(input, {...})',
  argmax: 'argmax(input, {...})',
  argmin: 'argmin(input, {...})',
  logsumexp: 'logsumexp(input, {...})',
  cumsum: 'cumsum(input, dim)',
  cumprod: 'cumprod(input, dim)',
  any: 'any(input, {...})',
  all: 'all(input, {...})',
  isclose: 'isclose(input, other, {...})',
  bincount: 'bincount(input, minlength, {...})',
  ...Object.fromEntries(Object.entries(ORDER).map(([op, { parity }]) => [op, parity])),
  // shape
  reshape: 'reshape(input, shape)',
  permute: 'permute(input, dims)',
  transpose: 'transpose(input, dim0, dim1)',
  expand: 'expand(input, shape)',
  flatten: 'flatten(input, start_dim, end_dim)',
  squeeze: 'squeeze(input, dim)',
  unsqueeze: 'unsqueeze(input, dim)',
  cat: 'cat([...], dim)',
  stack: 'stack([...], dim)',
  narrow: 'narrow(input, dim, start, length)',
  flip: 'flip(input, dims)',
  pad: 'pad(input, pad, {...})',
  index_select: 'indexSelect(input, dim, index)',
  gather: 'gather(input, dim, index)',
  scatter: 'scatter(input, dim, index, src|value)',
  scatter_add: 'scatterAdd(input, dim, index, src)',
  index_add: 'indexAdd(input, dim, index, source, {...})',
  masked_fill: 'maskedFill(input, mask, value)',
  embedding: 'embedding(input, weight, {...})',
  one_hot: 'oneHot(input, num_classes)',
  tril: 'tril(input, diagonal)',
  triu: 'triu(input, diagonal)',
  roll: 'roll(input, shifts, dims)',
  repeat: 'repeat(input, repeats)',
  repeat_interleave: 'repeatInterleave(input, repeats, {...})',
  diagonal: 'diagonal(input, {...})',
  unfold: 'unfold(input, kernel_size, {...})',
  fold: 'fold(input, output_size, kernel_size, {...})',
  pixel_shuffle: 'pixelShuffle(input, upscale_factor)',
  pixel_unshuffle: 'pixelUnshuffle(input, downscale_factor)',
  // products and convolution
  einsum: 'einsum(equation, [...])',
  baddbmm: 'baddbmm(input, batch1, batch2, {...})',
  matmul: 'matmul(input, other)',
  linear: 'linear(input, weight, bias)',
  conv1d: 'conv1d(input, weight, bias, {...})',
  conv2d: 'conv2d(input, weight, bias, {...})',
  conv_transpose2d: 'convTranspose2d(input, weight, bias, {...})',
  conv3d: 'conv3d(input, weight, bias, {...})',
  conv_transpose1d: 'convTranspose1d(input, weight, bias, {...})',
  grid_sample: 'gridSample(input, grid, {...})',
  // pooling
  max_pool2d: 'maxPool2d(input, {...})',
  avg_pool2d: 'avgPool2d(input, {...})',
  avg_pool1d: 'avgPool1d(input, {...})',
  adaptive_avg_pool1d: 'adaptiveAvgPool1d(input, output_size)',
  adaptive_avg_pool2d: 'adaptiveAvgPool2d(input, output_size)',
  adaptive_max_pool1d: 'adaptiveMaxPool1d(input, output_size)',
  adaptive_max_pool2d: 'adaptiveMaxPool2d(input, output_size)',
  // recurrent
  rnn_tanh: 'rnnTanh(input, hx, {_l}, {...})',
  gru: 'gru(input, hx, {_l}, {...})',
  lstm: 'lstm(input, [hx cx], {_l}, {...})',
  // softmax and losses
  softmax: 'softmax(input, dim)',
  log_softmax: 'logSoftmax(input, dim)',
  nll_loss: 'nllLoss(input, target, {...})',
  cross_entropy: 'crossEntropy(input, target, {...})',
  mse_loss: 'mseLoss(input, target, {...})',
  l1_loss: 'l1Loss(input, target, {...})',
  smooth_l1_loss: 'smoothL1Loss(input, target, {...})',
  huber_loss: 'huberLoss(input, target, {...})',
  ctc_loss: 'ctcLoss(log_probs, targets, input_lengths, target_lengths, {...})',
  gaussian_nll_loss: 'gaussianNllLoss(input, target, var, {...})',
  poisson_nll_loss: 'poissonNllLoss(input, target, {...})',
  triplet_margin_loss: 'tripletMarginLoss(anchor, positive, negative, {...})',
  cosine_embedding_loss: 'cosineEmbeddingLoss(input1, input2, target, {...})',
  margin_ranking_loss: 'marginRankingLoss(input1, input2, target, {...})',
  multi_margin_loss: 'multiMarginLoss(input, target, {...})',
  binary_cross_entropy_with_logits: 'binaryCrossEntropyWithLogits(input, target, {...})',
  // normalization and attention
  batch_norm: 'batchNorm(input, {...})',
  layer_norm: 'layerNorm(input, normalized_shape, {...})',
  group_norm: 'groupNorm(input, num_groups, {...})',
  scaled_dot_product_attention: 'scaledDotProductAttention(query, key, value, {...})',
};

/** Outputs of an op beyond its value: inputs that it updates in place. */
const UPDATED: Readonly<Record<string, readonly string[]>> = { batch_norm: ['running_mean', 'running_var'] };

/** Inputs that are truth values; files hold them as I32. */
const BOOLEAN = new Set(['condition', 'mask', 'attn_mask']);

/** Thrown for an op, optimizer or scheduler that kindling does not have. */
export class NotImplemented extends Error {}

/** PyTorch's name in our spelling: `negative_slope` is `negativeSlope`, `T_max` is `tMax`. */
export function camelCase(name: string): string {
  const [first = '', ...rest] = name.split('_').filter(Boolean);
  return (
    first.charAt(0).toLowerCase() + first.slice(1) + rest.map((w) => w.charAt(0).toUpperCase() + w.slice(1)).join('')
  );
}

/** Attributes as an options object. */
export const camelCased = (attrs: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    // JSON has no infinity.
    Object.entries(attrs).map(([name, value]) => [camelCase(name), value === 'inf' ? Number.POSITIVE_INFINITY : value]),
  );

type Values = Readonly<Record<string, unknown>>;

/** Calls an op on its inputs; the result lists what the case's `outputs` lists. @throws NotImplemented */
export function callOp(op: string, inputs: Readonly<Record<string, Tensor>>, attrs: Values): Tensor[] {
  const signature = SIGNATURES[op] ?? `${camelCase(op)}(${[...Object.keys(inputs), '{...}'].join(', ')})`;
  const [name = '', list = ''] = signature.split(/[()]/);
  const found = (functional as Values)[name] ?? (kindling as Values)[name];
  if (typeof found !== 'function') throw new NotImplemented(`${op}: no function ${name}`);
  const values: Values = { ...attrs, ...asBooleans(inputs) };
  const result: unknown = found(...argumentsOf(list, Object.keys(inputs), values));
  const outputs = Array.isArray(result) ? (result as Tensor[]) : [result as Tensor];
  const updated = (UPDATED[op] ?? []).flatMap((input) => inputs[input] ?? []);
  return [...outputs, ...updated];
}

function asBooleans(inputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, x]) => [name, BOOLEAN.has(name) && x.dtype !== 'bool' ? cast(x, 'bool') : x]),
  );
}

function argumentsOf(list: string, inputs: readonly string[], values: Values): unknown[] {
  const left = new Map(Object.entries(values));
  const take = (name: string) => {
    const value = left.get(name);
    left.delete(name);
    return value;
  };
  const takeAll = () => {
    const all = camelCased(Object.fromEntries(left));
    left.clear();
    return all;
  };
  const args = list.split(', ').map((argument) => {
    if (argument === '{...}') return left.size > 0 ? takeAll() : undefined;
    if (argument === '[...]') return [...inputs].sort((a, b) => Number(a) - Number(b)).map(take);
    const many = argument.slice(1, -1);
    if (argument.startsWith('[')) return many.split(' ').map(take);
    if (argument.startsWith('{')) {
      return Object.fromEntries(inputs.filter((name) => name.includes(many)).map((name) => [name, take(name)]));
    }
    return take(argument.split('|').find((name) => left.has(name)) ?? argument);
  });
  const [extra] = left.keys();
  if (extra !== undefined) throw new Error(`the parity table has no place for "${extra}"`);
  return args;
}
