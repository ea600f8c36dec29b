/** By what a convolution and its gradients are computed: Winograd's filtering or a product, and how that is cut. */
import { adapter } from '../gpu/device.js';
import { type Conv2dShape, derived } from '../kernels/conv2d/shape.js';
import { winogradFits, winogradWins } from '../kernels/conv2d/winograd.js';
import { type ProductChoice, withProduct } from './variant.js';

type Part = 'forward' | 'inputGrad' | 'weightGrad';

/** Which parts Winograd's filtering does by default; null where it is not even tried: with few channels, for its memory. */
export const winogradDefaults = (shape: Conv2dShape): Record<Part, boolean> | null =>
  winogradFits(shape) && Math.min(shape.c, shape.o) >= 64 ? winogradWins(shape, adapter().isSoftware) : null;

/**
 * Runs a part of a convolution by what was found fastest.
 *
 * @param spec what decides the kernel besides the choice, the shape included
 * @param winograd whether Winograd's filtering is the default; undefined where it is no candidate
 */
export function withConv<Result>(
  part: Part,
  shape: Conv2dShape,
  spec: Readonly<Record<string, unknown>>,
  winograd: boolean | undefined,
  run: (choice: ProductChoice) => Result,
): Result {
  const { oh, ow, cg, og, taps } = derived(shape);
  const outputs = spec.pool ? shape.n * (oh >> 1) * (ow >> 1) * 4 : shape.n * oh * ow;
  const [rows, columns, inner] = {
    forward: [og, outputs, cg * taps] as const,
    inputGrad: [cg, shape.n * shape.h * shape.w, og * taps] as const,
    weightGrad: [og, cg * taps, outputs] as const,
  }[part];
  const size = { batches: shape.groups, rows, columns, outer: 1, inner, splittable: part === 'weightGrad' };
  return withProduct(`conv2d.${part}`, spec, size, run, winograd);
}
