/** Walking back: gradients pass through what tensors remember of the functions that made them, in reverse. */

import { refuse } from '../gpu/errors.js';
import { wantTensor } from '../gpu/options.js';
import { add } from '../ops/elementwise/arithmetic.js';
import { constantOf } from '../tensor/create.js';
import { readBy } from '../tensor/saved.js';
import { sameShape, show } from '../tensor/shape.js';
import type { GradFn, Tensor } from '../tensor/tensor.js';

/** The gradient by `root` to begin with, checked; 1 where none is given. */
export function seedOf(name: string, root: Tensor, seed: Tensor | null = null): Tensor {
  wantTensor(name, 'root', root);
  if (seed !== null) wantTensor(name, 'gradient', seed);
  if (!root.requiresGrad) refuse(`${name}: nothing that made this tensor requires a gradient`);
  if (!seed && root.size !== 1) {
    refuse(`${name}: shape ${show(root.shape)} is no scalar; give the gradient by it, or sum() first`);
  }
  if (seed && !sameShape(seed.shape, root.shape)) {
    refuse(`${name}: gradient of shape ${show(seed.shape)} for a tensor of shape ${show(root.shape)}`);
  }
  return seed ?? constantOf(root.shape, 1);
}

/**
 * Passes gradients back through what was recorded.
 *
 * @param tensors what to pass through, each after all that depend on it
 * @param grads the gradients to begin with
 * @param arrive is given every tensor with its gradient, once that is complete
 * @param through gives the gradients by the inputs of the function that made a tensor
 */
export function passBack(
  tensors: readonly Tensor[],
  grads: Map<Tensor, Tensor>,
  arrive: (tensor: Tensor, grad: Tensor) => void,
  through = (_: Tensor, made: GradFn, grad: Tensor) => made.backward(grad),
): void {
  for (const tensor of tensors) {
    const complete = grads.get(tensor);
    if (!complete) continue;
    grads.delete(tensor);
    const grad = tensor.hook?.(complete) ?? complete;
    arrive(tensor, grad);
    const { gradFn } = tensor;
    if (!gradFn) continue;
    const parts = readBy({ ...gradFn, grad }, () => through(tensor, gradFn, grad));
    parts.forEach((part, i) => {
      const input = gradFn.inputs[i];
      if (!part || !input?.requiresGrad) return;
      if (!sameShape(part.shape, input.shape)) {
        refuse(`${gradFn.name}: backward made ${show(part.shape)} for an input of ${show(input.shape)}`);
      }
      const before = grads.get(input);
      grads.set(input, before ? add(before, part) : part);
    });
  }
}

/** Every tensor that `roots` depend on and that requires a gradient, each after all that depend on it. */
export function inReverse(roots: readonly Tensor[]): Tensor[] {
  const seen = new Set(roots);
  const stack = [...roots];
  for (let tensor = stack.pop(); tensor; tensor = stack.pop()) {
    for (const input of tensor.gradFn?.inputs ?? []) {
      if (!input.requiresGrad || seen.has(input)) continue;
      seen.add(input);
      stack.push(input);
    }
  }
  return [...seen].sort((a, b) => (b.gradFn?.order ?? -1) - (a.gradFn?.order ?? -1));
}
