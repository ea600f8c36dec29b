/** Parameters that are computed from others each time they are read. */
import { refuse } from '../gpu/errors.js';
import { atMost, checked, required, text } from '../gpu/options.js';
import { noGrad } from '../tensor/remember.js';
import { Tensor } from '../tensor/tensor.js';
import { refuseInCapture } from '../tensor/watched.js';
import type { AnyModule } from './anyModule.js';
import { ModuleDict } from './dicts.js';
import { Module, wantModule } from './module.js';
import { Parameter } from './parameter.js';

/** Computes a parameter from others. */
export abstract class Parametrization extends Module<Tensor[], Tensor> {
  /** Those from which it computes a value. */
  abstract rightInverse(value: Tensor): Tensor[];
}

/** The parametrizations of one parameter, in fields named by their positions, and what they compute it from. */
export class ParametrizationList extends Module<[], Tensor> {
  readonly [position: number]: Parametrization;
  /** The parameter itself, where the first parametrization computes from one. */
  declare readonly original?: Parameter;

  constructor(first: Parametrization, original: Parameter) {
    super();
    const parts = noGrad(() => first.rightInverse(original.detach()));
    const { requiresGrad } = original;
    const fields = parts.map((part, i) => [`original${i}`, new Parameter(part, requiresGrad)]);
    Object.assign(this, parts.length === 1 ? { original } : Object.fromEntries(fields), { 0: first });
  }

  /** What the first parametrization computes from. */
  get originals(): Parameter[] {
    return this.ownParameters().map(([, parameter]) => parameter);
  }

  get parametrizations(): Parametrization[] {
    return this.children() as unknown as Parametrization[];
  }

  forward(): Tensor {
    const [first, ...others] = this.parametrizations;
    const originals = Object.values(this).filter((value) => value instanceof Tensor);
    return others.reduce((value, next) => next(value), (first as Parametrization)(...originals));
  }

  /** Lets the parameter have another value, from now on. */
  assign(value: Tensor): void {
    noGrad(() => {
      const parts = this.parametrizations.reduceRight(
        ([part], parametrization) => parametrization.rightInverse(part as Tensor),
        [value.detach()],
      );
      this.originals.forEach((original, i) => void original.copy_(parts[i] as Tensor));
    });
  }
}

/** A module, as far as it has parametrizations. */
interface Parametrized {
  parametrizations?: ModuleDict<ParametrizationList>;
}

const listOf = (module: AnyModule, name: string): ParametrizationList | undefined => {
  const lists: unknown = (module as Parametrized).parametrizations;
  return lists instanceof ModuleDict && lists.has(name) ? (lists.get(name) as ParametrizationList) : undefined;
};

/** Whether a field is computed. */
export const isParametrized = (module: AnyModule, name: string): boolean => listOf(module, name) !== undefined;

/** The parameter in a field, or what it is computed to be. @throws KindlingError where there is none */
export function parameterIn(op: string, module: AnyModule, name: string): Tensor {
  wantModule(op, module);
  refuseInCapture('a parametrization is registered or removed', 'Do it outside.');
  const value: unknown = Reflect.get(module, name);
  if (!(value instanceof Parameter) && !isParametrized(module, name)) {
    refuse(`${op}: ${module.constructor.name} has no parameter in a field ${text(name)}`);
  }
  return value as Tensor;
}

/**
 * Captured steps look at fields behind the module's back, to see whether they are what they were. Nothing is computed for them:
 * what is computed is another each time. Their sight has no private fields.
 */
function isItself(module: AnyModule): boolean {
  try {
    return module.training !== undefined;
  } catch {
    return false;
  }
}

/** Has a field of a module computed by `parametrization`, behind those that it has. */
export function parametrize(module: AnyModule, name: string, parametrization: Parametrization): void {
  parametrization.train(module.training);
  const list = listOf(module, name);
  if (list) {
    Object.assign(list, { [list.parametrizations.length]: parametrization });
    return;
  }
  const made = new ParametrizationList(parametrization, Reflect.get(module, name) as Parameter).train(module.training);
  const holder = module as Parametrized;
  holder.parametrizations ??= new ModuleDict<ParametrizationList>();
  holder.parametrizations.set(name, made);
  // By `this`, so that a copy of the module may have it too.
  Object.defineProperty(module, name, {
    get(this: AnyModule) {
      return isItself(this) ? listOf(this, name)?.() : undefined;
    },
    set(this: AnyModule, value: Tensor) {
      listOf(this, name)?.assign(value);
    },
    enumerable: false,
    configurable: true,
  });
}

/**
 * Makes a parameter one again that a parametrization computes, such as {@link weightNorm}'s. Make the optimizer anew where it was
 * computed from several: they are gone.
 *
 * @param tensorName the field, `'weight'`
 * @param options.leaveParametrized whether it keeps the value that was computed; else it gets back the one from which it was,
 *   where it is one. Default: true
 * @returns the module
 * @throws KindlingError where the field has no parametrization, or several originals and `leaveParametrized` is false
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.remove_parametrizations.html
 */
export function removeParametrizations<M extends AnyModule>(
  module: M,
  tensorName: string,
  options: { leaveParametrized?: boolean | undefined } = {},
): M {
  atMost('removeParametrizations', 3, arguments);
  const { leaveParametrized = true } = checked('removeParametrizations', options, { leaveParametrized: 'boolean' });
  required('removeParametrizations', { tensorName }, { tensorName: 'string' });
  wantModule('removeParametrizations', module);
  refuseInCapture('a parametrization is registered or removed', 'Do it outside.');
  const list = listOf(module, tensorName);
  if (!list) refuse(`removeParametrizations: ${tensorName} of ${module.constructor.name} has no parametrization`);
  const { original, originals } = list;
  if (!original && !leaveParametrized) {
    refuse(
      `removeParametrizations: ${tensorName} is computed from ${originals.length} tensors; none of them can be left`,
    );
  }
  const value = leaveParametrized ? noGrad(() => list()) : null;
  if (original && value) original.copy_(value);
  const left =
    original ??
    new Parameter(
      value as Tensor,
      originals.some(({ requiresGrad }) => requiresGrad),
    );
  Reflect.deleteProperty(module, tensorName);
  const { parametrizations } = module as Parametrized;
  parametrizations?.delete(tensorName);
  if (parametrizations?.length === 0) Reflect.deleteProperty(module, 'parametrizations');
  Object.defineProperty(module, tensorName, { value: left, writable: true, enumerable: true, configurable: true });
  return module;
}
