import { type Pair, pair } from '../autograd/pool.js';
import { KindlingError } from '../gpu/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { resetLinear } from './init.js';
import { Module } from './module.js';
import { type Parameter, uninitialized } from './parameter.js';
import { named, tuple } from './repr.js';

export interface Conv2dOptions {
  /** Default: 1. */
  stride?: Pair;
  /** Zeros added on every side. Default: 0. */
  padding?: Pair;
  /** Default: 1. */
  dilation?: Pair;
  /** Groups that channels are split into. Default: 1. */
  groups?: number;
  /** Default: true. */
  bias?: boolean;
}

/**
 * Cross-correlation in two dimensions. x: [N, inChannels, H, W]; y: [N, outChannels, H', W'] with
 * H' = ⌊(H + 2·padding − dilation·(kernelSize − 1) − 1) / stride⌋ + 1.
 *
 * Starts uniform in ±1/√(inChannels/groups · kernel height · kernel width).
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 */
export class Conv2d extends Module {
  /** [outChannels, inChannels / groups, kernel height, kernel width] */
  weight: Parameter;
  /** [outChannels] */
  bias: Parameter | null;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;

  /** @throws KindlingError unless `groups` divides both numbers of channels */
  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: Conv2dOptions = {}) {
    super();
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true } = options;
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new KindlingError(`Conv2d: groups ${groups} must divide ${inChannels} and ${outChannels} channels`);
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = pair(kernelSize);
    this.stride = pair(stride);
    this.padding = pair(padding);
    this.dilation = pair(dilation);
    this.groups = groups;
    this.weight = uninitialized([outChannels, inChannels / groups, ...this.kernelSize]);
    this.bias = bias ? uninitialized([outChannels]) : null;
    this.resetParameters();
  }

  /** Starts over. */
  resetParameters(): void {
    resetLinear(this.weight, this.bias);
  }

  forward(x: Tensor): Tensor {
    const { stride, padding, dilation, groups } = this;
    return F.conv2d(x, this.weight, this.bias, { stride, padding, dilation, groups });
  }

  override extraRepr(): string {
    const { inChannels, outChannels, kernelSize, stride, padding, dilation, groups, bias } = this;
    const shown = named({
      kernel_size: tuple(kernelSize),
      stride: tuple(stride),
      ...(padding.some((n) => n !== 0) ? { padding: tuple(padding) } : {}),
      ...(dilation.some((n) => n !== 1) ? { dilation: tuple(dilation) } : {}),
      ...(groups === 1 ? {} : { groups }),
      ...(bias ? {} : { bias: 'False' }),
    });
    return `${inChannels}, ${outChannels}, ${shown}`;
  }
}
