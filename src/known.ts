/** What a map holds for a key: made and put there where there is nothing yet. */
export function known<Key, Value>(
  map: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  make: () => Value,
): Value {
  const there = map.get(key);
  if (there !== undefined) return there;
  const made = make();
  map.set(key, made);
  return made;
}

/** The same of texts, the last 1,024 of which the map keeps: programs whose shapes are ever new ones have no end of them. */
export function kept<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  if (map.size > 1024) map.delete(map.keys().next().value ?? '');
  return known(map, key, make);
}
