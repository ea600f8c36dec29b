/** The code blocks of a Markdown page. */

export interface Block {
  /** Line of the fence in the page, counted from 1. */
  readonly line: number;
  readonly language: string;
  /** What stands behind the language in the fence. */
  readonly info: string;
  readonly code: string;
}

export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const fence = /^( *)```(\w+) ?(.*)$/.exec(lines[at] ?? '');
    if (!fence) continue;
    const [, indent = '', language = '', info = ''] = fence;
    const end = lines.findIndex((line, i) => i > at && line.trim() === '```');
    if (end < 0) throw new Error(`line ${at + 1}: the block has no end`);
    const code = lines.slice(at + 1, end).map((line) => line.slice(indent.length));
    blocks.push({ line: at + 1, language, info, code: code.join('\n') });
    at = end;
  }
  return blocks;
}

/** A page's blocks of TypeScript are one program, each going on from those before; `ts new …` begins another. */
export function programsOf(markdown: string): { line: number; code: string }[] {
  const programs: { line: number; blocks: string[] }[] = [];
  for (const { line, language, info, code } of blocksOf(markdown)) {
    if (language !== 'ts' || info.startsWith('src/')) continue;
    const last = programs.at(-1);
    if (last && !/^new\b/.test(info)) last.blocks.push(code);
    else programs.push({ line, blocks: [code] });
  }
  return programs.map(({ line, blocks }) => ({ line, code: joined(blocks) }));
}

/** One module: its imports first, the same name imported once. */
function joined(blocks: readonly string[]): string {
  const imports = new Map<string, Set<string>>();
  const rest = blocks.map((code) =>
    code.replace(
      /^import (?:(\{[^}]*\}|\* as \w+) from )?'([^']+)';\n?/gm,
      (_, names: string | undefined, from: string) => {
        const known = imports.get(from) ?? new Set();
        imports.set(from, known);
        if (names?.startsWith('*')) known.add(names);
        else for (const name of names?.slice(1, -1).split(',') ?? []) if (name.trim()) known.add(name.trim());
        return '';
      },
    ),
  );
  const lines = [...imports].flatMap(([from, names]) => {
    const all = [...names].filter((name) => name.startsWith('*'));
    const some = [...names].filter((name) => !name.startsWith('*'));
    const kinds = [...all, ...(some.length > 0 ? [`{ ${some.join(', ')} }`] : [])];
    return kinds.length > 0 ? kinds.map((kind) => `import ${kind} from '${from}';`) : [`import '${from}';`];
  });
  return `${[...lines, ...rest].join('\n')}\nexport {};\n`;
}

/** The lines that a program says it prints: what follows `// → `. */
export const printed = (code: string): string[] => [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text = '']) => text);
