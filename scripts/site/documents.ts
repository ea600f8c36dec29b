/** The pages that people wrote: which of them belong to the site, and what they are called there. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Where reading begins; what these link to follows. */
const FIRST = [
  'docs/guide/README.md',
  ...['tensors', 'autograd', 'modules', 'training', 'memory', 'saving', 'hosts', 'speed'].map(
    (name) => `docs/guide/${name}.md`,
  ),
  'docs/from-pytorch.md',
  'FEATURES.md',
  'docs/performance.md',
  'docs/profiling.md',
  'docs/testing.md',
  'docs/adding-an-op.md',
  'CHANGELOG.md',
];

/** A link of Markdown to a place in the project: `](path#anchor)`. */
const LINK = /\]\((?!https?:|#)([^)#\s]+)(?:#[^)\s]*)?\)/g;

/** Where the links of a page lead that stay in the project, by paths from its root. */
export const linked = (root: string, page: string): string[] =>
  [...readFileSync(join(root, page), 'utf8').matchAll(LINK)].map(([, path = '']) =>
    normalize(join(dirname(page), path)),
  );

/** Every Markdown page that can be reached from README, which is the site's first. Fails where a link leads nowhere. */
export function documents(root: string): string[] {
  const found = new Set(['README.md', ...FIRST]);
  for (const page of found) {
    for (const path of linked(root, page)) {
      if (!existsSync(join(root, path))) throw new Error(`${page}: links to ${path}, which is not there`);
      const readme = join(path, 'README.md');
      if (path.endsWith('.md')) found.add(path);
      else if (statSync(join(root, path)).isDirectory() && existsSync(join(root, readme))) found.add(readme);
    }
  }
  found.delete('README.md');
  return [...found];
}

/** What a page is called: its first heading. */
export function titleOf(text: string, path: string): string {
  const [, title] = /^# (.+)$/m.exec(text) ?? [];
  if (title === undefined) throw new Error(`${path}: begins without a heading`);
  return title.replaceAll('`', '');
}
