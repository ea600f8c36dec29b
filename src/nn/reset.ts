import { sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { uniform } from './init.js';

/** How linear and convolution layers begin in PyTorch: weight and bias uniform in ±1/√(fan in). */
export function resetLinear(weight: Tensor, bias: Tensor | null): void {
  const bound = 1 / Math.sqrt(sizeOf(weight.shape.slice(1)));
  for (const one of bias ? [weight, bias] : [weight]) uniform(one, -bound, bound);
}
