/** What a snapshot has to hold: tensors and states, wherever in objects they are. */
import { isHolder, partsOf } from '../gpu/held.js';
import { known } from '../known.js';
import type { Memory } from '../memory/memory.js';
import { AnyModule } from '../nn/anyModule.js';
import { Arena } from '../optim/arena.js';
import { Optimizer } from '../optim/optimizer.js';
import type { Storage } from '../stream/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { copyTree, tensorsIn } from '../tensor/tree.js';

/** An optimizer or a scheduler, by what is needed of it. */
interface Stateful {
  stateDict(): object;
  loadStateDict(state: object): unknown;
}

/** A loader, by what is needed of it. */
interface Loader {
  readonly state: { readonly epoch: number; readonly batch: number };
  setEpoch(epoch: number, batch: number): void;
}

const has = (value: object, ...names: string[]): boolean => names.every((name) => name in value);
const isStateful = (value: object): value is Stateful => has(value, 'stateDict', 'loadStateDict');
const isLoader = (value: object): value is Loader => has(value, 'state', 'setEpoch');

export class Found {
  readonly tensors = new Set<Tensor>();
  /** Optimizers and schedulers, with their states. Some make theirs anew for whoever asks. */
  readonly states = new Map<Stateful, object>();
  readonly loaders = new Set<Loader>();
  readonly #arenas = new Set<Arena>();
  readonly #seen = new Set<unknown>();

  /** Finds everything in a value: modules, optimizers, schedulers, loaders, tensors, and objects that hold such. */
  look(value: unknown): void {
    if (Object(value) !== value || this.#seen.has(value)) return;
    this.#seen.add(value);
    if (value instanceof Tensor) this.#tensor(value);
    else if (value instanceof AnyModule) {
      for (const module of value.modules()) for (const tensor of tensorsIn(Object.values(module))) this.look(tensor);
    } else if (isStateful(value as object)) {
      const stateful = value as Stateful & { readonly paramGroups?: readonly { readonly params?: unknown }[] };
      const state = stateful.stateDict();
      this.states.set(stateful, copyTree(state) as object);
      for (const { params } of stateful.paramGroups ?? []) for (const param of tensorsIn(params)) this.look(param);
      for (const tensor of tensorsIn(state)) this.look(tensor);
      momentsOf(stateful);
    } else if (isLoader(value as object)) this.loaders.add(value as Loader);
    else if (isHolder(value)) for (const part of partsOf(value)) this.look(part);
  }

  #tensor(tensor: Tensor): void {
    if (tensor.storage.isFreed) return;
    this.tensors.add(tensor);
    const arena = tensor.gradHome?.arena;
    if (!(arena instanceof Arena) || this.#arenas.has(arena)) return;
    this.#arenas.add(arena);
    // What lies in the same buffer comes back with it.
    for (const param of arena.params) this.look(param);
  }

  /** Each memory that holds something, once. */
  get storages(): Set<Storage> {
    return new Set([...this.tensors].map(({ storage }) => storage));
  }

  /** What gradients lie in, whether or not there is one. */
  gradients(): Memory[] {
    return [...this.#arenas].map((arena) => arena.at(0).grads.storage.memory().root);
  }
}

/** What optimizers were seen to keep. A state of no steps does not name it, but it is there. */
const moments = new WeakMap<Stateful, Set<Memory>>();

/** The memory of an optimizer's state now: there may be more of it than when the snapshot was taken. */
export function momentsOf(stateful: Stateful): Iterable<Memory> {
  const seen = known(moments, stateful, () => new Set<Memory>());
  if (!(stateful instanceof Optimizer)) return seen;
  for (const { storage } of tensorsIn(stateful.stateDict())) if (storage.place) seen.add(storage.place.root);
  return seen;
}
