/**
 * Fields of objects on the host that a recorded function uses. Its recording holds while those that it read before it wrote
 * them are the same, and each replay writes again what the function wrote.
 */
import { isLike, isStill, remembered } from '../gpu/held.js';
import { known } from '../known.js';

/** A field that is to stay as it was `before`; or what `get` returns, as `same` says. */
interface Read {
  readonly of: object;
  readonly name: PropertyKey;
  readonly before: unknown;
  readonly get?: () => unknown;
  readonly same?: (then: never, now: never) => boolean;
}

/** Compares without a function of its own where it can: this is done for all fields before each replay. */
const holds = ({ of, name, before, get, same = isStill }: Read): boolean =>
  (same as typeof isStill)(before, get ? get() : (of as Fielded)[name]);

interface Written {
  get(): unknown;
  set(value: unknown): void;
  /** What was there when the function ended. */
  last: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: a field may hold anything
type Fielded = Record<PropertyKey, any>;

/** Names of fields, by object. */
type Names = Map<object, Set<PropertyKey>>;

/** @returns whether the pair of an object and a field's name is new */
function add(names: Names, of: object, name: PropertyKey): boolean {
  const those = known(names, of, () => new Set());
  return !those.has(name) && Boolean(those.add(name));
}

export class Fields {
  readonly #reads: Read[] = [];
  readonly #writes: Written[] = [];
  readonly #used: Names = new Map();
  readonly #written: Names = new Map();

  /** The function reads a field: it is to stay the same, and what arrays and plain objects hold too. */
  see(of: object, name: PropertyKey): void {
    if (!this.own(of, name)) return;
    this.#reads.push({ of, name, before: remembered((of as Fielded)[name]) });
  }

  /** The function reads what `get` returns, which is to stay the same: as `same` says. */
  read<T>(of: object, name: PropertyKey, get: () => T, same: (then: T, now: T) => boolean = Object.is): void {
    if (this.own(of, name)) this.#reads.push({ of, name, before: get(), get, same });
  }

  /** The function reads a getter, which gave `value`. One that makes something anew each time says nothing. */
  ask(of: object, name: PropertyKey, value: unknown, get: () => unknown): void {
    if (!this.own(of, name)) return;
    const read = { of, name, before: remembered(value), get, same: isLike };
    if (holds(read)) this.#reads.push(read);
  }

  /** What the function does depends on `get`, which is to return true; `what` names it. */
  guard(what: string, get: () => boolean): void {
    this.#reads.push({ of: {}, name: what, before: true, get });
  }

  /** The function is about to write a field. */
  write<T>(
    of: object,
    name: PropertyKey,
    get: () => T = () => (of as Fielded)[name],
    set: (value: T) => void = (value) => {
      (of as Fielded)[name] = value;
    },
  ): void {
    this.own(of, name);
    if (add(this.#written, of, name)) this.#writes.push({ get, set: set as Written['set'], last: undefined });
  }

  /** The fields of an object that the function has written so far. */
  writtenOf(of: object): readonly PropertyKey[] {
    return [...(this.#written.get(of) ?? [])];
  }

  /**
   * What a field held before does not matter any more: the function has set it, and somebody else takes care of that in replays.
   *
   * @returns whether it has mattered so far
   */
  own(of: object, name: PropertyKey): boolean {
    return add(this.#used, of, name);
  }

  /** The function has ended. */
  settle(): void {
    for (const field of this.#writes) field.last = field.get();
    this.#used.clear();
    this.#written.clear();
  }

  /** Writes again what the function wrote. */
  rewrite(): void {
    for (const { set, last } of this.#writes) set(last);
  }

  /** The first thing that is no longer what the function read, such as `Net.scale`, or null. */
  get changed(): string | null {
    const found = this.#reads.find((field) => !holds(field));
    if (!found) return null;
    const owner = found.of.constructor;
    return owner === Object ? String(found.name) : `${owner.name}.${String(found.name)}`;
  }
}
