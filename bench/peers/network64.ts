/** Training steps of the study's network in float64: the losses that every library has to give. */

import type { ConvShape } from './conv.js';
import * as float64 from './float64.js';
import type { TrainingData } from './training.js';

/** aᵀ [columns, rows] of a [rows, columns]. */
const transpose = (a: Float64Array, rows: number, columns: number): Float64Array =>
  Float64Array.from(a, (_, i) => a[(i % rows) * columns + Math.floor(i / rows)] as number);

/** Adds one value per channel, then ReLU where asked; `places` values of a channel lie together. */
function biasAndRelu(y: Float64Array, bias: Float64Array, places: number, relu: boolean): Float64Array {
  return y.map((value, i) => {
    const sum = value + (bias[Math.floor(i / places) % bias.length] as number);
    return relu ? Math.max(sum, 0) : sum;
  });
}

function biasGrad(grad: Float64Array, channels: number, places: number): Float64Array {
  const result = new Float64Array(channels);
  grad.forEach((value, i) => {
    const channel = Math.floor(i / places) % channels;
    result[channel] = (result[channel] as number) + value;
  });
  return result;
}

const masked = (grad: Float64Array, y: Float64Array): Float64Array =>
  grad.map((g, i) => ((y[i] as number) > 0 ? g : 0));

/** Largest of each 2×2 window of maps of `size`², and where each lies. */
function maxPool(x: Float64Array, maps: number, size: number): { y: Float64Array; from: Int32Array } {
  const out = Math.floor(size / 2);
  const y = new Float64Array(maps * out ** 2);
  const from = new Int32Array(y.length);
  for (let i = 0; i < y.length; i++) {
    const [map, row, column] = [Math.floor(i / out ** 2), Math.floor(i / out) % out, i % out];
    const corner = map * size ** 2 + row * 2 * size + column * 2;
    let best = corner;
    for (const place of [corner + 1, corner + size, corner + size + 1])
      if ((x[place] as number) > (x[best] as number)) best = place;
    y[i] = x[best] as number;
    from[i] = best;
  }
  return { y, from };
}

function unpool(grad: Float64Array, from: Int32Array, size: number): Float64Array {
  const result = new Float64Array(size);
  grad.forEach((value, i) => {
    result[from[i] as number] = value;
  });
  return result;
}

/** The losses of the first `steps` steps: batches in order, Adam with lr 1e-3. */
export function float64Losses(data: TrainingData, batch: number, steps: number): number[] {
  const parameters = data.weights.map((weight) => Float64Array.from(weight));
  const states = parameters.map(({ length }) => float64.adamState(length));
  const losses: number[] = [];
  for (let t = 0; t < steps; t++) {
    const { images, labels } = data.batch(t, batch);
    const { loss, grads } = lossAndGrads(parameters, Float64Array.from(images), labels, batch);
    losses.push(loss);
    parameters.forEach((parameter, i) => {
      float64.adam(parameter, grads[i] as Float64Array, states[i] as float64.AdamState, 1e-3);
    });
  }
  return losses;
}

type Ten<T> = [T, T, T, T, T, T, T, T, T, T];

function lossAndGrads(parameters: Float64Array[], x: Float64Array, labels: Int32Array, batch: number) {
  const [w1, b1, w2, b2, w3, b3, w4, b4, w5, b5] = parameters as Ten<Float64Array>;
  const conv = (inChannels: number, size: number, outChannels: number): ConvShape => {
    return { batch, inChannels, size, outChannels, kernel: 3, stride: 1 };
  };
  const [c1, c2, c3] = [conv(3, 32, 32), conv(32, 15, 64), conv(64, 6, 64)];
  const y1 = biasAndRelu(float64.conv2d(x, w1, c1), b1, 900, true);
  const p1 = maxPool(y1, batch * 32, 30);
  const y2 = biasAndRelu(float64.conv2d(p1.y, w2, c2), b2, 169, true);
  const p2 = maxPool(y2, batch * 64, 13);
  const y3 = biasAndRelu(float64.conv2d(p2.y, w3, c3), b3, 16, true);
  const y4 = biasAndRelu(float64.matmul(y3, transpose(w4, 64, 1024), batch, 1024, 64), b4, 1, true);
  const logits = biasAndRelu(float64.matmul(y4, transpose(w5, 10, 64), batch, 64, 10), b5, 1, false);
  const logs = float64.logSoftmax(logits, 10);
  let loss = 0;
  labels.forEach((label, n) => {
    loss -= (logs[n * 10 + label] as number) / batch;
  });

  const g5 = logs.map((log, i) => (Math.exp(log) - (labels[Math.floor(i / 10)] === i % 10 ? 1 : 0)) / batch);
  const g4 = masked(float64.matmul(g5, w5, batch, 10, 64), y4);
  const g3 = masked(float64.matmul(g4, w4, batch, 64, 1024), y3);
  const q2 = unpool(float64.conv2dInputGrad(g3, w3, c3), p2.from, y2.length);
  const g2 = masked(q2, y2);
  const g1 = masked(unpool(float64.conv2dInputGrad(g2, w2, c2), p1.from, y1.length), y1);
  const grads = [
    float64.conv2dWeightGrad(g1, x, c1),
    biasGrad(g1, 32, 900),
    float64.conv2dWeightGrad(g2, p1.y, c2),
    biasGrad(g2, 64, 169),
    float64.conv2dWeightGrad(g3, p2.y, c3),
    biasGrad(g3, 64, 16),
    float64.matmul(transpose(g4, batch, 64), y3, 64, batch, 1024),
    biasGrad(g4, 64, 1),
    float64.matmul(transpose(g5, batch, 10), y4, 10, batch, 64),
    biasGrad(g5, 10, 1),
  ];
  return { loss, grads };
}
