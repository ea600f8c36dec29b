/**
 * `npm run check:page`: what a visitor of the built page (`npm run build:page`) loads, gzipped. Fails where what comes before first
 * paint, or the worker, is larger than it may be.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Table from 'cli-table3';
import { ROOT } from './page.js';

const MOST = { page: 150_000, worker: 90_000, kernels: 90_000 } as const;

interface Chunk {
  readonly name: string;
  /** `page`: named by the document itself. `kernels`: the kernel page's worker. `later`: asked for when it is needed. */
  readonly when: 'page' | 'worker' | 'kernels' | 'later';
  readonly bytes: number;
  readonly gzipBytes: number;
}

/** The files of a built page. */
function chunksOf(site: string): Chunk[] {
  const document = readFileSync(join(site, 'index.html'), 'utf8');
  const names = readdirSync(join(site, 'assets'));
  /** A chunk and those that it cannot run without. */
  const withImports = (name: string, found = new Set<string>()): Set<string> => {
    if (found.has(name)) return found;
    found.add(name);
    const text = readFileSync(join(site, 'assets', name), 'utf8');
    for (const [, imported = ''] of text.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
      withImports(imported, found);
    return found;
  };
  const reached = (entry: string): Set<string> =>
    new Set(names.filter((name) => name.startsWith(`${entry}-`)).flatMap((name) => [...withImports(name)]));
  const workers = { worker: reached('worker'), kernels: reached('kernels') };
  return names.map((name) => {
    const content = readFileSync(join(site, 'assets', name));
    const own = (['worker', 'kernels'] as const).find((one) => workers[one].has(name));
    const when = document.includes(name) ? 'page' : (own ?? 'later');
    return { name, when, bytes: content.length, gzipBytes: gzipSync(content, { level: 9 }).length };
  });
}

/** Bytes that come together, gzipped. */
const together = (chunks: readonly Chunk[], when: Chunk['when']): number =>
  chunks.filter((chunk) => chunk.when === when).reduce((sum, { gzipBytes }) => sum + gzipBytes, 0);

function main(): void {
  const site = join(ROOT, 'live');
  if (!existsSync(join(site, 'index.html'))) throw new Error(`${site} is not there: npm run build:page makes it`);
  const chunks = chunksOf(site);
  const table = new Table({ head: ['file', 'when', 'bytes', 'gzipped'], style: { head: [], border: [] } });
  for (const { name, when, bytes, gzipBytes } of chunks) table.push([name, when, bytes, gzipBytes]);
  console.log(table.toString());
  for (const when of ['page', 'worker', 'kernels'] as const) {
    const size = together(chunks, when);
    console.log(`${when}: ${size} of ${MOST[when]} bytes gzipped`);
    if (size > MOST[when]) process.exitCode = 1;
  }
}

main();
