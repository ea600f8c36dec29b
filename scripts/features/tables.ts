/** FEATURES.md's tables of elementwise functions: what src/ops/elementwise exports, and the page of PyTorch that its comment names. */
import { readdirSync, readFileSync } from 'node:fs';

export const FEATURES = new URL('../../FEATURES.md', import.meta.url);

const SOURCES = new URL('../../src/ops/elementwise/', import.meta.url);
/** What makes functions of records, and functions of losses alone. */
const OTHERS = ['make.ts', 'logits.ts'];
const EXPORT = /\/\*\*((?:(?!\*\/).)*)\*\/\nexport (?:const|function) (\w+)/gs;
const PAGE = /docs\/stable\/generated\/([\w.]+)\.html/;

/** Functions, and PyTorch's, by the name of the latter's module. */
function functions(): (readonly [module: string, theirs: string, ours: string])[] {
  const files = readdirSync(SOURCES).filter((name) => name.endsWith('.ts') && !OTHERS.includes(name));
  return files.flatMap((file) =>
    [...readFileSync(new URL(file, SOURCES), 'utf8').matchAll(EXPORT)].map(([, comment = '', ours = '']) => {
      const [, page] = PAGE.exec(comment) ?? [];
      if (!page) throw new Error(`${file}: the comment of ${ours} has no @see with its page of PyTorch`);
      const dot = page.lastIndexOf('.');
      return [page.slice(0, dot), page.slice(dot + 1), ours] as const;
    }),
  );
}

/** The text with a table behind each mark, up to the next `<!-- end -->`. */
export function withTables(text: string): string {
  const all = functions();
  return text.replace(/<!-- (torch[\w.]*) -->\n(?:(?!<!--).)*<!-- end -->/gs, (_, module: string) => {
    const short = module === 'torch' ? 'torch' : 'F';
    const rows = all
      .filter(([of]) => of === module)
      .sort(([, a], [, b]) => (a < b ? -1 : 1))
      .map(([, theirs, ours]) => `| \`${short}.${theirs}\` | \`${ours}\` |`);
    return [`<!-- ${module} -->`, '', '| PyTorch | kindling |', '| --- | --- |', ...rows, '', '<!-- end -->'].join(
      '\n',
    );
  });
}
