import type { Tensor } from '../tensor/tensor.js';

/** Forgets the gradients of `tensors`, as PyTorch's `zero_grad(set_to_none=True)`. Their memory goes with the running step. */
export function zeroGrad(tensors: Iterable<Tensor>): void {
  for (const tensor of tensors) tensor.forgetGrad();
}
