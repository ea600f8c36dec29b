/** Depthwise convolutions of 3 × 3 windows, padded by 1, and their gradients. */
import { type Tensor, tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { uniform } from '../peers/workloads.js';
import type { DepthwiseShape } from './naive.js';
import * as naive from './naive.js';
import { at, type Floats, gradientOf, summed, type Workload } from './workload.js';

const TAPS = 9;

/** Outputs in float64, one at a time. `turned`: windows are, as for the input gradient. */
function across({ channels, size }: DepthwiseShape, x: Floats, w: Floats, turned: boolean) {
  return (i: number): number => {
    const [column, row, c] = [i % size, Math.floor(i / size) % size, Math.floor(i / size ** 2) % channels];
    return summed(TAPS, (tap) => {
      const [y, q] = [row + Math.floor(tap / 3) - 1, column + (tap % 3) - 1];
      if (y < 0 || q < 0 || y >= size || q >= size) return 0;
      return at(x, i + (y - row) * size + q - column) * at(w, c * TAPS + (turned ? TAPS - 1 - tap : tap));
    });
  };
}

/** The same of weight gradients. */
function overImages({ batch, channels, size }: DepthwiseShape, g: Floats, x: Floats) {
  return (i: number): number => {
    const [tap, c] = [i % TAPS, Math.floor(i / TAPS)];
    return summed(batch * size ** 2, (k) => {
      const [column, row] = [k % size, Math.floor(k / size) % size];
      const [y, q] = [row + Math.floor(tap / 3) - 1, column + (tap % 3) - 1];
      if (y < 0 || q < 0 || y >= size || q >= size) return 0;
      const plane = (Math.floor(k / size ** 2) * channels + c) * size ** 2;
      return at(g, plane + row * size + column) * at(x, plane + y * size + q);
    });
  };
}

export function depthwise(conv: DepthwiseShape): Workload[] {
  const { batch, channels, size } = conv;
  const elements = batch * channels * size ** 2;
  return (['Forward', 'InputGrad', 'WeightGrad'] as const).map((part) => ({
    name: `depthwise${part}`,
    shape: `[${[batch, channels, size, size]}]×[${[channels, 1, 3, 3]}] padding 1`,
    flops: 2 * elements * TAPS,
    bytes: 4 * (2 * elements + channels * TAPS),
    quick: true,
    prepare() {
      const data = { x: uniform(elements, 1), w: uniform(channels * TAPS, 2), g: uniform(elements, 3) };
      const [x, g] = [data.x, data.g].map((one) => tensor(one, { shape: [batch, channels, size, size] })) as [
        Tensor,
        Tensor,
      ];
      const w = tensor(data.w, { shape: [channels, 1, 3, 3] });
      const forward = (): Tensor => F.conv2d(x, w, null, { padding: 1, groups: channels });
      const held = [x, w, g];
      if (part === 'WeightGrad') {
        const source = naive.depthwiseWeightGrad(conv);
        return {
          ours: gradientOf(w.requiresGrad_(), forward, g),
          naive: { source, inputs: [x, g], more: [] },
          expected: overImages(conv, data.g, data.x),
          held,
        };
      }
      const turned = part === 'InputGrad';
      return {
        ours: turned ? gradientOf(x.requiresGrad_(), forward, g) : forward,
        naive: { source: naive.depthwise(conv, turned), inputs: [turned ? g : x, w], more: [] },
        expected: across(conv, turned ? data.g : data.x, data.w, turned),
        held,
      };
    },
  }));
}
