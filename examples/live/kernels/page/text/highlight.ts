/** WGSL in parts that have a colour. */

export interface Part {
  readonly kind: 'comment' | 'attribute' | 'keyword' | 'type' | 'number' | 'call' | null;
  readonly text: string;
}

const RULES = [
  ['comment', /\/\/.*/],
  ['attribute', /@\w+/],
  ['number', /\b(?:0x[\da-fA-F]+[ui]?|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?[uif]?)\b/],
  [
    'keyword',
    /\b(?:fn|let|var|const|struct|return|if|else|for|while|loop|break|continue|enable|switch|case|default)\b/,
  ],
  [
    'type',
    /\b(?:f16|f32|i32|u32|bool|array|vec[234]|mat\dx\d|atomic|ptr|storage|workgroup|uniform|read|read_write|function)\b/,
  ],
  ['call', /\b\w+(?=\()/],
] as const;

const ANY = new RegExp(RULES.map(([kind, { source }]) => `(?<${kind}>${source})`).join('|'), 'g');

/** One line. The parts put together are the line. */
export function partsOf(line: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of line.matchAll(ANY)) {
    if (match.index > from) parts.push({ kind: null, text: line.slice(from, match.index) });
    const [kind] = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined) ?? [];
    parts.push({ kind: (kind ?? null) as Part['kind'], text: match[0] });
    from = match.index + match[0].length;
  }
  if (from < line.length) parts.push({ kind: null, text: line.slice(from) });
  return parts;
}
