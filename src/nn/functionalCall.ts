/** A model called with other tensors in place of its own. */
import { refuse, refusePromise } from '../gpu/errors.js';
import { atMost, text, wantTensor } from '../gpu/options.js';
import { Tensor } from '../tensor/tensor.js';
import { mapTensors, tensorsIn } from '../tensor/tree.js';
import { assigned } from '../tensor/watched.js';
import type { AnyModule } from './anyModule.js';
import { wantModule } from './module.js';

/** What a call of `M` takes: its inputs, or the only one. */
type Inputs<M extends AnyModule> = Parameters<M['forward']> | Parameters<M['forward']>[0];

/**
 * Calls a model with other tensors in place of parameters and buffers, which are back in their places afterwards. Gradients flow
 * to what was given, be it computed or a leaf: for gradients through steps of training, networks that make weights, and second
 * derivatives. A tensor that the model has in several places is replaced in all of them. Works in captured steps.
 *
 * @param parameters by the names of `namedParameters()`, `namedBuffers()` or `stateDict()`; others stay
 * @param args the inputs in an array, or the only one
 * @example const y = functionalCall(model, { 'fc.weight': model.fc.weight.sub(gradient.mul(0.1)) }, x);
 * @throws KindlingError for a name that the model does not have, and for two tensors in one place
 * @see https://pytorch.org/docs/stable/generated/torch.func.functional_call.html
 */
export function functionalCall<M extends AnyModule>(
  model: M,
  parameters: Readonly<Record<string, Tensor>>,
  args: Inputs<M>,
): ReturnType<M['forward']> {
  atMost('functionalCall', 3, arguments);
  wantModule('functionalCall', model);
  const instead = replacements(model, parameters);
  const inputs: readonly unknown[] = Array.isArray(args) ? args : [args];
  const back: (() => void)[] = [];
  try {
    for (const module of model.modules()) replace(module, instead, back);
    const call = model as unknown as (...inputs: readonly unknown[]) => ReturnType<M['forward']>;
    const output = call(...inputs);
    refusePromise(output, 'functionalCall: forward must not be async');
    return output;
  } finally {
    for (const restore of back) restore();
  }
}

/** What stands for which tensor of the model. */
function replacements(model: AnyModule, given: Readonly<Record<string, Tensor>>): Map<Tensor, Tensor> {
  if (typeof given !== 'object' || given === null || given instanceof Tensor) {
    refuse(`functionalCall: wants tensors by name, as stateDict() gives them, got ${text(given)}`);
  }
  const own = new Map(named(model, '', []));
  const instead = new Map<Tensor, Tensor>();
  for (const [name, tensor] of Object.entries(given)) {
    wantTensor('functionalCall', name, tensor);
    const of = own.get(name);
    if (!of) refuse(`functionalCall: ${model.constructor.name} has no parameter or buffer ${name}`);
    if ((instead.get(of) ?? tensor) !== tensor)
      refuse(`functionalCall: ${name} is given twice, under another name too`);
    instead.set(of, tensor);
  }
  return instead;
}

/** Parameters and buffers under all their names. @param above modules that hold this one */
function named(module: AnyModule, prefix: string, above: readonly AnyModule[]): [string, Tensor][] {
  if (above.includes(module)) return [];
  const own = [...module.ownParameters(), ...module.ownBuffers()].map(([name, tensor]): [string, Tensor] => [
    prefix + name,
    tensor,
  ]);
  const below = module
    .namedChildren()
    .flatMap(([name, child]) => named(child, `${prefix}${name}.`, [...above, module]));
  return [...own, ...below];
}

/** Puts other tensors into the fields of a module. @param back gets what puts its own back */
function replace(module: AnyModule, instead: ReadonlyMap<Tensor, Tensor>, back: (() => void)[]): void {
  for (const [name, value] of Object.entries(module)) {
    if (![...tensorsIn(value)].some((tensor) => instead.has(tensor))) continue;
    const before = Object.getOwnPropertyDescriptor(module, name) as PropertyDescriptor;
    const now = mapTensors(value, (tensor) => instead.get(tensor) ?? tensor);
    back.push(() => put(module, name, before));
    put(module, name, { ...before, value: now });
  }
}

/** Defines a field that is not the module's own: it is not kept, and a buffer may be set in captured steps too. */
function put(module: AnyModule, name: string, descriptor: PropertyDescriptor): void {
  Object.defineProperty(module, assigned, { value: null, configurable: true });
  Object.defineProperty(module, name, descriptor);
  Reflect.deleteProperty(module, assigned);
}
