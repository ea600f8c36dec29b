import type { Tensor } from '../tensor/tensor.js';
import { calculateFanInAndFanOut, kaimingUniform, uniform } from './init.js';

/** How linear and convolution layers begin in PyTorch: weight and bias uniform in ±1/√(fan in). */
export function resetLinear(weight: Tensor, bias: Tensor | null): void {
  kaimingUniform(weight, { a: Math.sqrt(5) });
  const bound = 1 / Math.sqrt(calculateFanInAndFanOut(weight.shape).fanIn);
  if (bias) uniform(bias, -bound, bound);
}
