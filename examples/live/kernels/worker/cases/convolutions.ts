/** Convolutions and their gradients, of square planes and windows. */
import { type Tensor, tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { type Exact, summed, uniform } from '../../shared/exact.js';
import { at, type Floats, gradientOf, type Prepare } from '../case.js';

export interface Convolution {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly size: number;
  readonly window: number;
  readonly stride: number;
  readonly padding: number;
  readonly groups: number;
}

export const outSize = ({ size, window, stride, padding }: Convolution): number =>
  Math.floor((size + 2 * padding - window) / stride) + 1;

/** y[n, o, r, s] = Σ x[n, c, r stride + p - padding, s stride + q - padding] w[o, c, p, q], c being of o's group. */
export function forward(conv: Convolution, x: Floats, w: Floats): (i: number) => Exact {
  const { inChannels, outChannels, size, window, stride, padding, groups } = conv;
  const [out, depth] = [outSize(conv), inChannels / groups];
  return (i) => {
    const [s, r] = [i % out, Math.floor(i / out) % out];
    const [o, n] = [Math.floor(i / out ** 2) % outChannels, Math.floor(i / out ** 2 / outChannels)];
    const first = Math.floor(o / (outChannels / groups)) * depth;
    return summed(depth * window ** 2, (k) => {
      const [q, p, c] = [k % window, Math.floor(k / window) % window, Math.floor(k / window ** 2)];
      const [row, column] = [r * stride + p - padding, s * stride + q - padding];
      if (row < 0 || column < 0 || row >= size || column >= size) return 0;
      return at(x, ((n * inChannels + first + c) * size + row) * size + column) * at(w, o * depth * window ** 2 + k);
    });
  };
}

/** dx[n, c, row, column] = Σ g[n, o, r, s] w[o, c, p, q], of all windows that saw the place. One group. */
export function inputGrad(conv: Convolution, g: Floats, w: Floats): (i: number) => Exact {
  const { inChannels, outChannels, size, window, stride, padding } = conv;
  const out = outSize(conv);
  return (i) => {
    const [column, row] = [i % size, Math.floor(i / size) % size];
    const [c, n] = [Math.floor(i / size ** 2) % inChannels, Math.floor(i / size ** 2 / inChannels)];
    return summed(outChannels * window ** 2, (k) => {
      const [q, p, o] = [k % window, Math.floor(k / window) % window, Math.floor(k / window ** 2)];
      const [r, s] = [(row + padding - p) / stride, (column + padding - q) / stride];
      if (r < 0 || s < 0 || r >= out || s >= out || r % 1 !== 0 || s % 1 !== 0) return 0;
      const weight = at(w, ((o * inChannels + c) * window + p) * window + q);
      return at(g, ((n * outChannels + o) * out + r) * out + s) * weight;
    });
  };
}

/** dw[o, c, p, q] = Σ g[n, o, r, s] x[n, c, r stride + p - padding, s stride + q - padding]. One group. */
export function weightGrad(conv: Convolution, images: number, g: Floats, x: Floats): (i: number) => Exact {
  const { inChannels, outChannels, size, window, stride, padding } = conv;
  const out = outSize(conv);
  return (i) => {
    const [q, p] = [i % window, Math.floor(i / window) % window];
    const [c, o] = [Math.floor(i / window ** 2) % inChannels, Math.floor(i / window ** 2 / inChannels)];
    return summed(images * out ** 2, (k) => {
      const [s, r, n] = [k % out, Math.floor(k / out) % out, Math.floor(k / out ** 2)];
      const [row, column] = [r * stride + p - padding, s * stride + q - padding];
      if (row < 0 || column < 0 || row >= size || column >= size) return 0;
      const value = at(x, ((n * inChannels + c) * size + row) * size + column);
      return at(g, ((n * outChannels + o) * out + r) * out + s) * value;
    });
  };
}

type Part = 'forward' | 'inputGrad' | 'weightGrad';

const convolution =
  (conv: Convolution, part: Part): Prepare =>
  (images, seed) => {
    const { inChannels, outChannels, size, window, stride, padding, groups } = conv;
    const [out, depth] = [outSize(conv), inChannels / groups];
    const [xs, ws, ys] = [
      [images, inChannels, size, size],
      [outChannels, depth, window, window],
      [images, outChannels, out, out],
    ] as const;
    const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b);
    const [x, w, g] = [uniform(count(xs), seed), uniform(count(ws), seed + 1), uniform(count(ys), seed + 2)];
    const input = tensor(x, { shape: [...xs] });
    const weight = tensor(w, { shape: [...ws] });
    const above = tensor(g, { shape: [...ys] });
    const run = (): Tensor => F.conv2d(input, weight, null, { stride, padding, groups });
    const wanted = part === 'inputGrad' ? input : weight;
    return {
      shape: `[${xs.join(', ')}] × [${ws.join(', ')}]${stride > 1 ? `, stride ${stride}` : ''}`,
      flops: 2 * count(ys) * depth * window ** 2,
      bytes: 4 * (x.length + w.length + g.length),
      run: part === 'forward' ? run : gradientOf(wanted.requiresGrad_(), run, above),
      expected: {
        forward: forward(conv, x, w),
        inputGrad: inputGrad(conv, g, w),
        weightGrad: weightGrad(conv, images, g, x),
      }[part],
      held: [input, weight, above],
    };
  };

const three = { inChannels: 32, outChannels: 64, size: 16, window: 3, stride: 1, padding: 1, groups: 1 };
const five = { inChannels: 16, outChannels: 32, size: 28, window: 5, stride: 2, padding: 2, groups: 1 };
const plane = { inChannels: 64, outChannels: 64, size: 14, window: 3, stride: 1, padding: 1, groups: 64 };

export const CONVOLUTIONS = {
  conv2d: convolution(three, 'forward'),
  conv2dInputGrad: convolution(three, 'inputGrad'),
  conv2dWeightGrad: convolution(three, 'weightGrad'),
  conv2dStrided: convolution(five, 'forward'),
  depthwise: convolution(plane, 'forward'),
};
