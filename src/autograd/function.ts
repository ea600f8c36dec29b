/** Functions with a gradient of the user's own. */
import { refuse } from '../gpu/errors.js';
import { checked, text, wantTensors } from '../gpu/options.js';
import { differentiable, isGradEnabled, noGrad } from '../tensor/remember.js';
import { checkRead, readBy, readingNow } from '../tensor/saved.js';
import { show } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';

/** What forward hands to backward. */
export interface FunctionContext {
  /** Tensors to use in backward. */
  save(...tensors: Tensor[]): void;
  /** @throws KindlingError in backward, where one of them was overwritten since */
  readonly saved: readonly Tensor[];
  /** Whether the i-th input wants a gradient. */
  needsGrad(input: number): boolean;
}

export interface FunctionSpec<Inputs extends readonly Tensor[]> {
  readonly name: string;
  /** Computes the value. Nothing in it is recorded. */
  forward(context: FunctionContext, ...inputs: Inputs): Tensor;
  /** From the gradient by the value: a list of one gradient per input, null where there is none. */
  backward(context: FunctionContext, grad: Tensor): readonly (Tensor | null)[];
}

/**
 * Makes a differentiable function from a forward and a backward, as `torch.autograd.Function` does. With `createGraph` its
 * gradient is differentiable if backward is made of differentiable functions and saves only inputs and the output.
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
  checked('defineFunction', spec, { name: 'string', forward: 'function', backward: 'function' });
  return (...inputs) => {
    wantTensors(spec.name, inputs);
    const saved: Tensor[] = [];
    let by = readingNow();
    const context: FunctionContext = {
      save: (...tensors) => void saved.push(...tensors),
      // What forward returns and saves is the function's output, with its place on the tape.
      get saved() {
        readBy(by, () => saved.forEach(checkRead));
        return saved.map((tensor) => (tensor === made ? value : tensor));
      },
      needsGrad: (input) => inputs[input]?.requiresGrad ?? false,
    };
    const made: Tensor = noGrad(() => spec.forward(context, ...inputs));
    // A forward that returns an input, or shares its memory, must not turn that input into this function's output.
    const value: Tensor = new Tensor(made.shape, made.dtype, made.storage);
    const all = (grad: Tensor): readonly (Tensor | null)[] => {
      const lost = isGradEnabled() && saved.find((t) => t !== made && t.dtype === 'f32' && !inputs.includes(t));
      if (!lost) {
        by = readingNow();
        // As in PyTorch, what it did not save it may find changed.
        const found = readBy(null, () => spec.backward(context, grad));
        const wanted = `backward returns a list of ${inputs.length}, a gradient or null for each input`;
        if (!Array.isArray(found)) refuse(`${spec.name}: ${wanted}, got ${text(found)}`);
        if (found.length !== inputs.length) refuse(`${spec.name}: ${wanted}, got ${found.length}`);
        return found;
      }
      refuse(
        `${spec.name}: its gradient is not differentiable (createGraph), for it saves ${show(lost.shape)}, neither an ` +
          'input nor the output; compute it in backward',
      );
    };
    return differentiable(spec.name, inputs, value, { all });
  };
}
