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
  return copied(value, replace, (holder) => !tensorsIn(holder).next().done);
}

/** As {@link mapTensors}, with copies of all that is looked into, and of numbers. */
export function copyTree(value: unknown, replace: (tensor: Tensor) => Tensor): unknown {
  return copied(value, replace, () => true);
}

function copied(
  value: unknown,
  replace: (tensor: Tensor) => Tensor,
  wanted: (holder: object) => boolean,
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
  const copy = (part: unknown): unknown => copied(part, replace, wanted, made);
  const into = emptyLike(value);
  made.set(value, into);
  const parts = partsOf(value);
  let next = 0;
  if (into instanceof Map)
    for (; next < 2 * (value as Map<unknown, unknown>).size; next += 2)
      into.set(copy(parts[next]), copy(parts[next + 1]));
  if (into instanceof Set) for (; next < (value as Set<unknown>).size; next++) into.add(copy(parts[next]));
  for (; next < parts.length; next += 2) {
    const name = parts[next] as PropertyKey;
    const { enumerable = true } = Reflect.getOwnPropertyDescriptor(value, name) ?? {};
    const rest = name === 'length' && Array.isArray(into) ? {} : { enumerable, configurable: true };
    Object.defineProperty(into, name, { value: copy(parts[next + 1]), writable: true, ...rest });
  }
  return into;
}

const isIterator = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Symbol.iterator in value && 'next' in value;

/** An object of the same class that holds nothing. */
function emptyLike(value: object): object {
  const prototype = Object.getPrototypeOf(value);
  if (Array.isArray(value)) return Object.setPrototypeOf([], prototype);
  if (value instanceof Map) return Object.setPrototypeOf(new Map(), prototype);
  if (value instanceof Set) return Object.setPrototypeOf(new Set(), prototype);
  return Object.create(prototype);
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

const sameNumbers = (a: ArrayLike<unknown>, b: ArrayLike<unknown> | null): boolean =>
  a.length === b?.length && Array.prototype.every.call(a, (value, i) => Object.is(value, b[i]));
