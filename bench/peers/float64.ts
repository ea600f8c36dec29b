/** The kernels and the training step in plain JavaScript and float64: slow, and what every library is compared with. */
import { type ConvShape, outSize } from './conv.js';

type Floats = Float32Array | Float64Array;

const at = (values: Floats, index: number): number => values[index] as number;
const addTo = (values: Float64Array, index: number, value: number): void => {
  values[index] = at(values, index) + value;
};

/** a [m, k] · b [k, n]. */
export function matmul(a: Floats, b: Floats, m: number, k: number, n: number): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const factor = at(a, i * k + l);
      for (let j = 0; j < n; j++) addTo(out, i * n + j, factor * at(b, l * n + j));
    }
  }
  return out;
}

/** Calls `row` for every row of outputs that one weight meets: where it begins in x, in y and among the weights. */
function rows(conv: ConvShape, row: (x: number, y: number, weight: number) => void): void {
  const { batch, inChannels, size, outChannels, kernel, stride } = conv;
  const out = outSize(conv);
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outChannels; o++) {
      for (let c = 0; c < inChannels; c++) {
        for (let tap = 0; tap < kernel ** 2; tap++) {
          const [i, j] = [Math.floor(tap / kernel), tap % kernel];
          for (let y = 0; y < out; y++) {
            row(
              ((n * inChannels + c) * size + y * stride + i) * size + j,
              ((n * outChannels + o) * out + y) * out,
              (o * inChannels + c) * kernel ** 2 + tap,
            );
          }
        }
      }
    }
  }
}

export function conv2d(x: Floats, weight: Floats, conv: ConvShape): Float64Array {
  const out = outSize(conv);
  const result = new Float64Array(conv.batch * conv.outChannels * out ** 2);
  rows(conv, (fromX, fromY, w) => {
    const factor = at(weight, w);
    for (let i = 0; i < out; i++) addTo(result, fromY + i, factor * at(x, fromX + i * conv.stride));
  });
  return result;
}

export function conv2dInputGrad(grad: Floats, weight: Floats, conv: ConvShape): Float64Array {
  const out = outSize(conv);
  const result = new Float64Array(conv.batch * conv.inChannels * conv.size ** 2);
  rows(conv, (fromX, fromY, w) => {
    const factor = at(weight, w);
    for (let i = 0; i < out; i++) addTo(result, fromX + i * conv.stride, factor * at(grad, fromY + i));
  });
  return result;
}

export function conv2dWeightGrad(grad: Floats, x: Floats, conv: ConvShape): Float64Array {
  const out = outSize(conv);
  const result = new Float64Array(conv.outChannels * conv.inChannels * conv.kernel ** 2);
  rows(conv, (fromX, fromY, w) => {
    let sum = 0;
    for (let i = 0; i < out; i++) sum += at(grad, fromY + i) * at(x, fromX + i * conv.stride);
    addTo(result, w, sum);
  });
  return result;
}

/** Along rows of `columns` elements. */
export function logSoftmax(x: Floats, columns: number): Float64Array {
  const result = Float64Array.from(x);
  for (let start = 0; start < x.length; start += columns) {
    const row = result.subarray(start, start + columns);
    const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const log = top + Math.log(row.reduce((sum, value) => sum + Math.exp(value - top), 0));
    row.forEach((value, i) => {
      row[i] = value - log;
    });
  }
  return result;
}

export interface AdamState {
  readonly first: Float64Array;
  readonly second: Float64Array;
  t: number;
}

export const adamState = (size: number): AdamState => ({
  first: new Float64Array(size),
  second: new Float64Array(size),
  t: 0,
});

/** Adam with the defaults of PyTorch, in place. */
export function adam(parameter: Float64Array, grad: Floats, state: AdamState, lr: number): void {
  const { first, second } = state;
  state.t++;
  const [c1, c2] = [1 - 0.9 ** state.t, 1 - 0.999 ** state.t];
  for (let i = 0; i < parameter.length; i++) {
    const g = at(grad, i);
    const m = 0.9 * at(first, i) + 0.1 * g;
    const v = 0.999 * at(second, i) + 0.001 * g * g;
    first[i] = m;
    second[i] = v;
    addTo(parameter, i, (-lr * (m / c1)) / (Math.sqrt(v / c2) + 1e-8));
  }
}
