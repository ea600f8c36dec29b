/** Normalisation by the root of the mean square. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { type Shape, sameShape, show, wantShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { add, mul, rsqrt, square } from './elementwise/arithmetic.js';
import { mean } from './reduce.js';

export interface RmsNormOptions {
  /** Of normalizedShape. Default: ones. */
  weight?: Tensor | null | undefined;
  /** Added to the mean of squares. Default, and of null: 2^−23, which is what f32 tells from 1. */
  eps?: number | null | undefined;
}

const RMS_NORM: Known<RmsNormOptions> = { weight: 'tensor?', eps: 'number?' };

/**
 * x / √(mean(x²) + eps) · weight, the mean over the last dimensions.
 *
 * @param normalizedShape the last dimensions of x, which the weight has too
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html
 */
export function rmsNorm(x: Tensor, normalizedShape: Shape, options: RmsNormOptions = {}): Tensor {
  wantTensor('rmsNorm', 'x', x);
  const { weight, eps } = checked('rmsNorm', options, RMS_NORM);
  if (x.dtype !== 'f32') refuse(`rmsNorm: wants f32, got ${x.dtype}; cast it`);
  wantShape('rmsNorm', normalizedShape);
  if (normalizedShape.length === 0 || !sameShape(x.shape.slice(-normalizedShape.length), normalizedShape)) {
    refuse(`rmsNorm: ${show(x.shape)} does not end in ${show(normalizedShape)}`);
  }
  if (weight && !sameShape(weight.shape, normalizedShape)) {
    refuse(`rmsNorm: input ${show(x.shape)} wants weight ${show(normalizedShape)}, got ${show(weight.shape)}`);
  }
  const along = { dim: normalizedShape.map((_, d) => d - normalizedShape.length), keepdim: true };
  const normal = mul(x, rsqrt(add(mean(square(x), along), eps ?? 2 ** -23)));
  return weight ? mul(normal, weight) : normal;
}
