/** What a field of a module holds: a module or parameter itself, or those in arrays, Maps, Sets and plain objects. */

type Kind<T> = abstract new (...args: never[]) => T;

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** The entries of a container, by index or key; none of whatever else. */
function entriesOf(value: unknown): Iterable<[unknown, unknown]> {
  if (Array.isArray(value)) return value.entries();
  if (value instanceof Map) return value;
  if (value instanceof Set) return [...value].entries();
  return typeof value === 'object' && value !== null && isPlain(value) ? Object.entries(value) : [];
}

/**
 * The instances of `kind` in a field, each with its name: `layers` for the value itself, `layers.0` in an array, `heads.aux`
 * in a Map or plain object. Other instances are not looked into, and no container twice: a graph has more paths than it has
 * nodes.
 */
export function heldIn<T>(kind: Kind<T>, name: string, value: unknown, seen = new Set<unknown>()): [string, T][] {
  if (value instanceof kind) return [[name, value]];
  if (seen.has(value)) return [];
  seen.add(value);
  const found: [string, T][] = [];
  for (const [key, item] of entriesOf(value)) {
    if (Object(item) === item) found.push(...heldIn(kind, `${name}.${String(key)}`, item, seen));
  }
  return found;
}
