import { refuse } from '../gpu/errors.js';
import { atMost, itemsOf } from '../gpu/options.js';
import type { Tensor } from '../tensor/tensor.js';
import { type AnyModule, Module } from './module.js';

const isModule = (value: unknown): boolean => value instanceof Module;

/**
 * Modules one after the other. Their names are their positions.
 *
 * @example new Sequential(new Linear(784, 64), new ReLU(), new Linear(64, 10))
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Sequential.html
 */
export class Sequential extends Module {
  readonly [position: number]: Module;

  constructor(...modules: Module[]) {
    super();
    Object.assign(
      this,
      itemsOf('Sequential', 'modules', modules, 'new Sequential(new Linear(2, 3), new ReLU())', isModule),
    );
  }

  forward(x: Tensor): Tensor {
    return [...this].reduce((value, module) => module(value), x);
  }

  override get length(): number {
    return this.children().length;
  }

  *[Symbol.iterator](): IterableIterator<Module> {
    yield* this.children() as unknown as Module[];
  }
}

/**
 * A list of modules for a `forward` that says how they are used. Their names are their positions.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
 */
export class ModuleList<Item extends AnyModule = Module> extends Module<never[], never> {
  readonly [position: number]: Item;

  constructor(modules: Iterable<Item> = []) {
    super();
    atMost('ModuleList', 1, arguments);
    Object.assign(this, itemsOf('ModuleList', 'modules', modules, 'new ModuleList([first, second])', isModule));
  }

  /** A list computes nothing. */
  forward(): never {
    refuse('ModuleList: a list has no forward; call its modules');
  }

  override get length(): number {
    return this.children().length;
  }

  /** Puts a module behind the others. Returns the list. */
  append(module: Item): this {
    atMost('append', 1, arguments);
    return Object.assign(this, {
      [this.length]: itemsOf('append', 'a module', [module], 'list.append(new Linear(2, 3))', isModule)[0],
    });
  }

  *[Symbol.iterator](): IterableIterator<Item> {
    yield* this.children() as unknown as Item[];
  }
}
