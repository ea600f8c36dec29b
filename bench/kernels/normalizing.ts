/** Normalisation as training runs it: forward, and all gradients. */
import type { Tensor } from 'kindling';
import { ones, tensor, zeros } from 'kindling';
import * as F from 'kindling/nn/functional';
import { uniform } from '../peers/workloads.js';
import { at, gradientOf, summed, type Workload } from './workload.js';

/** @param shape [N, C, ...] of a batch, or [rows, length] of layers */
function normalizing(kind: 'batchNorm' | 'layerNorm', shape: readonly number[]): Workload[] {
  const size = shape.reduce((product, n) => product * n);
  const [, channels = 1, ...rest] = shape;
  const inner = rest.reduce((product, n) => product * n, 1);
  return [`${kind}.${shape.join('x')}`, `${kind}Grad.${shape.join('x')}`].map((name, back) => ({
    name,
    shape: `[${shape}]`,
    flops: 0,
    // Each array once: backward reads x and g, and so does forward for a third gradient that nobody wants.
    bytes: 4 * size * (back ? 3 : 2),
    quick: true,
    prepare() {
      const values = uniform(size, 1);
      const x = tensor(values, { shape: [...shape] });
      const g = tensor(uniform(size, 2), { shape: [...shape] });
      const [weight, bias] = [ones([channels]), zeros([channels])];
      const held = [x, g, weight, bias];
      const make = (): Tensor =>
        kind === 'batchNorm'
          ? F.batchNorm(x, { weight, bias, training: true })
          : F.layerNorm(x, [channels], { weight, bias });
      if (back) {
        for (const leaf of [weight, bias]) leaf.requiresGrad_();
        return { ours: gradientOf(x.requiresGrad_(), make, g), naive: null, expected: null, held };
      }
      const place = (i: number): ((k: number) => number) => {
        if (kind === 'layerNorm') return (k) => at(values, i - (i % channels) + k);
        const first = (Math.floor(i / inner) % channels) * inner;
        return (k) => at(values, Math.floor(k / inner) * channels * inner + first + (k % inner));
      };
      const count = kind === 'layerNorm' ? channels : size / channels;
      const expected = (i: number): number => {
        const of = place(i);
        const mean = summed(count, of) / count;
        return (at(values, i) - mean) / Math.sqrt(summed(count, (k) => (of(k) - mean) ** 2) / count + 1e-5);
      };
      return { ours: make, naive: null, expected: size > 2 ** 19 ? null : expected, held };
    },
  }));
}

export const NORMALIZING: readonly Workload[] = [
  ...normalizing('batchNorm', [64, 16, 32, 32]),
  ...normalizing('batchNorm', [64, 64, 8, 8]),
  ...normalizing('batchNorm', [2, 3, 512, 512]),
  ...normalizing('layerNorm', [2048, 768]),
  ...normalizing('layerNorm', [32768, 16]),
];
