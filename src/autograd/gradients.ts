/** Gradients by some tensors alone, through what lies between them and the outputs. */
import type { Tensor } from '../tensor/tensor.js';
import { inReverse, passBack } from './walk.js';

/**
 * The gradient by each of `inputs`, where there is one.
 *
 * @param begun the gradients by the outputs
 * @param how as {@link passBack} takes it
 */
export function gradients(
  begun: Map<Tensor, Tensor>,
  inputs: readonly Tensor[],
  ...how: Parameters<typeof passBack> extends [unknown, unknown, unknown, ...infer Rest] ? Rest : never
): Map<Tensor, Tensor> {
  const found = new Map<Tensor, Tensor>();
  const wanted = new Set(inputs);
  // What leads to no input is not passed through.
  const leads = new Set<Tensor>();
  const tensors = inReverse([...begun.keys()]);
  for (const tensor of tensors.toReversed()) {
    if (tensor.gradFn?.inputs.some((input) => wanted.has(input) || leads.has(input))) leads.add(tensor);
  }
  // A function with a shortcut past one of the inputs must not take it.
  const retained = inputs.map(({ retainsGrad }) => retainsGrad);
  for (const input of inputs) input.retainsGrad = true;
  const [through = (_, made, grad) => made.backward(grad)] = how;
  try {
    passBack(
      tensors.filter((tensor) => leads.has(tensor) || wanted.has(tensor)),
      begun,
      (tensor, grad) => void (wanted.has(tensor) && found.set(tensor, grad)),
      (tensor, made, grad) => (leads.has(tensor) ? through(tensor, made, grad) : []),
    );
  } finally {
    inputs.forEach((input, i) => {
      input.retainsGrad = retained[i] ?? false;
    });
  }
  return found;
}
