/** Pooling over windows of an image. */

import { refuse } from '../gpu/errors.js';
import { atMost, checked, extended, type Known, required, wantTensor } from '../gpu/options.js';
import { type AvgPoolSpec, avgPoolGradKernel, avgPoolKernel } from '../kernels/avgPool.js';
import { maxPoolAgainKernel, maxPoolGradKernel, maxPoolKernel, type PoolAxis, type PoolSpec } from '../kernels/pool.js';
import { launch, launchMany } from '../tensor/launch.js';
import { isMarked, mark } from '../tensor/rectified.js';
import { differentiable, stepwise } from '../tensor/remember.js';
import { at, show, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { squeeze, unsqueeze } from './shape.js';

/** A number for height and width alike, or both. */
export type Pair = number | readonly [number, number];

/** @internal */
export const pair = (value: Pair): readonly [number, number] => (typeof value === 'number' ? [value, value] : value);

export interface Pool2dOptions {
  kernelSize: Pair;
  /** Default: kernelSize, so that windows lie side by side. */
  stride?: Pair | undefined;
  /** At most half of kernelSize. Default: 0. */
  padding?: Pair | undefined;
  /** Rounds the output's size up, so that a last window may reach past the end; none begins there. Default: false. */
  ceilMode?: boolean | undefined;
}

export interface MaxPool2dOptions extends Pool2dOptions {
  /** Distance between neighbours of a window. Default: 1. */
  dilation?: Pair | undefined;
}

export interface AvgPool2dOptions extends Pool2dOptions {
  /** Whether padding counts in the divisor. Default: true. */
  countIncludePad?: boolean | undefined;
  /** Divides the sum of every window by this instead of by its size. Default: null. */
  divisorOverride?: number | null | undefined;
}

/** @internal */
export const POOL: Known<Pool2dOptions> = {
  kernelSize: 'sizes',
  stride: 'sizes',
  padding: 'counts',
  ceilMode: 'boolean',
};
/** @internal */
export const MAX_POOL: Known<MaxPool2dOptions> = { ...POOL, dilation: 'sizes' };
/** @internal */
export const AVG_POOL: Known<AvgPool2dOptions> = /* @__PURE__ */ extended(POOL, {
  countIncludePad: 'boolean',
  divisorOverride: 'whole?',
});

/** @internal Options, or a window's size as such and the other options. */
export function asOptions<O extends { kernelSize: number | readonly number[] }>(
  name: string,
  given: O['kernelSize'] | O,
  others: Omit<O, 'kernelSize'>,
  known: Known<NoInfer<O>>,
): O {
  checked(name, others as O, known);
  const alone = typeof given === 'number' || Array.isArray(given);
  if (!alone && Object.keys(others).length > 0) refuse(`${name}: options are given twice; write them in one object`);
  return checked(name, (alone ? { ...others, kernelSize: given } : given) as O, known);
}

/** The last two dimensions, and how many planes of them there are. */
function planesOf(name: string, x: Tensor): { planes: number; h: number; w: number } {
  wantTensor(name, 'x', x);
  if (x.dtype !== 'f32' || (x.ndim !== 4 && x.ndim !== 3)) {
    refuse(`${name}: wants f32 of shape [N, C, H, W] or [C, H, W], got ${x.dtype} ${show(x.shape)}`);
  }
  return { planes: sizeOf(x.shape.slice(0, -2)), h: at(x.shape, x.ndim - 2), w: at(x.shape, x.ndim - 1) };
}

function axis(
  name: string,
  input: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
  ceilMode: boolean,
): PoolAxis {
  const whole = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;
  if (!whole(kernel, 1) || !whole(stride, 1) || !whole(dilation, 1) || !whole(padding, 0)) {
    refuse(
      `${name}: kernelSize ${kernel}, stride ${stride} and dilation ${dilation} are whole numbers from 1 on, padding ${padding} from 0 on`,
    );
  }
  if (padding > kernel / 2) refuse(`${name}: padding ${padding} is more than half of kernelSize ${kernel}`);
  const steps = (input + 2 * padding - dilation * (kernel - 1) - 1) / stride;
  let output = (ceilMode ? Math.ceil(steps) : Math.floor(steps)) + 1;
  if (ceilMode && (output - 1) * stride >= input + padding) output--;
  if (output < 1) refuse(`${name}: a window of ${kernel} does not fit an input of ${input} with padding ${padding}`);
  return { input, output, kernel, stride, padding, dilation };
}

function specOf(name: string, x: Tensor, options: MaxPool2dOptions): PoolSpec {
  const { planes, h, w } = planesOf(name, x);
  const { kernelSize, stride = kernelSize, padding = 0, dilation = 1, ceilMode = false } = options;
  const [k, s, p, d] = [pair(kernelSize), pair(stride), pair(padding), pair(dilation)];
  const along = (input: number, i: 0 | 1) => axis(name, input, k[i], s[i], p[i], d[i], ceilMode);
  return { planes, y: along(h, 0), x: along(w, 1) };
}

const outputShape = (x: Tensor, spec: PoolSpec): number[] => [...x.shape.slice(0, -2), spec.y.output, spec.x.output];

/**
 * The largest element of every window; its gradient goes to the first one where several are equal.
 *
 * @param x [N, C, H, W] or [C, H, W]
 * @param options the window's size, or all options
 * @param others options besides the window's size, where that stands alone
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
 */
export function maxPool2d(
  x: Tensor,
  options: Pair | MaxPool2dOptions,
  others: Omit<MaxPool2dOptions, 'kernelSize'> = {},
): Tensor {
  const spec = specOf('maxPool2d', x, asOptions<MaxPool2dOptions>('maxPool2d', options, others, MAX_POOL));
  const shape = outputShape(x, spec);
  const pooled = (rectified: boolean) =>
    launchMany(maxPoolKernel({ ...spec, rectified }), [x], [{ shape }, { shape, dtype: 'u32' }]);
  const rectified = isMarked(x, x);
  const [y, places] = pooled(rectified);
  const fused = (g: Tensor) => {
    // These places leave out what a ReLU stops: right for whatever made x, too little for the gradient by x itself.
    const leaves = rectified && !x.isLeaf && !x.retainsGrad && !x.hook;
    const used = rectified && !leaves ? pooled(false)[1] : places;
    const dx = launch(maxPoolGradKernel(spec), [used, g], x.shape);
    if (leaves) mark(dx.storage, x);
    return [dx];
  };
  // Linear: each is the other's gradient.
  const unpooled = (g: Tensor): Tensor => {
    const own = rectified ? pooled(false)[1] : places;
    const picked = (h: Tensor): Tensor =>
      differentiable('maxPool2d.again', [h], launch(maxPoolAgainKernel(spec), [h, own], shape), { by: [unpooled] });
    const dx = launch(maxPoolGradKernel(spec), [own, g], x.shape);
    return differentiable('maxPool2d.grad', [g], dx, { by: [picked] });
  };
  return differentiable('maxPool2d', [x], y, { by: [(g) => stepwise(unpooled(g), x)], fused }, spec);
}

export interface MaxPool1dOptions {
  kernelSize: number;
  /** Default: kernelSize, so that windows lie side by side. */
  stride?: number | undefined;
  /** At most half of kernelSize. Default: 0. */
  padding?: number | undefined;
  /** Distance between neighbours of a window. Default: 1. */
  dilation?: number | undefined;
  /** As {@link Pool2dOptions}'s. Default: false. */
  ceilMode?: boolean | undefined;
}

/** @internal */
export const MAX_POOL_1D: Known<MaxPool1dOptions> = {
  kernelSize: 'size',
  stride: 'size',
  padding: 'count',
  dilation: 'size',
  ceilMode: 'boolean',
};

/**
 * The largest element of every window: {@link maxPool2d} of images one pixel high.
 *
 * @param x [N, C, L] or [C, L]
 * @param options the window's size, or all options
 * @param others options besides the window's size, where that stands alone
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html
 */
export function maxPool1d(
  x: Tensor,
  options: number | MaxPool1dOptions,
  others: Omit<MaxPool1dOptions, 'kernelSize'> = {},
): Tensor {
  wantTensor('maxPool1d', 'x', x);
  if (x.ndim !== 3 && x.ndim !== 2) refuse(`maxPool1d: wants shape [N, C, L] or [C, L], got ${show(x.shape)}`);
  const given = asOptions<MaxPool1dOptions>('maxPool1d', options, others, MAX_POOL_1D);
  const { kernelSize, stride = kernelSize, padding = 0, dilation = 1, ceilMode } = given;
  const row = (height: number, width: number) => [height, width] as const;
  const size = { kernelSize: row(1, kernelSize), stride: row(1, stride), padding: row(0, padding) };
  return squeeze(maxPool2d(unsqueeze(x, -2), { ...size, dilation: row(1, dilation), ceilMode }), -2);
}

function average(name: string, x: Tensor, spec: AvgPoolSpec): Tensor {
  // Linear: each is the other's gradient.
  const pooled = (t: Tensor): Tensor => {
    const y = launch(avgPoolKernel(spec), [t], outputShape(x, spec));
    return differentiable(name, [t], y, { by: [spread] }, spec);
  };
  const spread = (g: Tensor): Tensor =>
    differentiable(`${name}.grad`, [g], launch(avgPoolGradKernel(spec), [g], x.shape), { by: [pooled] });
  return pooled(x);
}

/**
 * The mean of every window.
 *
 * @param x [N, C, H, W] or [C, H, W]
 * @param options the window's size, or all options
 * @param others options besides the window's size, where that stands alone
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html
 */
export function avgPool2d(
  x: Tensor,
  options: Pair | AvgPool2dOptions,
  others: Omit<AvgPool2dOptions, 'kernelSize'> = {},
): Tensor {
  const given = asOptions<AvgPool2dOptions>('avgPool2d', options, others, AVG_POOL);
  const spec = specOf('avgPool2d', x, given);
  const { countIncludePad = true, divisorOverride } = given;
  if (divisorOverride === 0) refuse('avgPool2d: divisorOverride is 0; give another divisor, or null');
  return average('avgPool2d', x, { ...spec, adaptive: false, countIncludePad, divisor: divisorOverride ?? undefined });
}

/**
 * Means of windows laid so that the result has `outputSize` rows and columns.
 *
 * @param x [N, C, H, W] or [C, H, W]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: Pair): Tensor {
  atMost('adaptiveAvgPool2d', 2, arguments);
  const { planes, h, w } = planesOf('adaptiveAvgPool2d', x);
  required('adaptiveAvgPool2d', { outputSize }, { outputSize: 'sizes' });
  const [oh, ow] = pair(outputSize);
  if (![oh, ow, h, w].every((n) => Number.isInteger(n) && n >= 1)) {
    refuse(`adaptiveAvgPool2d: ${show(x.shape)} cannot become ${oh} by ${ow}`);
  }
  const along = (input: number, output: number): PoolAxis => ({
    input,
    output,
    kernel: 1,
    stride: 1,
    padding: 0,
    dilation: 1,
  });
  const spec = { planes, y: along(h, oh), x: along(w, ow), adaptive: true, countIncludePad: false };
  return average('adaptiveAvgPool2d', x, spec);
}
