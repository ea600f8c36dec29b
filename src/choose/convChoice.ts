/** By what a convolution and its gradients are computed: a product, and how that is cut, or another way. */
import { choicesChanged } from '../gpu/choices.js';
import { type Conv2dShape, derived } from '../kernels/conv2d/shape.js';
import type { ProductSize } from '../kernels/gemm/candidates.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Part } from './tuned.js';
import { type ProductChoice, withProduct } from './variant.js';

export type { Part } from './tuned.js';

/** A convolution, and the product in the middle. */
export interface ConvSpec extends ProductChoice {
  readonly shape: Conv2dShape;
  readonly bias?: boolean;
}

/** Another way to convolve, for programs that ask for it: `useWinograd()`, `useFewChannels()`. */
export interface ConvWay {
  /** Which parts it does by default, and which (false) the tuner may try; null for shapes that it is not even tried on. */
  defaults(shape: Conv2dShape): Partial<Record<Part, boolean>> | null;
  forward?(spec: ConvSpec, x: Tensor, weight: Tensor, bias: Tensor | null, like: readonly number[]): Tensor;
  inputGrad?(spec: ConvSpec, dy: Tensor, weight: Tensor, like: readonly number[]): Tensor;
  /** [dweight, dbias?] */
  weightGrad?(spec: ConvSpec, dy: Tensor, x: Tensor, like: readonly { shape: readonly number[] }[]): Tensor[];
}

let ways: readonly ConvWay[] = [];

/** The other way for a shape, if there is one. */
export const convWay = (shape: Conv2dShape): ConvWay | undefined => ways.find((way) => way.defaults(shape));

/** Asks a way or does so no more, before all others or after them; steps that are recorded are recorded anew. */
export function useConvWay(way: ConvWay, on: boolean, last = false): void {
  const others = ways.filter((one) => one !== way);
  ways = !on ? others : last ? [...others, way] : [way, ...others];
  choicesChanged();
}

/**
 * Runs a part of a convolution by what was found fastest.
 *
 * @param spec what decides the kernel besides the choice
 * @param otherWay whether another way is the default; undefined where it is no candidate
 */
export function withConv<Spec extends { readonly shape: Conv2dShape; readonly pool?: boolean }, Result>(
  part: Part,
  spec: Spec,
  otherWay: boolean | undefined,
  run: (chosen: Spec & ProductChoice) => Result,
): Result {
  return withProduct(`conv2d.${part}`, spec, part, (choice) => run({ ...spec, ...choice }), otherWay);
}

/** The product that a part of a convolution is. Strided input gradients are one for each phase: see inputGrad.ts. */
export function convSize(part: Part, shape: Conv2dShape): ProductSize {
  const { n, h, w, kh, kw, strideH, strideW, dilationH, dilationW } = shape;
  const { oh, ow, cg, og, taps } = derived(shape);
  const one = { batches: shape.groups, outer: 1, splittable: part === 'weightGrad' };
  if (part === 'forward') return { ...one, rows: og, columns: n * oh * ow, inner: cg * taps };
  if (part === 'weightGrad') return { ...one, rows: og, columns: cg * taps, inner: n * oh * ow };
  const met = dilationH * dilationW === 1 ? Math.ceil(kh / strideH) * Math.ceil(kw / strideW) : taps;
  return {
    ...one,
    batches: shape.groups * Math.min(strideH, h) * Math.min(strideW, w),
    rows: cg,
    columns: n * Math.ceil(h / strideH) * Math.ceil(w / strideW),
    inner: og * met,
  };
}
