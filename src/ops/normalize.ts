/** Normalisation over batches, layers and groups. */

import { withLanes } from '../choose/variant.js';
import { refuse } from '../gpu/errors.js';
import { checked, type Known, text, wantTensor } from '../gpu/options.js';
import {
  batchNormGradKernel,
  batchNormJoinKernel,
  batchNormKernel,
  batchNormStatsKernel,
  batchNormSumsKernel,
  walkOf,
} from '../kernels/batchNorm.js';
import { layerNormGradKernel, layerNormKernel, layerNormSumsKernel } from '../kernels/layerNorm.js';
import { zeros } from '../tensor/create.js';
import { launch, launchInto, launchMany } from '../tensor/launch.js';
import { differentiable } from '../tensor/remember.js';
import { type Shape, sameShape, show, sizeOf, wantShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { expand, reshape } from './broadcast.js';
import { add, mul, rsqrt, square, sub } from './elementwise/arithmetic.js';
import { inParts, splitsOf } from './inParts.js';
import { increment_ } from './inPlace.js';
import { mean } from './reduce.js';

type Vector = Tensor | null | undefined;

function checkVectors(op: string, x: Tensor, shape: Shape, vectors: Readonly<Record<string, Vector>>): void {
  for (const [name, vector] of Object.entries(vectors)) {
    if (!vector || sameShape(vector.shape, shape)) continue;
    refuse(`${op}: input ${show(x.shape)} wants ${name} ${show(shape)}, got ${show(vector.shape)}`);
  }
}

export interface BatchNormOptions {
  /** [C]; used in evaluation, and updated in place while training. */
  runningMean?: Tensor | null | undefined;
  /** [C]; the unbiased variance. */
  runningVar?: Tensor | null | undefined;
  /** [C]; default ones. */
  weight?: Tensor | null | undefined;
  /** [C]; default zeros. */
  bias?: Tensor | null | undefined;
  /** Statistics of this batch, or the running ones. Default: false. */
  training?: boolean | undefined;
  /** Share of this batch in the running statistics. Default: 0.1. */
  momentum?: number | undefined;
  /** Added to the variance. Default: 1e-5. */
  eps?: number | undefined;
}

const STATISTICS: Known<Omit<BatchNormOptions, 'training'>> = {
  runningMean: 'tensor?',
  runningVar: 'tensor?',
  weight: 'tensor?',
  bias: 'tensor?',
  momentum: 'number',
  eps: 'number',
};
const BATCH_NORM: Known<BatchNormOptions> = { ...STATISTICS, training: 'boolean' };

/**
 * Every channel with mean 0 and variance 1 over batch and pixels, then scaled and shifted.
 *
 * @param x [N, C] or [N, C, d...]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
 */
export const batchNorm = (x: Tensor, options: BatchNormOptions = {}): Tensor => countedBatchNorm(x, options, null);

/** @internal As {@link batchNorm}, and adds 1 to a counter of batches. */
export function countedBatchNorm(x: Tensor, options: BatchNormOptions, counter: Tensor | null): Tensor {
  wantTensor('batchNorm', 'x', x);
  const {
    runningMean,
    runningVar,
    weight,
    bias,
    training = false,
    momentum = 0.1,
    eps = 1e-5,
  } = checked('batchNorm', options, BATCH_NORM);
  const [n = 0, channels = 0, ...rest] = x.shape;
  const inner = sizeOf(rest);
  if (x.dtype !== 'f32' || x.ndim < 2) {
    refuse(`batchNorm: wants f32 of shape [N, C] or [N, C, ...], got ${x.dtype} ${show(x.shape)}`);
  }
  checkVectors('batchNorm', x, [channels], { runningMean, runningVar, weight, bias });
  if (training && n * inner === 1) {
    refuse(`batchNorm: training wants more than one value per channel, got ${show(x.shape)}`);
  }
  const spec = n * inner > 0 ? { n, channels, inner } : { n: 0, channels, inner: 1 };
  const { count, plane } = walkOf(spec);
  const [outer, across] = plane === 1 ? [1, channels] : [channels, 1];
  const walk = { outer, length: count, inner: across };
  let means: Tensor;
  let variances: Tensor;
  if (training) {
    // Of no values there are no statistics: what the gradients are made of reads zeros.
    const statistic = () => (spec.n > 0 ? new Tensor([channels]) : zeros([channels]));
    [means, variances] = [statistic(), statistic()];
    const running = runningMean && runningVar ? [runningMean, runningVar] : [];
    const found = [means, variances, ...running, ...(counter ? [counter] : [])];
    const kept = running.length > 0 ? momentum : null;
    if (spec.n > 0) {
      withLanes('batchNorm.statistics', walk, (lanes) => {
        const splits = splitsOf(channels, count, lanes);
        const cut = { ...spec, lanes, splits, momentum: kept, counts: counter !== null };
        if (splits === 1) return launchInto(batchNormStatsKernel(cut), [x], found);
        const part = { shape: [splits, channels] };
        launchInto(batchNormJoinKernel(cut), [x, ...launchMany(batchNormStatsKernel(cut), [x], [part, part])], found);
      });
    } else if (counter) increment_(counter);
  } else {
    if (!runningMean || !runningVar) {
      refuse('batchNorm: evaluation wants runningMean and runningVar; or pass training: true');
    }
    [means, variances] = [runningMean, runningVar];
  }
  const affine = { ...spec, eps, weighted: Boolean(weight) };
  const scale = weight ? [weight] : [];
  const kernel = batchNormKernel({ ...affine, biased: Boolean(bias) });
  const y = launch(kernel, [x, means, variances, ...scale, ...(bias ? [bias] : [])], x.shape);
  const fused = (g: Tensor) => {
    const sums =
      training || weight?.requiresGrad || bias?.requiresGrad
        ? withLanes('batchNorm.sums', walk, (lanes) =>
            inParts('batchNorm.sums', { rows: channels, length: count, lanes }, [means, means], (splits, shapes) =>
              launchMany(batchNormSumsKernel({ ...spec, lanes, splits, eps }), [x, means, variances, g], shapes),
            ),
          )
        : [];
    const gradKernel = batchNormGradKernel({ ...affine, training });
    const inputs = training ? [x, means, variances, g, ...sums, ...scale] : [variances, g, ...scale];
    const dx = x.requiresGrad ? launch(gradKernel, inputs, x.shape) : null;
    const [dw = null, db = null] = sums;
    return [dx, ...(weight ? [dw] : []), ...(bias ? [db] : [])];
  };
  const attributes = { weight, bias, means, variances, training, eps };
  const inOps = (t: Tensor, ...vectors: Tensor[]): Tensor => {
    const column = (vector: Tensor) => reshape(vector, [channels, ...rest.map(() => 1)]);
    const dims = x.shape.flatMap((_, d) => (d === 1 ? [] : [d]));
    const centred = sub(t, training ? mean(t, { dim: dims, keepdim: true }) : column(means));
    const spread = training ? mean(square(centred), { dim: dims, keepdim: true }) : column(variances);
    return affinely(mul(centred, rsqrt(add(spread, eps))), vectors.map(column), Boolean(weight));
  };
  return differentiable('batchNorm', [x, ...scale, ...(bias ? [bias] : [])], y, { inOps, fused }, attributes);
}

/** @internal Scaled and shifted by what there is: a weight, a bias, both or none. */
export function affinely(x: Tensor, vectors: readonly Tensor[], weighted: boolean): Tensor {
  const [scale, shift] = weighted ? vectors : [undefined, ...vectors];
  const scaled = scale ? mul(x, scale) : x;
  return shift ? add(scaled, shift) : scaled;
}

export interface InstanceNormOptions extends Omit<BatchNormOptions, 'training'> {
  /** Statistics of each image, or the running ones. Default: true. */
  useInputStats?: boolean | undefined;
}

const INSTANCE_NORM: Known<InstanceNormOptions> = { ...STATISTICS, useInputStats: 'boolean' };

/**
 * Every channel of every image with mean 0 and variance 1 over its pixels, then scaled and shifted: {@link batchNorm} of
 * which each image is a batch of its own. Running statistics take the mean of the images'.
 *
 * @param x [N, C, d...]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html
 */
export function instanceNorm(x: Tensor, options: InstanceNormOptions = {}): Tensor {
  wantTensor('instanceNorm', 'x', x);
  const {
    runningMean,
    runningVar,
    weight,
    bias,
    useInputStats = true,
    momentum,
    eps,
  } = checked('instanceNorm', options, INSTANCE_NORM);
  const [n = 0, channels = 0, ...rest] = x.shape;
  if (x.ndim < 3 || (useInputStats && sizeOf(rest) === 1)) {
    refuse(`instanceNorm: wants [N, C, ...] with more than one value per channel, got ${show(x.shape)}`);
  }
  checkVectors('instanceNorm', x, [channels], { runningMean, runningVar, weight, bias });
  const perImage = (vector: Vector): Tensor | null =>
    vector ? reshape(expand(vector, [n, channels]), [n * channels]) : null;
  const [means, variances] = [perImage(runningMean), perImage(runningVar)];
  const y = batchNorm(reshape(x, [1, n * channels, ...rest]), {
    runningMean: means,
    runningVar: variances,
    weight: perImage(weight),
    bias: perImage(bias),
    training: useInputStats,
    ...(momentum === undefined ? {} : { momentum }),
    ...(eps === undefined ? {} : { eps }),
  });
  if (useInputStats && means && variances && x.size > 0) {
    runningMean?.copy_(mean(reshape(means, [n, channels]), { dim: 0 }));
    runningVar?.copy_(mean(reshape(variances, [n, channels]), { dim: 0 }));
  }
  return reshape(y, x.shape);
}

export interface AffineOptions {
  /** Default: ones. */
  weight?: Tensor | null | undefined;
  /** Default: zeros. */
  bias?: Tensor | null | undefined;
  /** Added to the variance. Default: 1e-5. */
  eps?: number | undefined;
}

const AFFINE: Known<AffineOptions> = { weight: 'tensor?', bias: 'tensor?', eps: 'number' };

/**
 * Mean 0 and variance 1 over the last dimensions, then scaled and shifted.
 *
 * @param normalizedShape the last dimensions of x, which weight and bias have too
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
 */
export function layerNorm(x: Tensor, normalizedShape: Shape, options: AffineOptions = {}): Tensor {
  wantTensor('layerNorm', 'x', x);
  const { weight, bias, eps = 1e-5 } = checked('layerNorm', options, AFFINE);
  if (x.dtype !== 'f32') refuse(`layerNorm: wants f32, got ${x.dtype}; cast it`);
  wantShape('layerNorm', normalizedShape);
  if (normalizedShape.length === 0 || !sameShape(x.shape.slice(-normalizedShape.length), normalizedShape)) {
    refuse(`layerNorm: ${show(x.shape)} does not end in ${show(normalizedShape)}`);
  }
  checkVectors('layerNorm', x, normalizedShape, { weight, bias });
  const length = sizeOf(normalizedShape);
  const spec = { rows: length === 0 ? 0 : x.size / length, length };
  const scale = weight ? [weight] : [];
  const shift = bias ? [bias] : [];
  const walk = { outer: spec.rows, length, inner: 1 };
  const [y, means, scales] = withLanes('layerNorm', walk, (lanes) =>
    launchMany(
      layerNormKernel({ ...spec, lanes, eps, weighted: Boolean(weight), biased: Boolean(bias) }),
      [x, ...scale, ...shift],
      [x, { shape: [spec.rows] }, { shape: [spec.rows] }],
    ),
  );
  const gradient = (g: Tensor): Tensor =>
    withLanes('layerNorm.grad', walk, (lanes) => {
      const kernel = layerNormGradKernel({ ...spec, lanes, weighted: Boolean(weight) });
      return launch(kernel, [x, means, scales, g, ...scale], x.shape);
    });
  const fused = (g: Tensor) => {
    const dx = x.requiresGrad ? gradient(g) : null;
    if (!weight?.requiresGrad && !bias?.requiresGrad) return [dx];
    const shape = { shape: normalizedShape };
    const [dw = null, db = null] = withLanes(
      'layerNorm.sums',
      { outer: 1, length: spec.rows, inner: length },
      (lanes) =>
        inParts('layerNorm.sums', { rows: length, length: spec.rows, lanes }, [shape, shape], (splits, shapes) =>
          launchMany(layerNormSumsKernel({ ...spec, lanes, splits }), [x, means, scales, g], shapes),
        ),
    );
    return [dx, ...(weight ? [dw] : []), ...(bias ? [db] : [])];
  };
  const inOps = (t: Tensor, ...vectors: Tensor[]): Tensor => {
    const along = { dim: normalizedShape.map((_, d) => d - normalizedShape.length), keepdim: true };
    const centred = sub(t, mean(t, along));
    return affinely(mul(centred, rsqrt(add(mean(square(centred), along), eps))), vectors, Boolean(weight));
  };
  const attributes = { weight, bias, normalizedShape, eps };
  return differentiable('layerNorm', [x, ...scale, ...shift], y, { inOps, fused }, attributes);
}

/**
 * Mean 0 and variance 1 over groups of channels of each image, then scaled and shifted per channel.
 *
 * @param x [N, C, ...]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html
 */
export function groupNorm(x: Tensor, numGroups: number, options: AffineOptions = {}): Tensor {
  wantTensor('groupNorm', 'x', x);
  const { weight, bias, eps = 1e-5 } = checked('groupNorm', options, AFFINE);
  const [n = 0, channels = 0, ...rest] = x.shape;
  if (x.ndim < 2 || !Number.isInteger(numGroups) || numGroups < 1 || channels % numGroups !== 0) {
    refuse(`groupNorm: ${text(numGroups)} groups do not divide the channels of ${show(x.shape)}`);
  }
  checkVectors('groupNorm', x, [channels], { weight, bias });
  const length = (channels / numGroups) * sizeOf(rest);
  const normal = reshape(layerNorm(reshape(x, [n * numGroups, length]), [length], { eps }), x.shape);
  const column = [channels, ...rest.map(() => 1)];
  const scaled = weight ? mul(normal, reshape(weight, column)) : normal;
  return bias ? add(scaled, reshape(bias, column)) : scaled;
}
