/** Copies of models that share nothing with them. */
import { refuse } from '../gpu/errors.js';
import { atMost } from '../gpu/options.js';
import { keep } from '../tensor/step.js';
import { fieldsOf, Tensor } from '../tensor/tensor.js';
import { refuseInCapture } from '../tensor/watched.js';
import { AnyModule } from './anyModule.js';
import { wantModule } from './module.js';
import { Parameter } from './parameter.js';

/**
 * A copy of a model, with parameters and buffers of its own that have the same contents: of the same classes, in the same mode,
 * with the same `requiresGrad`. What is one in the model is one in the copy, such as weights that two layers share. Gradients
 * and hooks are not copied. Arrays, Maps, Sets and plain objects in fields are copied too; functions and other objects are the
 * same ones.
 *
 * @example const teacher = deepcopy(model).eval().requiresGrad_(false);
 * @throws KindlingError where a class has private fields, which nobody can copy, or a field holds a tensor that was computed
 * @see https://docs.python.org/3/library/copy.html#copy.deepcopy
 */
export function deepcopy<M extends AnyModule>(model: M): M {
  atMost('deepcopy', 1, arguments);
  wantModule('deepcopy', model);
  refuseInCapture('a model is copied', 'Copy it outside.');
  return copied(model, new Map()) as M;
}

function copied(value: unknown, known: Map<unknown, unknown>): unknown {
  const before = known.get(value);
  if (before !== undefined) return before;
  const noting = <T>(made: T): T => {
    known.set(value, made);
    return made;
  };
  const copy = (part: unknown): unknown => copied(part, known);
  if (value instanceof AnyModule) return copiedModule(value, noting, copy);
  if (value instanceof Tensor) return noting(copiedTensor(value, known));
  if (Array.isArray(value)) {
    const made: unknown[] = noting([]);
    for (const item of value) made.push(copy(item));
    return made;
  }
  if (value instanceof Map) {
    const made = noting(new Map<unknown, unknown>());
    for (const [key, item] of value) made.set(copy(key), copy(item));
    return made;
  }
  if (value instanceof Set) {
    const made = noting(new Set());
    for (const item of value) made.add(copy(item));
    return made;
  }
  const prototype = typeof value === 'object' && value !== null ? Reflect.getPrototypeOf(value) : undefined;
  if (prototype !== Object.prototype && prototype !== null) return value;
  const made = noting<Record<PropertyKey, unknown>>(Object.create(prototype));
  for (const [key, item] of Object.entries(value as object)) made[key] = copy(item);
  return made;
}

/** A module of the same class, without its constructor. */
function copiedModule(module: AnyModule, noting: <T>(made: T) => T, copy: (part: unknown) => unknown): AnyModule {
  for (let at: object = module; at !== AnyModule.prototype; at = Reflect.getPrototypeOf(at) as object) {
    if (!/\.#[\w$]/.test(String(at.constructor))) continue;
    refuse(`deepcopy: ${at.constructor.name} has private fields, which cannot be copied; write them without #`);
  }
  const made: AnyModule = noting(Reflect.construct(AnyModule, [], module.constructor as new () => AnyModule));
  made.training = module.training;
  const [buffers, persistent] = [module.ownBuffers(), module.ownBuffers(true)].map(
    (own) => new Set(own.map(([, buffer]) => buffer)),
  ) as [Set<unknown>, Set<unknown>];
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(module))) {
    // What hooks put around `forward` is not enumerable, and belongs to the module itself.
    if ('value' in descriptor && !descriptor.enumerable) continue;
    if (!('value' in descriptor)) {
      Object.defineProperty(made, name, descriptor);
      continue;
    }
    const value = copy(descriptor.value);
    if (buffers.has(descriptor.value)) {
      made.registerBuffer(name, value as Tensor, { persistent: persistent.has(descriptor.value) });
    }
    Object.defineProperty(made, name, { ...descriptor, value });
  }
  return made;
}

/** A tensor with memory of its own, which is shared by copies of those that shared it. */
function copiedTensor(tensor: Tensor, known: Map<unknown, unknown>): Tensor {
  const { shape, dtype, storage, requiresGrad, isLeaf } = tensor;
  if (!isLeaf) refuse('deepcopy: a field holds a tensor that was computed; only leaves can be copied: use detach()');
  let memory = known.get(storage);
  if (!(memory instanceof Tensor)) {
    memory = keep(new Tensor(shape, dtype)).copy_(tensor.detach());
    known.set(storage, memory);
  }
  const view = new Tensor(shape, dtype, (memory as Tensor).storage);
  const made = tensor instanceof Parameter ? new Parameter(view, requiresGrad) : view.requiresGrad_(requiresGrad);
  return Object.assign(made, Object.fromEntries(fieldsOf(tensor)));
}
