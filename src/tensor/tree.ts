/** Values that hold tensors: arrays, Maps, Sets, plain objects and instances of classes, and these within one another. */
import { refuse } from '../gpu/errors.js';
import { isHolder, numbersOf, partsOf, sameItems } from '../gpu/held.js';
import { sameShape } from './shape.js';
import { fieldsOf, Tensor } from './tensor.js';

/** The tensors in a value. */
export function* tensorsIn(value: unknown, seen = new Set<object>()): Generator<Tensor> {
  if (value instanceof Tensor) yield value;
  if (!isHolder(value) || seen.has(value)) return;
  seen.add(value);
  for (const part of partsOf(value)) yield* tensorsIn(part, seen);
}

/** The same value with every tensor replaced, in the order of {@link tensorsIn}. What holds none is not copied. */
export function mapTensors(value: unknown, replace: (tensor: Tensor) => Tensor): unknown {
  return copyTree(value, replace, (holder) => !tensorsIn(holder).next().done);
}

/** As {@link mapTensors}, with copies of all that is looked into and `wanted`, and of numbers. */
export function copyTree(
  value: unknown,
  replace = (tensor: Tensor) => tensor,
  wanted: (holder: object) => boolean = () => true,
  made = new Map<object, object>(),
): unknown {
  if (value instanceof Tensor) return replace(value);
  if (numbersOf(value) && wanted(value as object)) return structuredClone(value);
  if (isIterator(value) && wanted(value)) {
    refuse('capture: an iterator is gone through once. Pass an array: [...it].');
  }
  if (!isHolder(value)) return value;
  const before = made.get(value);
  if (before) return before;
  if (!wanted(value)) return value;
  const copy = (part: unknown): unknown => copyTree(part, replace, wanted, made);
  const into = emptyLike(value);
  made.set(value, into);
  if (value instanceof Map) for (const [key, item] of value) (into as typeof value).set(copy(key), copy(item));
  if (value instanceof Set) for (const item of value) (into as typeof value).add(copy(item));
  for (const name of Reflect.ownKeys(value)) {
    const { enumerable = true } = Reflect.getOwnPropertyDescriptor(value, name) ?? {};
    const rest = name === 'length' && Array.isArray(into) ? {} : { enumerable, configurable: true };
    Object.defineProperty(into, name, { value: copy(Reflect.get(value, name)), writable: true, ...rest });
  }
  return into;
}

const isIterator = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Symbol.iterator in value && 'next' in value;

/** An object of the same class that holds nothing. */
function emptyLike(value: object): object {
  const plain = Array.isArray(value) ? [] : value instanceof Map ? new Map() : value instanceof Set ? new Set() : {};
  return Object.setPrototypeOf(plain, Object.getPrototypeOf(value));
}

/** Where two values are not alike: the fields that lead there, and what each has. */
export interface Difference {
  readonly path: string[];
  readonly before: unknown;
  readonly now: unknown;
}

/** The first place in which two values differ otherwise than in the content of tensors; null where they are alike. */
export function difference(before: unknown, now: unknown, met = new Map<object, object>()): Difference | null {
  const here = { path: [], before, now };
  if (before instanceof Tensor) {
    const same = now instanceof Tensor && before.dtype === now.dtype && sameShape(before.shape, now.shape);
    return same && sameItems(fieldsOf(before).flat(), fieldsOf(now).flat()) ? null : here;
  }
  const numbers = numbersOf(before);
  if (numbers) return sameNumbers(numbers, numbersOf(now)) ? null : here;
  if (!isHolder(before)) return Object.is(before, now) ? null : here;
  if (!isHolder(now) || Object.getPrototypeOf(before) !== Object.getPrototypeOf(now)) return here;
  if (met.has(before) || met.has(now)) return met.get(before) === now ? null : here;
  met.set(before, now).set(now, before);
  const [parts, others] = [partsOf(before), partsOf(now)];
  if (parts.length !== others.length) return here;
  for (let i = 0; i < parts.length; i++) {
    const found = difference(parts[i], others[i], met);
    if (!found) continue;
    const name = parts[i - 1];
    if (i % 2 === 1 && typeof name === 'string') found.path.unshift(name);
    return found;
  }
  return null;
}

const sameNumbers = (a: readonly unknown[], b: readonly unknown[] | null): boolean =>
  a.length === b?.length && a.every((value, i) => Object.is(value, b[i]));
