/** Pooling of signals. */
import { atMost, checked, type Known, required } from '../gpu/options.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { Module } from './module.js';
import { bool, named, tuple, windowRepr } from './repr.js';

/** A number, or a list of it alone. */
type Single = number | readonly [number];

const MAX_POOL_1D: Known<Omit<F.MaxPool1dOptions, 'kernelSize'>> = {
  stride: 'size',
  padding: 'count',
  dilation: 'size',
  ceilMode: 'boolean',
};

const AVG_POOL_1D: Known<Omit<F.AvgPool1dOptions, 'kernelSize'>> = {
  stride: 'sizes',
  padding: 'counts',
  ceilMode: 'boolean',
  countIncludePad: 'boolean',
};

/**
 * The largest of each window. x: [N, C, L]; y: [N, C, L'] with L' = ⌊(L + 2·padding − dilation·(kernelSize − 1) − 1) / stride⌋ + 1.
 *
 * @example new MaxPool1d(2)(zeros([8, 16, 100])) // [8, 16, 50]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
 */
export class MaxPool1d extends Module {
  kernelSize: number;
  stride: number;
  padding: number;
  dilation: number;
  ceilMode: boolean;

  /**
   * @param options.stride default kernelSize
   * @param options.padding −∞ added on either side. Default: 0
   * @param options.dilation distance between neighbours of a window. Default: 1
   * @param options.ceilMode rounds the output's length up. Default: false
   */
  constructor(kernelSize: number, options: Omit<F.MaxPool1dOptions, 'kernelSize'> = {}) {
    super();
    const given = checked('MaxPool1d', options, MAX_POOL_1D);
    const { stride = kernelSize, padding = 0, dilation = 1, ceilMode = false } = given;
    required('MaxPool1d', { kernelSize }, { kernelSize: 'size' });
    this.kernelSize = kernelSize;
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
    this.ceilMode = ceilMode;
  }

  forward(x: Tensor): Tensor {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return F.maxPool1d(x, { kernelSize, stride, padding, dilation, ceilMode });
  }

  override extraRepr(): string {
    return `${windowRepr(this)}, dilation=${this.dilation}, ceil_mode=${bool(this.ceilMode)}`;
  }
}

/**
 * The mean of each window. x: [N, C, L]; y: [N, C, L'] with L' = ⌊(L + 2·padding − kernelSize) / stride⌋ + 1.
 *
 * @example new AvgPool1d(2)(zeros([8, 16, 100])) // [8, 16, 50]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html
 */
export class AvgPool1d extends Module {
  kernelSize: readonly [number];
  stride: readonly [number];
  padding: readonly [number];
  ceilMode: boolean;
  countIncludePad: boolean;

  /**
   * @param options.stride default kernelSize
   * @param options.padding zeros added on either side. Default: 0
   * @param options.ceilMode rounds the output's length up. Default: false
   * @param options.countIncludePad whether padding counts in the divisor. Default: true
   */
  constructor(kernelSize: Single, options: Omit<F.AvgPool1dOptions, 'kernelSize'> = {}) {
    super();
    const given = checked('AvgPool1d', options, AVG_POOL_1D);
    const { stride = kernelSize, padding = 0, ceilMode = false, countIncludePad = true } = given;
    required('AvgPool1d', { kernelSize }, { kernelSize: 'sizes' });
    this.kernelSize = [Number(kernelSize)];
    this.stride = [Number(stride)];
    this.padding = [Number(padding)];
    this.ceilMode = ceilMode;
    this.countIncludePad = countIncludePad;
  }

  forward(x: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad } = this;
    return F.avgPool1d(x, { kernelSize, stride, padding, ceilMode, countIncludePad });
  }

  override extraRepr(): string {
    return windowRepr(this);
  }
}

abstract class AdaptivePool1d extends Module {
  constructor(public outputSize: Single) {
    super();
    const { name } = new.target;
    atMost(name, 1, arguments);
    required(name, { outputSize }, { outputSize: 'sizes' });
  }

  override extraRepr(): string {
    return named({ output_size: tuple(this.outputSize) });
  }
}

/**
 * Means of windows laid so that there are `outputSize` of them. x: [N, C, L]; y: [N, C, outputSize].
 *
 * @example new AdaptiveAvgPool1d(5)(zeros([1, 64, 8])) // [1, 64, 5]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html
 */
export class AdaptiveAvgPool1d extends AdaptivePool1d {
  forward(x: Tensor): Tensor {
    return F.adaptiveAvgPool1d(x, this.outputSize);
  }
}

/**
 * Largest elements of windows laid so that there are `outputSize` of them. x: [N, C, L]; y: [N, C, outputSize].
 *
 * @example new AdaptiveMaxPool1d(5)(zeros([1, 64, 8])) // [1, 64, 5]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html
 */
export class AdaptiveMaxPool1d extends AdaptivePool1d {
  forward(x: Tensor): Tensor {
    return F.adaptiveMaxPool1d(x, this.outputSize);
  }
}
