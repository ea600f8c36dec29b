/** Normalisation by statistics of each sample alone. */
import { refuse } from '../gpu/errors.js';
import { checked, required } from '../gpu/options.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import * as init from './init.js';
import { Module } from './module.js';
import { type Parameter, uninitialized } from './parameter.js';
import { bool, float, named, tuple } from './repr.js';

export interface LayerNormOptions {
  /** Added to the variance. Default: 1e-5. */
  eps?: number | undefined;
  /** Whether there are a weight and a bias. Default: true. */
  elementwiseAffine?: boolean | undefined;
  /** Whether there is a bias beside the weight. Default: true. */
  bias?: boolean | undefined;
}

/**
 * y = (x − mean) / √(variance + eps) · weight + bias, with the statistics of the last dimensions.
 * x: [..., *normalizedShape].
 *
 * @example new LayerNorm(64)(zeros([8, 20, 64]))
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
 */
export class LayerNorm extends Module {
  /** Of normalizedShape, ones at the start */
  weight: Parameter | null;
  /** Of normalizedShape, zeros at the start */
  bias: Parameter | null;
  readonly normalizedShape: Shape;
  eps: number;

  /** @param normalizedShape the last dimensions, or the length of the last one */
  constructor(normalizedShape: number | Shape, options: LayerNormOptions = {}) {
    super();
    const known = { eps: 'number', elementwiseAffine: 'boolean', bias: 'boolean' } as const;
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = checked('LayerNorm', options, known);
    required('LayerNorm', { normalizedShape }, { normalizedShape: 'counts' });
    this.normalizedShape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
    this.eps = eps;
    this.weight = elementwiseAffine ? init.ones(uninitialized(this.normalizedShape)) : null;
    this.bias = elementwiseAffine && bias ? init.zeros(uninitialized(this.normalizedShape)) : null;
  }

  forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return F.layerNorm(x, this.normalizedShape, { weight, bias, eps });
  }

  override extraRepr(): string {
    const { normalizedShape, eps, weight } = this;
    return `${tuple(normalizedShape)}, ${named({ eps: float(eps), elementwise_affine: bool(weight !== null) })}`;
  }
}

/**
 * y = (x − mean) / √(variance + eps) · weight + bias, with the statistics of groups of channels of each image; weight and
 * bias are per channel. x: [N, numChannels, ...].
 *
 * @example new GroupNorm(4, 32)(zeros([8, 32, 16, 16]))
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
 */
export class GroupNorm extends Module {
  /** [numChannels], ones at the start */
  weight: Parameter | null;
  /** [numChannels], zeros at the start */
  bias: Parameter | null;
  readonly numGroups: number;
  readonly numChannels: number;
  eps: number;

  /**
   * @param options.eps added to the variance. Default: 1e-5
   * @param options.affine whether there are a weight and a bias. Default: true
   * @throws KindlingError unless numGroups divides numChannels
   */
  constructor(numGroups: number, numChannels: number, options: { eps?: number | undefined; affine?: boolean } = {}) {
    super();
    const { eps = 1e-5, affine = true } = checked('GroupNorm', options, { eps: 'number', affine: 'boolean' });
    required('GroupNorm', { numGroups, numChannels }, { numGroups: 'size', numChannels: 'count' });
    if (numChannels % numGroups !== 0) refuse(`GroupNorm: ${numGroups} groups do not divide ${numChannels} channels`);
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.weight = affine ? init.ones(uninitialized([numChannels])) : null;
    this.bias = affine ? init.zeros(uninitialized([numChannels])) : null;
  }

  forward(x: Tensor): Tensor {
    const { numGroups, weight, bias, eps } = this;
    return F.groupNorm(x, numGroups, { weight, bias, eps });
  }

  override extraRepr(): string {
    const { numGroups, numChannels, eps, weight } = this;
    return `${numGroups}, ${numChannels}, ${named({ eps: float(eps), affine: bool(weight !== null) })}`;
  }
}
