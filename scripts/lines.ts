/**
 * `npm run lines`: lines of code of `src` by folder, tests aside, without comments and blank lines; and the files that are
 * longer than 300 lines, everything counted.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { codeLines } from './lines/count.js';

const LONG = 300;

const root = fileURLToPath(new URL('../src', import.meta.url));
const [folder = root] = new Command('lines').argument('[folder]', 'instead of src').parse().args;
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const [first = '', ...rest] = name.split(/[\\/]/);
    return { name, part: rest.length > 0 ? first : '.', code: codeLines(text), all: text.split('\n').length - 1 };
  });

const row = (name: string, of: typeof files): string =>
  `${name.padEnd(16)}${String(of.length).padStart(6)}${String(of.reduce((sum, { code }) => sum + code, 0)).padStart(8)}`;
console.log(`${'folder'.padEnd(16)}${'files'.padStart(6)}${'lines'.padStart(8)}`);
for (const part of [...new Set(files.map((file) => file.part))].sort()) {
  console.log(
    row(
      part,
      files.filter((file) => file.part === part),
    ),
  );
}
console.log(row('in all', files));
const long = files.filter(({ all }) => all > LONG).sort((a, b) => b.all - a.all);
console.log(`\n${long.length} files over ${LONG} lines`);
for (const { name, all } of long) console.log(`${name}, ${all}`);
