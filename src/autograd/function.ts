/** Functions with a gradient of the user's own. */
import { Tensor } from '../tensor/tensor.js';
import { differentiable, noGrad } from './tape.js';

/** What forward hands to backward. */
export interface FunctionContext {
  /** Tensors to use in backward. */
  save(...tensors: Tensor[]): void;
  readonly saved: readonly Tensor[];
  /** Whether the i-th input wants a gradient. */
  needsGrad(input: number): boolean;
}

export interface FunctionSpec<Inputs extends readonly Tensor[]> {
  readonly name: string;
  /** Computes the value. Nothing in it is recorded. */
  forward(context: FunctionContext, ...inputs: Inputs): Tensor;
  /** From the gradient by the value: one gradient per input, null where there is none. */
  backward(context: FunctionContext, grad: Tensor): readonly (Tensor | null)[];
}

/**
 * Makes a differentiable function from a forward and a backward, as `torch.autograd.Function` does.
 *
 * @example
 * const cube = defineFunction({
 *   name: 'cube',
 *   forward: (context, x: Tensor) => { context.save(x); return x.mul(x).mul(x); },
 *   backward: ({ saved: [x] }, grad) => [grad.mul(3).mul(x).mul(x)],
 * });
 * @see https://pytorch.org/docs/stable/autograd.html#function
 */
export function defineFunction<Inputs extends readonly Tensor[]>(
  spec: FunctionSpec<Inputs>,
): (...inputs: Inputs) => Tensor {
  return (...inputs) => {
    const saved: Tensor[] = [];
    const context: FunctionContext = {
      save: (...tensors) => void saved.push(...tensors),
      saved,
      needsGrad: (input) => inputs[input]?.requiresGrad ?? false,
    };
    const made = noGrad(() => spec.forward(context, ...inputs));
    // A forward that returns an input, or shares its memory, must not turn that input into this function's output.
    const value = new Tensor(made.shape, made.dtype, made.storage);
    return differentiable(spec.name, inputs, value, (grad) => spec.backward(context, grad));
  };
}
