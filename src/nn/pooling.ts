import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { Module } from './module.js';
import { named, tuple } from './repr.js';

export interface PoolOptions {
  /** Default: the kernel's size. */
  stride?: Pair;
  /** Added on every side: −∞ for the maximum, 0 for the average. Default: 0. */
  padding?: Pair;
}

/** One number for both directions, or [vertical, horizontal]. */
type Pair = F.Pair;

/**
 * The largest of each window. x: [N, C, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
 */
export class MaxPool2d extends Module {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;

  constructor(kernelSize: Pair, { stride = kernelSize, padding = 0 }: PoolOptions = {}) {
    super();
    this.kernelSize = kernelSize;
    this.stride = stride;
    this.padding = padding;
  }

  forward(x: Tensor): Tensor {
    const { kernelSize, stride, padding } = this;
    return F.maxPool2d(x, { kernelSize, stride, padding });
  }

  override extraRepr(): string {
    return `${windowRepr(this)}, dilation=1, ceil_mode=False`;
  }
}

/**
 * The mean of each window. x: [N, C, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
 */
export class AvgPool2d extends Module {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly countIncludePad: boolean;

  /** @param options.countIncludePad whether padding counts in the divisor. Default: true */
  constructor(
    kernelSize: Pair,
    { stride = kernelSize, padding = 0, countIncludePad = true }: PoolOptions & { countIncludePad?: boolean } = {},
  ) {
    super();
    this.kernelSize = kernelSize;
    this.stride = stride;
    this.padding = padding;
    this.countIncludePad = countIncludePad;
  }

  forward(x: Tensor): Tensor {
    const { kernelSize, stride, padding, countIncludePad } = this;
    return F.avgPool2d(x, { kernelSize, stride, padding, countIncludePad });
  }

  override extraRepr(): string {
    return windowRepr(this);
  }
}

const windowRepr = ({ kernelSize, stride, padding }: { kernelSize: Pair; stride: Pair; padding: Pair }): string =>
  named({ kernel_size: tuple(kernelSize), stride: tuple(stride), padding: tuple(padding) });
