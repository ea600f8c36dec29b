/** Modules by name, and parameters in a list. */
import { refuse } from '../gpu/errors.js';
import { atMost, text } from '../gpu/options.js';
import { Tensor } from '../tensor/tensor.js';
import { type AnyModule, Module } from './module.js';
import { Parameter } from './parameter.js';

type Named<Item> = Readonly<Record<string, Item>> | Iterable<readonly [string, Item]>;

/** Names and modules. @throws KindlingError unless they are such */
function pairsOf<Item>(op: string, given: Named<Item>): [string, Item][] {
  const wrong = (): never =>
    refuse(`${op}: wants modules by name, got ${text(given)}; write new ModuleDict({ linear: new Linear(2, 3) })`);
  if (typeof given !== 'object' || given === null) wrong();
  const pairs: unknown[] = Symbol.iterator in given ? [...given] : Object.entries(given);
  return pairs.map((pair) => {
    const [name, module]: unknown[] = Array.isArray(pair) && pair.length === 2 ? pair : wrong();
    if (typeof name !== 'string' || !(module instanceof Module)) wrong();
    return [name as string, module as Item];
  });
}

/**
 * Modules by name for a `forward` that says how they are used, in the order in which they came. Parameters have the names in
 * front of theirs: `heads.aux.weight`.
 *
 * @example
 * const heads = new ModuleDict({ aux: new Linear(8, 2), main: new Linear(8, 10) });
 * const y = heads.get('main')(x);
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html
 */
export class ModuleDict<Item extends AnyModule = Module> extends Module<never[], never> {
  /** What {@link ModuleDict.get} and the others see. */
  readonly byName = new Map<string, Item>();

  /** @param modules an object, a Map, or pairs of names and modules. Default: none */
  constructor(modules: Named<Item> = {}) {
    super();
    atMost('ModuleDict', 1, arguments);
    for (const [name, module] of pairsOf('ModuleDict', modules)) this.set(name, module);
  }

  /** A dict computes nothing. */
  forward(): never {
    refuse('ModuleDict: a dict has no forward; call its modules');
  }

  override namedChildren(): [string, AnyModule][] {
    return [...this.byName];
  }

  /** The module of a name. @throws KindlingError where there is none */
  get(name: string): Item {
    return (
      this.byName.get(name) ?? refuse(`ModuleDict: no module ${text(name)}; there are ${[...this.keys()].join(', ')}`)
    );
  }

  /** Puts a module under a name, in place of the one that has it. @throws KindlingError where a name is empty or has a dot */
  set(name: string, module: Item): this {
    const [[key, value] = ['', module]] = pairsOf('ModuleDict', [[name, module]]);
    if (key === '' || key.includes('.')) refuse(`ModuleDict: a name is neither empty nor has a dot, got ${text(key)}`);
    this.byName.set(key, value);
    return this;
  }

  /** Puts all of them in. */
  update(modules: Named<Item>): this {
    for (const [name, module] of pairsOf('ModuleDict', modules)) this.set(name, module);
    return this;
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  /** Takes a module out. Returns whether there was one. */
  delete(name: string): boolean {
    return this.byName.delete(name);
  }

  clear(): void {
    this.byName.clear();
  }

  keys(): IterableIterator<string> {
    return this.byName.keys();
  }

  values(): IterableIterator<Item> {
    return this.byName.values();
  }

  entries(): IterableIterator<[string, Item]> {
    return this.byName.entries();
  }

  override get length(): number {
    return this.byName.size;
  }

  [Symbol.iterator](): IterableIterator<[string, Item]> {
    return this.entries();
  }
}

/**
 * A list of parameters for a `forward` that says how they are used. Their names are their positions. Other tensors that are put
 * into it become parameters, which take their memory over.
 *
 * @example const scales = new ParameterList([ones([3]), new Parameter(zeros([2, 3]))]);
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ParameterList.html
 */
export class ParameterList extends Module<never[], never> {
  readonly [position: number]: Parameter;

  constructor(values: Iterable<Tensor> = []) {
    super();
    atMost('ParameterList', 1, arguments);
    this.extend(values);
  }

  /** A list computes nothing. */
  forward(): never {
    refuse('ParameterList: a list has no forward; use its parameters');
  }

  /** Puts a parameter behind the others. Returns the list. */
  append(value: Tensor): this {
    atMost('ParameterList', 1, arguments);
    return this.extend([value]);
  }

  /** Puts parameters behind the others. Returns the list. */
  extend(values: Iterable<Tensor>): this {
    const given: unknown = values;
    const items = Object(given) === given && Symbol.iterator in (given as object) ? [...values] : null;
    if (!items?.every((item) => item instanceof Tensor)) {
      refuse(`ParameterList: wants parameters, got ${text(given)}; write new ParameterList([first, second])`);
    }
    for (const item of items) {
      Object.assign(this, { [this.length]: item instanceof Parameter ? item : new Parameter(item) });
    }
    return this;
  }

  override get length(): number {
    return [...this].length;
  }

  *[Symbol.iterator](): IterableIterator<Parameter> {
    // Others may stand in their places.
    for (const value of Object.values(this)) if (value instanceof Tensor) yield value as Parameter;
  }

  override toString(): string {
    const lines = [...this].map(
      ({ dtype, shape }, i) => `  (${i}): Parameter containing: [${dtype} of size ${shape.join('x')}]`,
    );
    if (lines.length < 2) return `ParameterList(${lines.join('')})`;
    return `ParameterList(\n${lines.map((line) => `  ${line}`).join('\n')}\n)`;
  }
}
