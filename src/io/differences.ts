type Settings = Readonly<Record<string, unknown>>;

/** How settings differ that are compared as JSON: `seed was 0, is 1`. */
export function differences(was: Settings, is: Settings): string[] {
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((key) => {
    const [before, now] = [ordered(was[key]), ordered(is[key])];
    return before === now ? [] : [`${key} was ${before}, is ${now}`];
  });
}

/** JSON with the keys of objects in order. */
const ordered = (value: unknown): string | undefined =>
  JSON.stringify(value, (_, one: unknown) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
