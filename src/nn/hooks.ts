/**
 * Hooks on modules. Who calls a module runs its `forward`, so that is where hooks are: the first one puts itself around the
 * forward of that one module, and is there too where `forward` is called by its name.
 */
import { type Grads, type HookHandle, joined, register } from '../autograd/hooks.js';
import { refuse } from '../gpu/errors.js';
import { atMost, required } from '../gpu/options.js';
import { isGradEnabled } from '../tensor/remember.js';
import type { Tensor } from '../tensor/tensor.js';
import { mapTensors, tensorsIn } from '../tensor/tree.js';
import { seeField } from '../tensor/watched.js';
import { around } from './around.js';
import { type AnyModule, type Module, wantModule } from './module.js';

// biome-ignore lint/suspicious/noConfusingVoidType: a hook may return nothing
type Or<T> = T | undefined | null | void;
type Hooks = Set<{ call: (...given: never[]) => unknown }>;

const listOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);
const known = new WeakMap<AnyModule, Record<Where, Hooks>>();

/** What the hooks make of what they are given: each sees what the one before left in the `at`-th place. */
function pass(hooks: Hooks, given: readonly unknown[], at: number, made = (value: unknown) => value): unknown {
  const now = [...given];
  for (const { call } of hooks) now[at] = made(Reflect.apply(call, null, now) ?? now[at]);
  return now[at];
}

type Where = 'pre' | 'post' | 'back';

/** Registers a hook on a module. */
function addTo(name: string, module: object, where: Where, hook: (...given: never[]) => unknown): HookHandle {
  wantModule(name, module);
  required(name, { hook }, { hook: 'function' });
  return register(hooksOf(module as AnyModule)[where], hook);
}

function hooksOf(module: AnyModule): Record<Where, Hooks> {
  const found = known.get(module);
  if (found) return found;
  const hooks = { pre: new Set(), post: new Set(), back: new Set() } as Record<Where, Hooks>;
  known.set(module, hooks);
  const registry = { hooks };
  around(module, (forward, given) => {
    seeField(registry, 'hooks');
    const inputs = pass(hooks.pre, [module, given], 1, listOf) as readonly unknown[];
    const run = (seen: readonly unknown[]) => pass(hooks.post, [module, seen, forward(seen)], 2);
    return hooks.back.size > 0 && isGradEnabled() ? watched(module, hooks.back, inputs, run) : run(inputs);
  });
  return hooks;
}

/** Runs a module with hooks on the gradients by its inputs and outputs. */
function watched(
  module: AnyModule,
  hooks: Hooks,
  inputs: readonly unknown[],
  run: (inputs: readonly unknown[]) => unknown,
) {
  let gradOutputs: Grads = [];
  const see = (found: Grads): Grads => {
    const grads = pass(hooks, [module, found, gradOutputs], 1, listOf) as Grads;
    if (grads.length === inputs.length) return grads;
    refuse(`registerFullBackwardHook: ${grads.length} gradients for ${inputs.length} inputs`);
  };
  const seen = joined(inputs, see);
  const output = run(seen);
  const outputs = joined([...tensorsIn(output)], (grads) => {
    gradOutputs = grads;
    // Nothing goes further: no gradient by an input will tell.
    if (seen === inputs) see(inputs.map(() => null));
    return grads;
  }).values();
  return mapTensors(output, () => outputs.next().value as Tensor);
}

/**
 * Calls `hook` when this module is called, before its forward. What it returns, a list or the only one, takes the place of the
 * inputs.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html
 */
export function registerForwardPreHook<Inputs extends readonly unknown[]>(
  module: Module<Inputs, unknown>,
  hook: (module: Module<Inputs, unknown>, inputs: Inputs) => Or<Inputs | Inputs[0]>,
): HookHandle {
  atMost('registerForwardPreHook', 2, arguments);
  return addTo('registerForwardPreHook', module, 'pre', hook);
}

/**
 * Calls `hook` when this module is called, after its forward. What it returns takes the place of the output.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html
 */
export function registerForwardHook<Inputs extends readonly unknown[], Output>(
  module: Module<Inputs, Output>,
  hook: (module: Module<Inputs, Output>, inputs: Inputs, output: Output) => Or<Output>,
): HookHandle {
  atMost('registerForwardHook', 2, arguments);
  return addTo('registerForwardHook', module, 'post', hook);
}

/**
 * Calls `hook` in backward, when the gradients by all inputs of this module are there, or, where no input requires one, those
 * by its outputs; null where there is none. What it returns takes the place of the gradients by the inputs.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html
 */
export function registerFullBackwardHook<Inputs extends readonly unknown[]>(
  module: Module<Inputs, unknown>,
  hook: (module: Module<Inputs, unknown>, gradInputs: Grads, gradOutputs: Grads) => Or<Grads | Tensor>,
): HookHandle {
  atMost('registerFullBackwardHook', 2, arguments);
  return addTo('registerFullBackwardHook', module, 'back', hook);
}
