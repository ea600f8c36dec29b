import { atMost, checked, extended, type Known, required } from '../gpu/options.js';
import { INTERPOLATE } from '../ops/interpolate.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { Module } from './module.js';
import { bool, float, named, tuple, windowRepr } from './repr.js';

export interface PoolOptions {
  /** Default: the kernel's size. */
  stride?: Pair | undefined;
  /** Added on every side: −∞ for the maximum, 0 for the average. Default: 0. */
  padding?: Pair | undefined;
  /** Rounds the output's size up, so that a last window may reach past the end; none begins there. Default: false. */
  ceilMode?: boolean | undefined;
}

/** One number for both directions, or [vertical, horizontal]. */
type Pair = F.Pair;

export interface MaxPoolOptions extends PoolOptions {
  /** Distance between neighbours of a window. Default: 1. */
  dilation?: Pair | undefined;
}

export interface AvgPoolOptions extends PoolOptions {
  /** Whether padding counts in the divisor. Default: true. */
  countIncludePad?: boolean | undefined;
  /** Divides the sum of every window by this instead of by its size. Default: null. */
  divisorOverride?: number | null | undefined;
}

const POOL: Known<PoolOptions> = { stride: 'sizes', padding: 'counts', ceilMode: 'boolean' };
const AVG_POOL: Known<AvgPoolOptions> = /* @__PURE__ */ extended(POOL, {
  countIncludePad: 'boolean',
  divisorOverride: 'whole?',
});
const MAX_POOL: Known<MaxPoolOptions> = { ...POOL, dilation: 'sizes' };

abstract class Pool2d extends Module {
  kernelSize: Pair;
  stride: Pair;
  padding: Pair;
  ceilMode: boolean;

  constructor(kernelSize: Pair, { stride = kernelSize, padding = 0, ceilMode = false }: PoolOptions) {
    super();
    required(this.constructor.name, { kernelSize }, { kernelSize: 'sizes' });
    this.kernelSize = kernelSize;
    this.stride = stride;
    this.padding = padding;
    this.ceilMode = ceilMode;
  }
}

/**
 * The largest of each window. x: [N, C, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
 */
export class MaxPool2d extends Pool2d {
  dilation: Pair;

  constructor(kernelSize: Pair, options: MaxPoolOptions = {}) {
    super(kernelSize, checked('MaxPool2d', options, MAX_POOL));
    this.dilation = options.dilation ?? 1;
  }

  forward(x: Tensor): Tensor {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return F.maxPool2d(x, { kernelSize, stride, padding, dilation, ceilMode });
  }

  override extraRepr(): string {
    return `${windowRepr(this)}, dilation=${tuple(this.dilation)}, ceil_mode=${bool(this.ceilMode)}`;
  }
}

/**
 * The mean of each window. x: [N, C, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
 */
export class AvgPool2d extends Pool2d {
  countIncludePad: boolean;
  divisorOverride: number | null;

  /**
   * @param options.countIncludePad whether padding counts in the divisor. Default: true
   * @param options.divisorOverride divides every window's sum instead of its size. Default: null
   */
  constructor(kernelSize: Pair, options: AvgPoolOptions = {}) {
    super(kernelSize, checked('AvgPool2d', options, AVG_POOL));
    this.countIncludePad = options.countIncludePad ?? true;
    this.divisorOverride = options.divisorOverride ?? null;
  }

  forward(x: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return F.avgPool2d(x, { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride });
  }

  override extraRepr(): string {
    return windowRepr(this);
  }
}

/**
 * Means of windows laid so that there are `outputSize` of them. x: [N, C, H, W]; y: [N, C, *outputSize].
 *
 * @example new AdaptiveAvgPool2d(1)(zeros([8, 64, 7, 7])) // [8, 64, 1, 1]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
 */
export class AdaptiveAvgPool2d extends Module {
  constructor(public outputSize: Pair) {
    super();
    atMost('AdaptiveAvgPool2d', 1, arguments);
    required('AdaptiveAvgPool2d', { outputSize }, { outputSize: 'sizes' });
  }

  forward(x: Tensor): Tensor {
    return F.adaptiveAvgPool2d(x, this.outputSize);
  }

  override extraRepr(): string {
    return named({ output_size: tuple(this.outputSize) });
  }
}

/**
 * Largest elements of windows laid so that there are `outputSize` of them. x: [N, C, H, W]; y: [N, C, *outputSize].
 *
 * @example new AdaptiveMaxPool2d([5, 7])(zeros([1, 64, 8, 9])) // [1, 64, 5, 7]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
 */
export class AdaptiveMaxPool2d extends Module {
  constructor(public outputSize: Pair) {
    super();
    atMost('AdaptiveMaxPool2d', 1, arguments);
    required('AdaptiveMaxPool2d', { outputSize }, { outputSize: 'sizes' });
  }

  forward(x: Tensor): Tensor {
    return F.adaptiveMaxPool2d(x, this.outputSize);
  }

  override extraRepr(): string {
    return named({ output_size: tuple(this.outputSize) });
  }
}

/**
 * Images in another size, by the nearest pixel unless `mode` says otherwise: {@link F.interpolate}. x: [N, C, d...].
 *
 * @example new Upsample({ scaleFactor: 2 })(zeros([8, 64, 7, 7])) // [8, 64, 14, 14]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Upsample.html
 */
export class Upsample extends Module {
  size: F.InterpolateOptions['size'];
  scaleFactor: F.InterpolateOptions['scaleFactor'];
  mode: NonNullable<F.InterpolateOptions['mode']>;
  alignCorners: boolean | null;

  constructor(options: F.InterpolateOptions) {
    super();
    const { size, scaleFactor, mode = 'nearest', alignCorners = null } = checked('Upsample', options, INTERPOLATE);
    this.size = size;
    this.scaleFactor = scaleFactor;
    this.mode = mode;
    this.alignCorners = alignCorners;
  }

  forward(x: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners } = this;
    return F.interpolate(x, { size, scaleFactor, mode, alignCorners });
  }

  override extraRepr(): string {
    const { size, scaleFactor = 1, mode } = this;
    const scales = typeof scaleFactor === 'number' ? float(scaleFactor) : `(${scaleFactor.map(float).join(', ')})`;
    return `${named(size === undefined ? { scale_factor: scales } : { size: tuple(size) })}, mode=${mode}`;
  }
}
