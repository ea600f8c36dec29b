/**
 * Fields of objects on the host that a recorded function uses. Its recording holds while those that it read before it wrote
 * them are the same, and each replay writes again what the function wrote.
 */
import { isLike, isStill, remembered } from '../gpu/held.js';

/** A field that holds a number, a module, a tensor: something that is the same or not. */
interface Simple {
  readonly of: Readonly<Record<PropertyKey, unknown>>;
  readonly name: PropertyKey;
  readonly value: unknown;
}

interface Read {
  readonly of: object;
  readonly name: PropertyKey;
  holds(): boolean;
}

interface Written {
  get(): unknown;
  set(value: unknown): void;
  /** What was there when the function ended. */
  last: unknown;
}

/** Pairs of an object and a field's name. */
class Names {
  readonly #known = new Map<object, Set<PropertyKey>>();

  /** @returns whether the pair is new */
  add(of: object, name: PropertyKey): boolean {
    const names = this.#known.get(of) ?? new Set();
    if (names.has(name)) return false;
    this.#known.set(of, names.add(name));
    return true;
  }

  of(object: object): readonly PropertyKey[] {
    return [...(this.#known.get(object) ?? [])];
  }
}

export class Fields {
  readonly #simple: Simple[] = [];
  readonly #reads: Read[] = [];
  readonly #writes: Written[] = [];
  #used = new Names();
  #written = new Names();

  /** The function reads a field: it is to stay the same, and what arrays and plain objects hold too. */
  see(target: object, name: PropertyKey): void {
    if (!this.#used.add(target, name)) return;
    const of = target as Simple['of'];
    const value = of[name];
    const then = remembered(value);
    if (then === value) this.#simple.push({ of, name, value });
    else this.#reads.push({ of, name, holds: () => isStill(then, of[name]) });
  }

  /** The function reads what `get` returns, which is to stay the same: as `same` says, or as a field. */
  read<T>(of: object, name: PropertyKey, get: () => T, same: (then: T, now: T) => boolean = Object.is): void {
    if (!this.#used.add(of, name)) return;
    const then = get();
    this.#reads.push({ of, name, holds: () => same(then, get()) });
  }

  /** The function reads a getter, which gave `value`. One that makes something anew each time says nothing. */
  ask(of: object, name: PropertyKey, value: unknown, get: () => unknown): void {
    if (!this.#used.add(of, name)) return;
    const then = remembered(value);
    if (isLike(then, get())) this.#reads.push({ of, name, holds: () => isLike(then, get()) });
  }

  /** The function is about to write a field. */
  write<T>(of: object, name: PropertyKey, get: () => T, set: (value: T) => void): void {
    this.#used.add(of, name);
    if (!this.#written.add(of, name)) return;
    this.#writes.push({ get, set: (value) => set(value as T), last: undefined });
  }

  /** The fields of an object that the function has written so far. */
  writtenOf(of: object): readonly PropertyKey[] {
    return this.#written.of(of);
  }

  /** The function has set a field, and somebody else takes care of that in replays. */
  own(of: object, name: PropertyKey): void {
    this.#used.add(of, name);
  }

  /** The function has ended. */
  settle(): void {
    for (const field of this.#writes) field.last = field.get();
    this.#used = new Names();
    this.#written = new Names();
  }

  /** Writes again what the function wrote. */
  rewrite(): void {
    for (const { set, last } of this.#writes) set(last);
  }

  /** The first field that is no longer what the function read, such as `Net.scale`, or null. */
  get changed(): string | null {
    const found =
      this.#simple.find(({ of, name, value }) => !Object.is(of[name], value)) ??
      this.#reads.find((field) => !field.holds());
    if (!found) return null;
    const owner = found.of.constructor;
    return owner === Object ? String(found.name) : `${owner.name}.${String(found.name)}`;
  }
}
