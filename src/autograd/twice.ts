/**
 * Gradients that can be differentiated themselves: passed back in differentiable functions, where plain `backward` takes kernels
 * of its own, which the tape cannot look into.
 */
import { refuse } from '../gpu/errors.js';
import { sumTo } from '../ops/broadcast.js';
import { differentiable, each } from '../tensor/remember.js';
import { show } from '../tensor/shape.js';
import { type GradFn, Tensor } from '../tensor/tensor.js';
import { gradients } from './gradients.js';

/**
 * What the function that made a tensor passes back, as functions that are recorded.
 *
 * @throws KindlingError naming a function whose gradient is in kernels alone
 */
export function differentiableBackward(_: Tensor, { name, inputs, ways }: GradFn, g: Tensor): (Tensor | null)[] {
  const { by, all, inOps } = ways;
  const parts = by ? each(by, inputs, g) : all ? all(g) : inOps && throughOps(inOps, inputs, g);
  if (!parts) {
    refuse(
      `${name} of ${inputs.map(({ shape }) => show(shape)).join(', ')}: its gradient is not differentiable (createGraph); write ` +
        'it in other functions, or give it a backward of differentiable ones by defineFunction',
    );
  }
  return parts.map((part, i) => (part && inputs[i] ? sumTo(part, inputs[i].shape) : null));
}

/** Computes a value again in functions, and passes back through those. */
function throughOps(
  inOps: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  g: Tensor,
): readonly (Tensor | null)[] {
  // What made the inputs, which may be made of one another, has its turn when this is done.
  const own = inputs.map((input) =>
    differentiable('input', [input], new Tensor(input.shape, input.dtype, input.storage), { by: [(grad) => grad] }),
  );
  const wanted = own.filter(({ requiresGrad }) => requiresGrad);
  const found = gradients(new Map([[inOps(...own), g]]), wanted, differentiableBackward);
  return own.map((input) => found.get(input) ?? null);
}
