/** Gradients by some tensors alone, through what lies between them and the outputs. */
import type { GradFn, Tensor } from '../tensor/tensor.js';
import { inReverse, passBack } from './tape.js';

type Parts = readonly (Tensor | null)[];

interface Way {
  /** The gradients by a function's inputs. Default: by its backward. */
  through?: (tensor: Tensor, made: GradFn, grad: Tensor) => Parts;
  /** Adds gradients of one tensor. Default: unrecorded. */
  plus?: (a: Tensor, b: Tensor) => Tensor;
  /** Take what made the inputs for unknown: an input's gradient does not go on to another. Default: false. */
  inputsAreLeaves?: boolean;
}

/**
 * The gradient by each of `inputs`, where there is one.
 *
 * @param begun the gradients by the outputs
 */
export function gradients(
  begun: Map<Tensor, Tensor>,
  inputs: readonly Tensor[],
  { through = (_, made, grad) => made.backward(grad), plus, inputsAreLeaves = false }: Way = {},
): Map<Tensor, Tensor> {
  const wanted = new Set(inputs);
  const leadsOn = (tensor: Tensor): boolean => !(inputsAreLeaves && wanted.has(tensor));
  // What leads to no input is not passed through.
  const needed = new Set(inputs);
  const tensors = inReverse([...begun.keys()]);
  for (const tensor of [...tensors].reverse()) {
    if (leadsOn(tensor) && tensor.gradFn?.inputs.some((input) => needed.has(input))) needed.add(tensor);
  }
  const found = new Map<Tensor, Tensor>();
  passBack(
    tensors.filter((tensor) => needed.has(tensor)),
    begun,
    (tensor, grad) => void (wanted.has(tensor) && found.set(tensor, grad)),
    (tensor, made, grad) =>
      leadsOn(tensor) && made.inputs.some((input) => needed.has(input)) ? through(tensor, made, grad) : [],
    plus,
  );
  return found;
}
