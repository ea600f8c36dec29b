import { checked, required } from '../gpu/options.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { Module } from './module.js';
import { type Parameter, uninitialized } from './parameter.js';
import { bool, named } from './repr.js';
import { resetLinear } from './reset.js';

/**
 * y = x Wᵀ + b. x: [..., inFeatures]; y: [..., outFeatures].
 *
 * Starts uniform in ±1/√inFeatures.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Linear.html
 */
export class Linear extends Module {
  /** [outFeatures, inFeatures] */
  weight: Parameter;
  /** [outFeatures] */
  bias: Parameter | null;
  readonly inFeatures: number;
  readonly outFeatures: number;

  /** @param options.bias default true */
  constructor(inFeatures: number, outFeatures: number, options: { bias?: boolean } = {}) {
    super();
    const { bias = true } = checked('Linear', options, { bias: 'boolean' });
    required('Linear', { inFeatures, outFeatures }, { inFeatures: 'count', outFeatures: 'count' });
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = uninitialized([outFeatures, inFeatures]);
    this.bias = bias ? uninitialized([outFeatures]) : null;
    this.resetParameters();
  }

  /** Starts over. */
  resetParameters(): void {
    resetLinear(this.weight, this.bias);
  }

  forward(x: Tensor): Tensor {
    return F.linear(x, this.weight, this.bias);
  }

  override extraRepr(): string {
    const { inFeatures, outFeatures, bias } = this;
    return named({ in_features: inFeatures, out_features: outFeatures, bias: bool(bias !== null) });
  }
}
