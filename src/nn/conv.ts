/** Convolutions in one, two and three dimensions. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, required } from '../gpu/options.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { Module } from './module.js';
import { type Parameter, uninitialized } from './parameter.js';
import { bool, named, tuple } from './repr.js';
import { resetLinear } from './reset.js';

type Single = readonly [number];
type Double = readonly [number, number];
type Three = readonly [number, number, number];

export interface ConvOptions<Size> {
  /** Default: 1. */
  stride?: number | Size | undefined;
  /** Zeros added on every side; 'valid' is 0, 'same' keeps the size (stride 1). Default: 0. */
  padding?: number | Size | 'valid' | 'same' | undefined;
  /** Distance between the taps of the window. Default: 1. */
  dilation?: number | Size | undefined;
  /** Groups that channels are split into. Default: 1. */
  groups?: number | undefined;
  /** Default: true. */
  bias?: boolean | undefined;
  /** What the padding is made of, see {@link F.PadOptions}. Default: 'zeros'. */
  paddingMode?: PaddingMode | undefined;
}

export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

export type Conv1dOptions = ConvOptions<Single>;
export type Conv2dOptions = ConvOptions<Double>;
export type Conv3dOptions = ConvOptions<Three>;

/** @internal */
export const CONV: Known<ConvOptions<readonly number[]>> = {
  stride: 'sizes',
  padding: 'counts|valid|same',
  dilation: 'sizes',
  groups: 'size',
  bias: 'boolean',
  paddingMode: ['zeros', 'reflect', 'replicate', 'circular'],
};

/** What convolutions share: sizes, and parameters uniform in ±1/√(inputs of one output). */
export abstract class Conv<Size extends readonly number[]> extends Module {
  weight: Parameter;
  /** [outChannels] */
  bias: Parameter | null;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: Size;
  stride: Size;
  padding: Size | 'valid' | 'same';
  dilation: Size;
  outputPadding: Size;
  readonly groups: number;
  paddingMode: PaddingMode;

  /** @throws KindlingError unless `groups` divides both numbers of channels */
  constructor(
    dims: number,
    inChannels: number,
    outChannels: number,
    kernelSize: number | Size,
    options: ConvOptions<Size> & { outputPadding?: number | Size | undefined },
    transposed = false,
  ) {
    super();
    const { stride = 1, padding = 0, dilation = 1, outputPadding = 0, groups = 1, bias = true } = options;
    const sizes = { inChannels, outChannels, kernelSize };
    required<object>(this.constructor.name, sizes, { inChannels: 'size', outChannels: 'size', kernelSize: 'sizes' });
    if (inChannels % groups || outChannels % groups) {
      refuse(`${this.constructor.name}: groups ${groups} must divide ${inChannels} and ${outChannels} channels`);
    }
    if (padding === 'same' && [stride].flat().some((n) => n !== 1)) {
      refuse(`${this.constructor.name}: padding 'same' wants stride 1`);
    }
    const each = <Given>(value: number | Given) =>
      typeof value === 'number' ? (Array<number>(dims).fill(value) as unknown as Size) : value;
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = each(kernelSize);
    this.stride = each(stride);
    this.padding = each(padding);
    this.dilation = each(dilation);
    this.outputPadding = each(outputPadding);
    this.groups = groups;
    this.paddingMode = options.paddingMode ?? 'zeros';
    const channels = transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups];
    this.weight = uninitialized([...channels, ...this.kernelSize]);
    this.bias = bias ? uninitialized([outChannels]) : null;
    this.resetParameters();
  }

  /** Starts over. */
  resetParameters(): void {
    resetLinear(this.weight, this.bias);
  }

  /** The input with what zeros cannot say added around it, and the padding that remains. */
  protected padded(x: Tensor): { x: Tensor; padding: Size | 'valid' | 'same' } {
    const { padding, paddingMode: mode, kernelSize, dilation } = this;
    if (mode === 'zeros' || padding === 'valid') return { x, padding };
    const widths = kernelSize.flatMap((size, d) => {
      const total = padding === 'same' ? (dilation[d] ?? 1) * (size - 1) : 2 * (padding[d] ?? 0);
      return [[Math.floor(total / 2), Math.ceil(total / 2)]];
    });
    return { x: F.pad(x, widths.reverse().flat(), { mode }), padding: 'valid' };
  }

  override extraRepr(): string {
    const { inChannels, outChannels, kernelSize, stride, padding, dilation, outputPadding, groups, bias, paddingMode } =
      this;
    const unless = (usual: number, name: string, size: Size) =>
      size.every((n) => n === usual) ? {} : { [name]: tuple(size) };
    const settings = named({
      kernel_size: tuple(kernelSize),
      stride: tuple(stride),
      ...(typeof padding === 'string' ? { padding } : unless(0, 'padding', padding)),
      ...unless(1, 'dilation', dilation),
      ...unless(0, 'output_padding', outputPadding),
      ...(groups !== 1 && { groups }),
      ...(!bias && { bias: bool(false) }),
      ...(paddingMode !== 'zeros' && { padding_mode: paddingMode }),
    });
    return `${inChannels}, ${outChannels}, ${settings}`;
  }
}

