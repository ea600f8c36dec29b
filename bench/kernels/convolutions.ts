/** Convolutions and their gradients. */
import { type Tensor, tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { type ConvShape, outSize } from '../peers/conv.js';
import { uniform } from '../peers/workloads.js';
import * as naive from './naive.js';
import { at, type Floats, gradientOf, summed, type Workload } from './workload.js';

/** Outputs in float64, one at a time. */
const convolution = {
  conv2dForward: ({ inChannels, size, outChannels, kernel, stride, ...rest }: ConvShape, x: Floats, w: Floats) => {
    const out = outSize({ inChannels, size, outChannels, kernel, stride, ...rest });
    return (i: number): number => {
      const [column, row] = [i % out, Math.floor(i / out) % out];
      const [o, n] = [Math.floor(i / out ** 2) % outChannels, Math.floor(i / out ** 2 / outChannels)];
      return summed(inChannels * kernel ** 2, (k) => {
        const [q, p, c] = [k % kernel, Math.floor(k / kernel) % kernel, Math.floor(k / kernel ** 2)];
        const from = ((n * inChannels + c) * size + row * stride + p) * size + column * stride + q;
        return at(x, from) * at(w, o * inChannels * kernel ** 2 + k);
      });
    };
  },
  conv2dInputGrad: (conv: ConvShape, g: Floats, w: Floats) => {
    const { inChannels, size, outChannels, kernel, stride } = conv;
    const out = outSize(conv);
    return (i: number): number => {
      const [column, row] = [i % size, Math.floor(i / size) % size];
      const [c, n] = [Math.floor(i / size ** 2) % inChannels, Math.floor(i / size ** 2 / inChannels)];
      return summed(outChannels * kernel ** 2, (k) => {
        const [q, p, o] = [k % kernel, Math.floor(k / kernel) % kernel, Math.floor(k / kernel ** 2)];
        const [r, s] = [(row - p) / stride, (column - q) / stride];
        if (r < 0 || s < 0 || r >= out || s >= out || r % 1 !== 0 || s % 1 !== 0) return 0;
        const weight = at(w, ((o * inChannels + c) * kernel + p) * kernel + q);
        return at(g, ((n * outChannels + o) * out + r) * out + s) * weight;
      });
    };
  },
  conv2dWeightGrad: (conv: ConvShape, g: Floats, x: Floats) => {
    const { batch, inChannels, size, outChannels, kernel, stride } = conv;
    const out = outSize(conv);
    return (i: number): number => {
      const [q, p] = [i % kernel, Math.floor(i / kernel) % kernel];
      const [c, o] = [Math.floor(i / kernel ** 2) % inChannels, Math.floor(i / kernel ** 2 / inChannels)];
      return summed(batch * out ** 2, (k) => {
        const [s, r, n] = [k % out, Math.floor(k / out) % out, Math.floor(k / out ** 2)];
        const from = ((n * inChannels + c) * size + r * stride + p) * size + s * stride + q;
        return at(g, ((n * outChannels + o) * out + r) * out + s) * at(x, from);
      });
    };
  },
};

export function convolutions(conv: ConvShape, suffix: string, quick = false): Workload[] {
  const { batch, inChannels, size, outChannels, kernel, stride } = conv;
  const out = outSize(conv);
  const sizes = {
    x: batch * inChannels * size ** 2,
    w: outChannels * inChannels * kernel ** 2,
    g: batch * outChannels * out ** 2,
  };
  const shape = `[${[batch, inChannels, size, size]}]×[${[outChannels, inChannels, kernel, kernel]}]${stride > 1 ? ` stride ${stride}` : ''}`;
  return (['conv2dForward', 'conv2dInputGrad', 'conv2dWeightGrad'] as const).map((name) => ({
    name: suffix ? `${name}.${suffix}` : name,
    shape,
    flops: 2 * sizes.g * inChannels * kernel ** 2,
    bytes: 4 * (sizes.x + sizes.w + sizes.g),
    quick,
    prepare() {
      const data = { x: uniform(sizes.x, 1), w: uniform(sizes.w, 2), g: uniform(sizes.g, 3) };
      const x = tensor(data.x, { shape: [batch, inChannels, size, size] });
      const w = tensor(data.w, { shape: [outChannels, inChannels, kernel, kernel] });
      const g = tensor(data.g, { shape: [batch, outChannels, out, out] });
      const held = [x, w, g];
      const forward = (): Tensor => F.conv2d(x, w, null, { stride });
      const check = convolution[name];
      if (name === 'conv2dForward') {
        const source = naive.conv2dForward(conv);
        return {
          ours: forward,
          naive: { source, inputs: [x, w], more: [] },
          expected: check(conv, data.x, data.w),
          held,
        };
      }
      const [wanted, other] = name === 'conv2dInputGrad' ? [x, w] : [w, x];
      return {
        ours: gradientOf(wanted.requiresGrad_(), forward, g),
        naive: {
          source: name === 'conv2dInputGrad' ? naive.conv2dInputGrad(conv) : naive.conv2dWeightGrad(conv),
          inputs: [g, other],
          more: [],
        },
        expected: check(conv, data.g, wanted === x ? data.w : data.x),
        held,
      };
    },
  }));
}
