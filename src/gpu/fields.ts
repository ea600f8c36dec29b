/**
 * Fields of objects on the host that a recorded function uses. Its recording holds while those that it read before it wrote
 * them are the same, and each replay writes again what the function wrote.
 */
import { isStill, remembered } from './held.js';

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
}

export class Fields {
  readonly #reads: Read[] = [];
  readonly #writes: Written[] = [];
  #used = new Names();
  #written = new Names();

  /**
   * The function reads a field.
   *
   * @param same compares its value of then and of now. Default: by identity, and by what arrays and plain objects hold
   */
  read<T>(of: object, name: PropertyKey, get: () => T, same?: (then: T, now: T) => boolean): void {
    if (!this.#used.add(of, name)) return;
    const value = get();
    const then = same ? value : remembered(value);
    this.#reads.push({ of, name, holds: () => (same ? same(value, get()) : isStill(then, get())) });
  }

  /** The function is about to write a field. */
  write<T>(of: object, name: PropertyKey, get: () => T, set: (value: T) => void): void {
    this.#used.add(of, name);
    if (!this.#written.add(of, name)) return;
    this.#writes.push({ get, set: (value) => set(value as T), last: undefined });
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
    const found = this.#reads.find((field) => !field.holds());
    return found ? `${found.of.constructor.name}.${String(found.name)}` : null;
  }
}