/**
 * Cross-correlation in one dimension. x: [N, inChannels, L]; y: [N, outChannels, L'] with
 * L' = ⌊(L + 2·padding − dilation·(kernelSize − 1) − 1) / stride⌋ + 1.
 *
 * weight: [outChannels, inChannels / groups, kernelSize]. Starts uniform in ±1/√(inChannels/groups · kernelSize).
 *
 * @example new Conv1d(16, 33, 3, { stride: 2 })(zeros([20, 16, 50])) // [20, 33, 24]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
 */
export class Conv1d extends Conv<Single> {
  constructor(inChannels: number, outChannels: number, kernelSize: number | Single, options: Conv1dOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, checked('Conv1d', options, CONV));
  }

  forward(x: Tensor): Tensor {
    const { stride, dilation, groups } = this;
    const { x: padded, padding } = this.padded(x);
    return F.conv1d(padded, this.weight, this.bias, { stride, padding, dilation, groups });
  }
}

/**
 * Cross-correlation in two dimensions. x: [N, inChannels, H, W]; y: [N, outChannels, H', W'] with
 * H' = ⌊(H + 2·padding − dilation·(kernelSize − 1) − 1) / stride⌋ + 1.
 *
 * weight: [outChannels, inChannels / groups, kernel height, kernel width]. Starts uniform in
 * ±1/√(inChannels/groups · kernel height · kernel width).
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 */
export class Conv2d extends Conv<Double> {
  constructor(inChannels: number, outChannels: number, kernelSize: F.Pair, options: Conv2dOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, checked('Conv2d', options, CONV));
  }

  forward(x: Tensor): Tensor {
    const { stride, dilation, groups } = this;
    const { x: padded, padding } = this.padded(x);
    return F.conv2d(padded, this.weight, this.bias, { stride, padding, dilation, groups });
  }
}

/**
 * Cross-correlation in three dimensions. x: [N, inChannels, D, H, W]; y: [N, outChannels, D', H', W'] with
 * D' = ⌊(D + 2·padding − dilation·(kernelSize − 1) − 1) / stride⌋ + 1.
 *
 * weight: [outChannels, inChannels / groups, kernel depth, kernel height, kernel width]. Starts uniform in
 * ±1/√(inChannels/groups · kernel depth · kernel height · kernel width).
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Conv3d.html
 */
export class Conv3d extends Conv<Three> {
  constructor(inChannels: number, outChannels: number, kernelSize: F.Triple, options: Conv3dOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, checked('Conv3d', options, CONV));
  }

  forward(x: Tensor): Tensor {
    const { stride, dilation, groups } = this;
    const { x: padded, padding } = this.padded(x);
    return F.conv3d(padded, this.weight, this.bias, { stride, padding, dilation, groups });
  }
}
