import { checked, required } from '../gpu/options.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { uniform } from './init.js';
import { Module } from './module.js';
import { type Parameter, uninitialized } from './parameter.js';
import { bool, named } from './repr.js';

/**
 * y = x1ᵀ A x2 + b, for each output with a matrix A of its own. x1: [..., in1Features]; x2: [..., in2Features];
 * y: [..., outFeatures].
 *
 * Starts uniform in ±1/√in1Features.
 *
 * @example new Bilinear(20, 30, 40)(zeros([128, 20]), zeros([128, 30])) // [128, 40]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
 */
export class Bilinear extends Module {
  /** [outFeatures, in1Features, in2Features] */
  weight: Parameter;
  /** [outFeatures] */
  bias: Parameter | null;
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;

  /** @param options.bias default true */
  constructor(in1Features: number, in2Features: number, outFeatures: number, options: { bias?: boolean } = {}) {
    super();
    const { bias = true } = checked('Bilinear', options, { bias: 'boolean' });
    const sizes = { in1Features, in2Features, outFeatures };
    required('Bilinear', sizes, { in1Features: 'size', in2Features: 'count', outFeatures: 'count' });
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    this.weight = uninitialized([outFeatures, in1Features, in2Features]);
    this.bias = bias ? uninitialized([outFeatures]) : null;
    this.resetParameters();
  }

  /** Starts over. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    uniform(this.weight, -bound, bound);
    if (this.bias) uniform(this.bias, -bound, bound);
  }

  forward(x1: Tensor, x2: Tensor): Tensor {
    return F.bilinear(x1, x2, this.weight, this.bias);
  }

  override extraRepr(): string {
    const { in1Features, in2Features, outFeatures, bias } = this;
    return named({
      in1_features: in1Features,
      in2_features: in2Features,
      out_features: outFeatures,
      bias: bool(bias !== null),
    });
  }
}
