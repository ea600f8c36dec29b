/**
 * The code of README and docs: each page's TypeScript is type-checked and run, in Node, and prints what it says it prints
 * (`// → text`, in order; other lines may come between). A block whose fence names a file of `src` is in that file, one that
 * names a file of `examples` (`ts new examples/…`) is that file. Commands are scripts of the package.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blocksOf, printed, programsOf } from './blocks.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = ['README.md', ...markdownIn('docs')];

/** Pages a person wrote. */
function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return path === 'docs/results' ? [] : markdownIn(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** In the package, so that `kindling` is found as in its tests. */
const folder = join(root, 'test/docs/.programs');
/** Where programs may leave files. */
const scratch = mkdtempSync(join(tmpdir(), 'kindling-docs-'));

/** What a program downloads is small and made here. */
function offline(code: string): string {
  const options = `root: ${JSON.stringify(join(scratch, 'cifar'))}, recordsPerFile: 130`;
  return code
    .replaceAll(/CIFAR10\.load\(\{ split: '(\w+)', download: true \}\)/g, `CIFAR10.load({ split: '$1', ${options} })`)
    .replaceAll("from '../src/", "from '../../../src/");
}

const programs = pages.flatMap((page) =>
  programsOf(read(page)).map(({ line, code }, i) => {
    const file = join(folder, `${page.replaceAll(/\W/g, '-')}-${i + 1}.ts`);
    return { name: `${page}, line ${line}`, code: offline(code), file };
  }),
);

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { file, code } of programs) writeFileSync(file, code);
  mkdirSync(join(scratch, 'cifar'));
  for (const name of [1, 2, 3, 4, 5].map((number) => `data_batch_${number}`).concat('test_batch')) {
    const records = Uint8Array.from({ length: 130 * 3073 }, (_, i) =>
      i % 3073 === 0 ? (i / 3073) % 10 : (i * 31) % 256,
    );
    writeFileSync(join(scratch, 'cifar', `${name}.bin`), records);
  }
});

afterAll(() => {
  for (const path of [folder, scratch]) rmSync(path, { recursive: true, force: true });
});

test('the programs have the right types', () => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const checked = ts.createProgram(
    programs.map(({ file }) => file),
    { ...options, noUnusedLocals: false, noUnusedParameters: false },
  );
  const faults = ts.getPreEmitDiagnostics(checked).map(({ file, start = 0, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    return `${relative(root, file?.fileName ?? '')}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
  expect(faults).toEqual([]);
});

describe('the program of', () => {
  test.each(programs)('$name', async ({ code, file }) => {
    const lines: string[] = [];
    const { log } = console;
    const place = process.cwd();
    console.log = (...parts: unknown[]) => lines.push(...parts.map(String).join(' ').split('\n'));
    process.chdir(scratch);
    try {
      await import(/* @vite-ignore */ pathToFileURL(file).href);
    } finally {
      process.chdir(place);
      console.log = log;
    }
    let at = 0;
    const missing = printed(code).filter((text) => {
      const found = lines.indexOf(text, at);
      if (found >= 0) at = found + 1;
      return found < 0;
    });
    expect(missing, `printed were\n${lines.join('\n')}`).toEqual([]);
  });
});

const quotes = pages.flatMap((page) =>
  blocksOf(read(page)).flatMap(({ line, info, code }) => (info.startsWith('src/') ? [{ page, line, info, code }] : [])),
);
test.each(quotes)('$info has what $page quotes in line $line', ({ info, code }) => {
  expect(read(info)).toContain(code.trim());
});

const wholes = pages.flatMap((page) =>
  blocksOf(read(page)).flatMap(({ line, info, code }) => {
    const file = /^new (examples\/\S+)$/.exec(info)?.[1];
    return file ? [{ page, line, file, code }] : [];
  }),
);
test.each(wholes)('$file is what $page shows in line $line', ({ file, code }) => {
  expect(code.trim()).toBe(read(file).trim());
});
test('README shows an example whole', () => expect(wholes.map(({ file }) => file)).toContain('examples/xor/main.ts'));

test('commands are scripts of the package', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = pages.flatMap((page) => [...read(page).matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name));
  expect(named.length).toBeGreaterThan(10);
  expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([]);
});
