/** What a field of a module holds: a module or parameter itself, or those in arrays, Maps, Sets and plain objects. */

type Kind<T> = abstract new (...args: never[]) => T;

/** The entries of a container, by index or key; none of whatever else. */
function entriesOf(value: object): Iterable<[unknown, unknown]> {
  if (value instanceof Map) return value;
  if (value instanceof Set || Array.isArray(value)) return [...value].entries();
  return [Object.prototype, null].includes(Object.getPrototypeOf(value)) ? Object.entries(value) : [];
}

/**
 * The instances of `kind` in a field, each with its name: `layers` for the value itself, `layers.0` in an array, `heads.aux`
 * in a Map or plain object. Other instances are not looked into, and no container twice: a graph has more paths than it has
 * nodes.
 */
export function heldIn<T>(kind: Kind<T>, name: string, value: unknown, seen = new Set<unknown>()): [string, T][] {
  if (value instanceof kind) return [[name, value]];
  if (Object(value) !== value || seen.has(value)) return [];
  seen.add(value);
  return [...entriesOf(value as object)].flatMap(([key, item]) => heldIn(kind, `${name}.${String(key)}`, item, seen));
}
