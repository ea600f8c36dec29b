/** What values hold: which objects are looked into, and whether what they held is still there. */
import { isTensor } from './options.js';

/** Objects with this key stand for themselves: nobody looks into them or copies them. */
export const opaque: unique symbol = Symbol('kindling.opaque');

const ROOTS = new Set<unknown>([Array.prototype, Map.prototype, Set.prototype]);
const NATIVE = /\{\s*\[native code\]\s*\}\s*$/;
const kinds = new WeakMap<object, boolean>();

/** Whether fields show what instances hold. Those of the host's own classes (a Date, a GPUBuffer) show nothing. */
function isOpen(prototype: object | null): boolean {
  if (prototype === null || ROOTS.has(prototype)) return true;
  const known = kinds.get(prototype);
  if (known !== undefined) return known;
  const above = Object.getPrototypeOf(prototype);
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  const native = maker !== undefined && (typeof maker !== 'function' || NATIVE.test(`${maker}`));
  // What has nothing above it is an Object.prototype, of whatever realm.
  const open = above === null || (!native && isOpen(above));
  kinds.set(prototype, open);
  return open;
}

/** The numbers of typed arrays, buffers and dates, with an array's methods that only read; null for what else there is. */
export function numbersOf(value: unknown): readonly unknown[] | null {
  if (value instanceof Date) return [value.getTime()];
  if (value instanceof ArrayBuffer) return new Uint8Array(value) as never;
  if (value instanceof DataView) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength) as never;
  return ArrayBuffer.isView(value) ? (value as never) : null;
}

/** Whether a value is an object whose content can be seen: an array, a Map, a Set, a plain object or a class's instance. */
export const isHolder = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !(opaque in value) && isOpen(Object.getPrototypeOf(value));

/** Names and values of a holder's fields in turn; of a Map its keys and values, of a Set its members. */
export function partsOf(holder: object): readonly unknown[] {
  const parts: unknown[] = [];
  if (holder instanceof Map) for (const [key, value] of holder) parts.push(key, value);
  else if (holder instanceof Set) parts.push(...holder);
  for (const name of Reflect.ownKeys(holder)) parts.push(name, Reflect.get(holder, name));
  return parts;
}

/** Objects that hold more are compared by identity alone. */
const MOST_PARTS = 1000;

/** What an object held at one time. */
class Held {
  readonly #of: object;
  readonly #parts: readonly unknown[];

  constructor(of: object, parts: readonly unknown[], seen: ReadonlySet<object>) {
    this.#of = of;
    this.#parts = parts.map((part) => remembered(part, seen));
  }

  holds(value: unknown, same: typeof isStill): boolean {
    const now = contentOf(value);
    return now?.length === this.#parts.length && this.#parts.every((part, i) => same(part, now[i]));
  }

  isStill(value: unknown): boolean {
    return value === this.#of && this.holds(value, isStill);
  }
}

function contentOf(value: unknown): readonly unknown[] | null {
  const numbers = numbersOf(value);
  if (numbers) return numbers.length > MOST_PARTS ? null : [...numbers];
  if (Array.isArray(value)) return value;
  return isHolder(value) ? partsOf(value) : null;
}

/** A value together with what it holds, to compare with what is there later. */
export function remembered(value: unknown, seen: ReadonlySet<object> = new Set()): unknown {
  const parts = contentOf(value);
  if (!parts || parts.length > MOST_PARTS || seen.has(value as object)) return value;
  return new Held(value as object, parts, new Set([...seen, value as object]));
}

/** Whether `value` is what was {@link remembered}, and holds the same. */
export const isStill = (before: unknown, value: unknown): boolean =>
  before instanceof Held ? before.isStill(value) : Object.is(before, value);

/** Whether `value` is what was {@link remembered}, or another object that holds the same; tensors may share their memory. */
export function isLike(before: unknown, value: unknown): boolean {
  if (before instanceof Held) return before.holds(value, isLike);
  return Object.is(before, value) || (isTensor(before) && isTensor(value) && before.storage === value.storage);
}

export const sameItems = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i]);
