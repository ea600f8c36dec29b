/** Puts the service worker beside a build, with the list of its files. A development server has none. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { transformSync } from 'esbuild';
import type { Plugin } from 'vite';

const SCRIPT = 'sw.js';

/** All files of a folder, as they lie now. */
export function writeServiceWorker(folder: string): void {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => path !== SCRIPT)
    .sort();
  const files = paths.map((path) => {
    const digest = createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('base64');
    // Servers are asked for folders, not for the document in them.
    return [path.replace(/(^|\/)index\.html$/, '$1') || './', `sha256-${digest}`];
  });
  const version = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12);
  const source = readFileSync(join(import.meta.dirname, 'sw.ts'), 'utf8');
  const { code } = transformSync(source, {
    loader: 'ts',
    minify: true,
    target: 'es2023',
    define: { FILES: JSON.stringify(files), VERSION: JSON.stringify(version) },
  });
  writeFileSync(join(folder, SCRIPT), code);
}

export const offline: Plugin = {
  name: 'offline',
  config: (_, { command }) => ({ define: { KINDLING_OFFLINE: command === 'build' } }),
  writeBundle({ dir }) {
    if (dir) writeServiceWorker(dir);
  },
};
