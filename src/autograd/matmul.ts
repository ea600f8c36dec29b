import type { Tensor } from '../tensor/tensor.js';
export function matmul(a: Tensor, _b: Tensor): Tensor {
  return a;
}
