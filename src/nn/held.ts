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
 * in a Map or plain object. Other instances are not looked into.
 */
export function heldIn<T>(kind: Kind<T>, name: string, value: unknown, above: readonly unknown[] = []): [string, T][] {
  if (value instanceof kind) return [[name, value]];
  if (above.includes(value)) return [];
  const within = [...above, value];
  return [...entriesOf(value)].flatMap(([key, item]) => heldIn(kind, `${name}.${String(key)}`, item, within));
}
