/** Normalisation by the root of the mean square. */
import { withLanes } from '../choose/variant.js';
import { refuse } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { SUM } from '../kernels/reduce.js';
import { rmsNormGradKernel, rmsNormKernel, rmsNormSumsKernel } from '../kernels/rmsNorm.js';
import { launch, launchMany } from '../tensor/launch.js';
import { differentiable } from '../tensor/remember.js';
import { type Shape, sameShape, show, sizeOf, wantShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { reduce } from './broadcast.js';
import { add, mul, rsqrt, square } from './elementwise/arithmetic.js';
import { splitsOf } from './inParts.js';
import { affinely } from './normalize.js';
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
  const length = sizeOf(normalizedShape);
  const spec = { rows: length === 0 ? 0 : x.size / length, length, weighted: Boolean(weight) };
  const about = eps ?? 2 ** -23;
  const scale = weight ? [weight] : [];
  const walk = { outer: spec.rows, length, inner: 1 };
  const [y, scales] = withLanes('rmsNorm', walk, (lanes) =>
    launchMany(rmsNormKernel({ ...spec, lanes, eps: about }), [x, ...scale], [x, { shape: [spec.rows] }]),
  );
  const byX = (g: Tensor): Tensor =>
    withLanes('rmsNorm.grad', walk, (lanes) =>
      launch(rmsNormGradKernel({ ...spec, lanes }), [x, scales, g, ...scale], x.shape),
    );
  const byWeight = (g: Tensor): Tensor =>
    withLanes('rmsNorm.sums', { outer: 1, length: spec.rows, inner: length }, (lanes) => {
      const splits = splitsOf(length, spec.rows, lanes);
      const kernel = rmsNormSumsKernel({ rows: spec.rows, length, lanes, splits });
      if (splits === 1) return launch(kernel, [x, scales, g], normalizedShape);
      return reduce(SUM, launch(kernel, [x, scales, g], [splits, length]), [0], normalizedShape);
    });
  const fused = (g: Tensor) => [
    x.requiresGrad ? byX(g) : null,
    ...(weight ? [weight.requiresGrad ? byWeight(g) : null] : []),
  ];
  const inOps = (t: Tensor, ...vectors: Tensor[]): Tensor => {
    const along = { dim: normalizedShape.map((_, d) => d - normalizedShape.length), keepdim: true };
    return affinely(mul(t, rsqrt(add(mean(square(t), along), about))), vectors, Boolean(weight));
  };
  const attributes = { weight, normalizedShape, eps: about };
  return differentiable('rmsNorm', [x, ...scale], y, { inOps, fused }, attributes);
}
