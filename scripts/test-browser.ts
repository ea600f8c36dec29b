/** Runs the GPU suite in Chromium: `npm run test:browser -- [part of a file name …]`. Fails without an adapter or tests. */
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Outcome } from '../test/browser/harness.js';
import { ROOT, runPage } from './page.js';

/** Something is printed at least this often. */
const HEARTBEAT = 20_000;

const wanted = process.argv.slice(2);
const files = readdirSync(join(ROOT, 'test/gpu'), { recursive: true, encoding: 'utf8' })
  .map((name) => relative(ROOT, join(ROOT, 'test/gpu', name)))
  .filter((name) => name.endsWith('.test.ts') && (wanted.length === 0 || wanted.some((part) => name.includes(part))))
  .sort();

const reference = [process.env.KINDLING_REFERENCE, join(ROOT, '../shared/reference')].find(
  (at) => at && existsSync(at),
);
const entry = `
  import { runSuite } from './test/browser/suite.ts';
  const files = [${files.map((file) => `['${file}', () => import('./${file}')]`).join(', ')}];
  export const main = (host) => runSuite(host, files);`;

let passed = 0;
let failed = 0;
let file = '';
let running = '';
let inFile = { passed: 0, failed: 0, start: 0 };
let lastLine = Date.now();

function print(line: string): void {
  lastLine = Date.now();
  console.log(line);
}

function closeFile(): void {
  if (!file) return;
  const seconds = ((Date.now() - inFile.start) / 1000).toFixed(1);
  const bad = inFile.failed > 0 ? `, ${inFile.failed} failed` : '';
  print(` ${inFile.failed > 0 ? '✗' : '✓'} browser ${file} (${inFile.passed} passed${bad}) ${seconds} s`);
}

const heartbeat = setInterval(() => {
  if (Date.now() - lastLine > HEARTBEAT) print(`   … ${file} > ${running} (${passed} passed so far)`);
}, 1000);

try {
  await runPage({
    entry: { source: entry },
    alias: { vitest: join(ROOT, 'test/browser/harness.ts') },
    folders: { fixtures: join(ROOT, 'test/fixtures'), ...(reference && { reference }) },
    onStart: (browser) => print(`browser: ${browser}`),
    handlers: {
      adapter: print,
      file: (name: string) => {
        closeFile();
        file = name;
        inFile = { passed: 0, failed: 0, start: Date.now() };
      },
      test: (event: { started: string } | { ended: Outcome }) => {
        if ('started' in event) {
          running = event.started;
          return;
        }
        const { name, error } = event.ended;
        if (error === undefined) {
          passed += 1;
          inFile.passed += 1;
          return;
        }
        failed += 1;
        inFile.failed += 1;
        print(` ✗ ${file} > ${name}\n${error.replaceAll(/^/gm, '     ')}`);
      },
    },
  });
  closeFile();
} catch (error) {
  failed += 1;
  print(`the browser suite broke off at ${file || 'its start'}${running && ` > ${running}`}: ${error}`);
} finally {
  clearInterval(heartbeat);
}
if (passed + failed === 0) print('no test ran');
print(`browser: ${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
