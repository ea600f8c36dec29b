import { INTERPOLATE } from '../autograd/interpolate.js';
import { checked, type Known } from '../gpu/options.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { Module } from './module.js';
import { float, named, tuple } from './repr.js';

export interface PoolOptions {
  /** Default: the kernel's size. */
  stride?: Pair;
  /** Added on every side: −∞ for the maximum, 0 for the average. Default: 0. */
  padding?: Pair;
}

/** One number for both directions, or [vertical, horizontal]. */
type Pair = F.Pair;

export interface MaxPoolOptions extends PoolOptions {
  /** Distance between neighbours of a window. Default: 1. */
  dilation?: Pair;
}

const POOL: Known<PoolOptions> = { stride: 'sizes', padding: 'counts' };
const MAX_POOL: Known<MaxPoolOptions> = { ...POOL, dilation: 'sizes' };
const MAX_POOL_1D: Known<Omit<F.MaxPool1dOptions, 'kernelSize'>> = {
  stride: 'size',
  padding: 'count',
  dilation: 'size',
};

abstract class Pool2d extends Module {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;

  constructor(kernelSize: Pair, { stride = kernelSize, padding = 0 }: PoolOptions) {
    super();
    checked(this.constructor.name, { kernelSize }, { kernelSize: 'sizes' });
    this.kernelSize = kernelSize;
    this.stride = stride;
    this.padding = padding;
  }
}

/**
 * The largest of each window. x: [N, C, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
 */
export class MaxPool2d extends Pool2d {
  readonly dilation: Pair;

  constructor(kernelSize: Pair, options: MaxPoolOptions = {}) {
    super(kernelSize, checked('MaxPool2d', options, MAX_POOL));
    this.dilation = options.dilation ?? 1;
  }

  forward(x: Tensor): Tensor {
    const { kernelSize, stride, padding, dilation } = this;
    return F.maxPool2d(x, { kernelSize, stride, padding, dilation });
  }

  override extraRepr(): string {
    return `${windowRepr(this)}, dilation=${tuple(this.dilation)}, ceil_mode=False`;
  }
}

/**
 * The largest of each window. x: [N, C, L]; y: [N, C, L'] with L' = ⌊(L + 2·padding − dilation·(kernelSize − 1) − 1) / stride⌋ + 1.
 *
 * @example new MaxPool1d(2).forward(zeros([8, 16, 100])) // [8, 16, 50]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
 */
export class MaxPool1d extends Module {
  readonly options: Required<F.MaxPool1dOptions>;

  /**
   * @param options.stride default kernelSize
   * @param options.padding −∞ added on either side. Default: 0
   * @param options.dilation distance between neighbours of a window. Default: 1
   */
  constructor(kernelSize: number, options: Omit<F.MaxPool1dOptions, 'kernelSize'> = {}) {
    super();
    const { stride = kernelSize, padding = 0, dilation = 1 } = checked('MaxPool1d', options, MAX_POOL_1D);
    checked('MaxPool1d', { kernelSize }, { kernelSize: 'size' });
    this.options = { kernelSize, stride, padding, dilation };
  }

  forward(x: Tensor): Tensor {
    return F.maxPool1d(x, this.options);
  }

  override extraRepr(): string {
    return `${windowRepr(this.options)}, dilation=${this.options.dilation}, ceil_mode=False`;
  }
}

/**
 * The mean of each window. x: [N, C, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
 */
export class AvgPool2d extends Pool2d {
  readonly countIncludePad: boolean;

  /** @param options.countIncludePad whether padding counts in the divisor. Default: true */
  constructor(kernelSize: Pair, options: PoolOptions & { countIncludePad?: boolean } = {}) {
    super(kernelSize, checked('AvgPool2d', options, { ...POOL, countIncludePad: 'boolean' }));
    this.countIncludePad = options.countIncludePad ?? true;
  }

  forward(x: Tensor): Tensor {
    const { kernelSize, stride, padding, countIncludePad } = this;
    return F.avgPool2d(x, { kernelSize, stride, padding, countIncludePad });
  }

  override extraRepr(): string {
    return windowRepr(this);
  }
}

/**
 * Means of windows laid so that there are `outputSize` of them. x: [N, C, H, W]; y: [N, C, *outputSize].
 *
 * @example new AdaptiveAvgPool2d(1).forward(zeros([8, 64, 7, 7])) // [8, 64, 1, 1]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
 */
export class AdaptiveAvgPool2d extends Module {
  constructor(readonly outputSize: Pair) {
    super();
    checked('AdaptiveAvgPool2d', { outputSize }, { outputSize: 'sizes' });
  }

  forward(x: Tensor): Tensor {
    return F.adaptiveAvgPool2d(x, this.outputSize);
  }

  override extraRepr(): string {
    return named({ output_size: tuple(this.outputSize) });
  }
}

/**
 * Images in another size, each pixel that of the nearest before it. x: [N, C, d...].
 *
 * @example new Upsample({ scaleFactor: 2 }).forward(zeros([8, 64, 7, 7])) // [8, 64, 14, 14]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Upsample.html
 */
export class Upsample extends Module {
  constructor(readonly options: F.InterpolateOptions) {
    super();
    checked('Upsample', options, INTERPOLATE);
  }

  forward(x: Tensor): Tensor {
    return F.interpolate(x, this.options);
  }

  override extraRepr(): string {
    const { size, scaleFactor = 1, mode = 'nearest' } = this.options;
    const scales = typeof scaleFactor === 'number' ? float(scaleFactor) : `(${scaleFactor.map(float).join(', ')})`;
    return `${named(size === undefined ? { scale_factor: scales } : { size: tuple(size) })}, mode=${mode}`;
  }
}

const windowRepr = ({ kernelSize, stride, padding }: { kernelSize: Pair; stride: Pair; padding: Pair }): string =>
  named({ kernel_size: tuple(kernelSize), stride: tuple(stride), padding: tuple(padding) });
