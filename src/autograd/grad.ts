/** Gradients as values: returned rather than added to `grad`, and differentiable themselves where that is asked for. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, wantTensors } from '../gpu/options.js';
import { add } from '../ops/elementwise/arithmetic.js';
import { zerosLike } from '../tensor/create.js';
import { enableGrad, noGrad } from '../tensor/remember.js';
import { show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { gradients } from './gradients.js';
import { differentiableBackward } from './twice.js';
import { inReverse, seedOf } from './walk.js';

export interface GradOptions {
  /** Gradients by the outputs, null for 1, which needs an output of one element. Default: all 1. */
  gradOutputs?: Tensor | readonly (Tensor | null)[] | undefined;
  /** Record the gradients, so that they can be differentiated. Default: false. */
  createGraph?: boolean | undefined;
  /** Give null for an input that the outputs do not depend on, which is an error otherwise. Default: false. */
  allowUnused?: boolean | undefined;
}

const GRAD: Known<GradOptions> = { gradOutputs: 'any', createGraph: 'boolean', allowUnused: 'boolean' };

type Each<Inputs, Item> = Inputs extends readonly unknown[] ? { -readonly [I in keyof Inputs]: Item } : [Item];

const listOf = <T>(given: T | readonly T[]): readonly T[] => (Array.isArray(given) ? given : [given as T]);

/**
 * The gradient of the sum of `outputs` by `inputs`, leaves or not. No tensor's `grad` changes.
 *
 * The tape stays, so there is no `retainGraph`. With `createGraph` the gradients can be differentiated again.
 *
 * @returns a gradient for each input, in a list, as PyTorch does
 * @throws KindlingError where an input requires no gradient, or the outputs do not depend on it
 * @example
 * const [slope] = grad(y.sum(), [x], { createGraph: true });
 * const penalty = square(slope).sum();
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.grad.html
 */
export function grad<const Inputs extends Tensor | readonly Tensor[], const Options extends GradOptions = object>(
  outputs: Tensor | readonly Tensor[],
  inputs: Inputs,
  options?: Options,
): Each<Inputs, Options extends { allowUnused: true } ? Tensor | null : Tensor> {
  const given: GradOptions = checked<GradOptions>('grad', options === undefined ? {} : options, GRAD);
  const { gradOutputs = [], createGraph = false, allowUnused = false } = given;
  const [from, by, seeds] = [listOf(outputs), listOf<Tensor>(inputs), listOf(gradOutputs)];
  if (seeds.length > 0 && seeds.length !== from.length) {
    refuse(`grad: ${seeds.length} gradOutputs for ${from.length} outputs`);
  }
  wantTensors('grad', from);
  wantTensors('grad', by);
  by.forEach((input, i) => {
    if (!input.requiresGrad) refuse(`grad: input ${i}, ${show(input.shape)}, requires no gradient`);
  });
  const run = () => {
    const begun = new Map<Tensor, Tensor>();
    from.forEach((output, i) => {
      const seed = seedOf('grad', output, seeds[i]);
      const before = begun.get(output);
      begun.set(output, before ? add(before, seed) : seed);
    });
    return createGraph ? gradients(begun, by, differentiableBackward) : gradients(begun, by);
  };
  const found = createGraph ? enableGrad(run) : noGrad(run);
  const reached = new Set(inReverse(from));
  const made = by.map((input, i) => {
    const gradient = found.get(input) ?? (reached.has(input) ? zerosLike(input) : null);
    if (gradient || allowUnused) return gradient;
    const what = `the outputs do not depend on input ${i}, ${show(input.shape)}`;
    return refuse(`grad: ${what}; allowUnused gives null for it. No gradient gets out of a captured function`);
  });
  return made as ReturnType<typeof grad<Inputs, Options>>;
}
