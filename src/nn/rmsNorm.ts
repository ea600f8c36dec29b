import { checked, required } from '../gpu/options.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import * as init from './init.js';
import { Module } from './module.js';
import { type Parameter, uninitialized } from './parameter.js';
import { bool, named, real, tuple } from './repr.js';

export interface RMSNormOptions {
  /** Added to the mean of squares; null is 2^−23. Default: null. */
  eps?: number | null | undefined;
  /** Whether there is a weight. Default: true. */
  elementwiseAffine?: boolean | undefined;
}

/**
 * y = x / √(mean(x²) + eps) · weight, with the mean over the last dimensions. x: [..., *normalizedShape].
 *
 * @example new RMSNorm(64)(zeros([8, 20, 64]))
 * @see https://pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
 */
export class RMSNorm extends Module {
  /** Of normalizedShape, ones at the start */
  weight: Parameter | null;
  readonly normalizedShape: Shape;
  eps: number | null;

  /** @param normalizedShape the last dimensions, or the length of the last one */
  constructor(normalizedShape: number | Shape, options: RMSNormOptions = {}) {
    super();
    const known = { eps: 'number?', elementwiseAffine: 'boolean' } as const;
    const { eps = null, elementwiseAffine = true } = checked('RMSNorm', options, known);
    required('RMSNorm', { normalizedShape }, { normalizedShape: 'counts' });
    this.normalizedShape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
    this.eps = eps;
    this.weight = elementwiseAffine ? init.ones(uninitialized(this.normalizedShape)) : null;
  }

  forward(x: Tensor): Tensor {
    const { weight, eps } = this;
    return F.rmsNorm(x, this.normalizedShape, { weight, eps });
  }

  override extraRepr(): string {
    const { normalizedShape, eps, weight } = this;
    const settings = { eps: eps === null ? 'None' : real(eps), elementwise_affine: bool(weight !== null) };
    return `${tuple(normalizedShape)}, ${named(settings)}`;
  }
}
