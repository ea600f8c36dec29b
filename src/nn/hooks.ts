/**
 * Hooks on modules. Here a module is called by its `forward`, so that is where hooks are: the first one puts itself around the
 * forward of that one module, whoever calls it.
 */
import { type HookHandle, joined, register } from '../autograd/hooks.js';
import { isGradEnabled } from '../autograd/tape.js';
import { KindlingError } from '../gpu/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { mapTensors, tensorsIn } from '../tensor/tree.js';
import { around } from './around.js';
import type { AnyModule, Module } from './module.js';

type Grads = readonly (Tensor | null)[];
// biome-ignore lint/suspicious/noConfusingVoidType: a hook may return nothing
type Nothing = undefined | null | void;

/** Sees a module's inputs; may return others, in a list, or the only one. */
export type ForwardPreHook<Inputs extends readonly unknown[]> = (
  module: Module<Inputs, unknown>,
  inputs: Inputs,
) => Inputs | Inputs[0] | Nothing;

/** Sees inputs and output; may return another output. */
export type ForwardHook<Inputs extends readonly unknown[], Output> = (
  module: Module<Inputs, Output>,
  inputs: Inputs,
  output: Output,
) => Output | Nothing;

/** Sees the gradients by inputs and outputs, null where there is none; may return others by the inputs. */
export type FullBackwardHook<Inputs extends readonly unknown[]> = (
  module: Module<Inputs, unknown>,
  gradInputs: Grads,
  gradOutputs: Grads,
) => Grads | Tensor | Nothing;

type Hooks<Call> = Set<{ call: Call }>;

interface Hooked {
  readonly pre: Hooks<(module: AnyModule, inputs: readonly unknown[]) => unknown>;
  readonly post: Hooks<(module: AnyModule, inputs: readonly unknown[], output: unknown) => unknown>;
  readonly back: Hooks<(module: AnyModule, gradInputs: Grads, gradOutputs: Grads) => Grads | Tensor | Nothing>;
}

const listOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);
const known = new WeakMap<AnyModule, Hooked>();

function hooksOf(module: AnyModule): Hooked {
  const found = known.get(module);
  if (found) return found;
  const hooks: Hooked = { pre: new Set(), post: new Set(), back: new Set() };
  known.set(module, hooks);
  around(module, (forward, given) => {
    let inputs = given;
    for (const { call } of hooks.pre) inputs = listOf(call(module, inputs) ?? inputs);
    const end = hooks.back.size > 0 && isGradEnabled() ? watched(module, hooks.back, inputs) : null;
    if (end) inputs = end.inputs;
    let output = forward(inputs);
    for (const { call } of hooks.post) output = call(module, inputs, output) ?? output;
    return end ? end.outputs(output) : output;
  });
  return hooks;
}

/** The inputs, and then the outputs, with backward hooks on the gradients by them. */
function watched(module: AnyModule, hooks: Hooked['back'], inputs: readonly unknown[]) {
  const asks = (value: unknown): value is Tensor => value instanceof Tensor && value.requiresGrad;
  const sources = inputs.filter(asks);
  let gradOutputs: Grads = [];
  const see = (found: Grads): Grads => {
    const place = (i: number): number => inputs.slice(0, i).filter(asks).length;
    let grads: Grads = inputs.map((input, i) => (asks(input) ? (found[place(i)] ?? null) : null));
    for (const { call } of hooks) {
      const given = call(module, grads, gradOutputs);
      if (given) grads = listOf<Tensor | null>(given);
    }
    if (grads.length === inputs.length) return grads.filter((_, i) => asks(inputs[i]));
    throw new KindlingError(`registerFullBackwardHook: ${grads.length} gradients for ${inputs.length} inputs`);
  };
  const aliases = sources.length > 0 ? joined(sources, see) : [];
  return {
    inputs: inputs.map((input) => (asks(input) ? aliases.shift() : input)),
    outputs(output: unknown): unknown {
      const all = [...tensorsIn(output)];
      const made = joined(all.filter(asks), (grads) => {
        let next = 0;
        gradOutputs = all.map((tensor) => (asks(tensor) ? (grads[next++] ?? null) : null));
        // Nothing goes further: no gradient by an input will tell.
        if (sources.length === 0) see([]);
        return grads;
      });
      return mapTensors(output, (tensor) => (asks(tensor) ? (made.shift() as Tensor) : tensor));
    },
  };
}

/**
 * Calls `hook` before the forward of this module, whoever calls that. What it returns takes the place of the inputs.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html
 */
export const registerForwardPreHook = <Inputs extends readonly unknown[]>(
  module: Module<Inputs, unknown>,
  hook: ForwardPreHook<Inputs>,
): HookHandle => register(hooksOf(module as AnyModule).pre, hook as never);

/**
 * Calls `hook` after the forward of this module. What it returns takes the place of the output.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html
 */
export const registerForwardHook = <Inputs extends readonly unknown[], Output>(
  module: Module<Inputs, Output>,
  hook: ForwardHook<Inputs, Output>,
): HookHandle => register(hooksOf(module as AnyModule).post, hook as never);

/**
 * Calls `hook` in backward, when the gradients by all inputs of this module are there, or, where no input requires one, those
 * by its outputs. What it returns takes the place of the gradients by the inputs.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html
 */
export const registerFullBackwardHook = <Inputs extends readonly unknown[]>(
  module: Module<Inputs, unknown>,
  hook: FullBackwardHook<Inputs>,
): HookHandle => register(hooksOf(module as AnyModule).back, hook as never);
