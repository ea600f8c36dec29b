/**
 * `npm run docs`: the site, one folder that any web server can serve: README, guide and the other documents, the API by
 * TypeDoc, and the files that they link to. Fails where a link leads nowhere.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { Command } from 'commander';
import {
  Application,
  type CommentDisplayPart,
  type DocumentReflection,
  type ProjectReflection,
  TSConfigReader,
  TypeDocReader,
} from 'typedoc';
import { ROOT } from '../page.js';
import { documents, titleOf } from './documents.js';
import { brokenLinks } from './links.js';
import { pageOf, writeSource } from './source.js';

const { out } = new Command('docs')
  .description('Builds the site of documents and API.')
  .option('--out <folder>', 'where to, emptied before', join(ROOT, 'public'))
  .parse()
  .opts<{ out: string }>();

/** Files that a browser shows as they are. */
const SHOWN = /\.(md|png|svg|html)$/;

const app = await Application.bootstrap(
  { options: join(ROOT, 'typedoc.json'), out, projectDocuments: documents(ROOT).map((path) => join(ROOT, path)) },
  [new TypeDocReader(), new TSConfigReader()],
);
const project = await app.convert();
if (!project) throw new Error('TypeDoc found errors');
const sources = prepare(project);
rmSync(out, { recursive: true, force: true });
await app.generateOutputs(project);
if (app.logger.hasErrors()) throw new Error('TypeDoc found errors');
for (const path of sources) writeSource(ROOT, out, path);
const { broken, links, outward } = brokenLinks(out);
for (const line of broken) console.error(line);
console.log(`${out}: ${links} links, ${broken.length} of them broken, ${outward} to other hosts (not followed)`);
if (broken.length > 0) process.exitCode = 1;

/** Gives documents their titles, and their links to code the pages of {@link writeSource}. Returns what is linked to. */
function prepare(project: ProjectReflection): Set<string> {
  const found = new Set<string>();
  const toSource = (page: string, folder: string, parts: CommentDisplayPart[]): CommentDisplayPart[] =>
    parts.map((part) => {
      if (part.kind !== 'relative-link') return part;
      const path = posix.normalize(posix.join(posix.dirname(page), part.text.replace(/#.*$/, '')));
      if (SHOWN.test(path)) return part;
      found.add(path);
      return { kind: 'text', text: posix.relative(folder, pageOf(path)) };
    });
  if (project.readme) {
    const [first, ...rest] = toSource('README.md', '.', project.readme);
    // TypeDoc heads the page with the project's name.
    project.readme = [...(first ? [{ ...first, text: first.text.replace(/^# .+\n/, '') }] : []), ...rest];
  }
  for (const document of project.documents ?? []) {
    const path = pathOf(project, document);
    document.name = titleOf(readFileSync(join(ROOT, path), 'utf8'), path);
    document.content = toSource(path, 'documents', document.content);
  }
  return found;
}

function pathOf(project: ProjectReflection, document: DocumentReflection): string {
  const path = project.files.getReflectionPath(document);
  if (path === undefined) throw new Error(`${document.name}: has no file`);
  return relative(ROOT, path);
}
