/** The GPU suite outside of Vitest: the files of `test/gpu` in one bundle, run in a browser or in Deno. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '../test/browser/harness.js';
import { type PageOptions, ROOT } from './page.js';

/** What a run of the suite ends with. */
export interface Tally {
  passed: number;
  failed: number;
  /** `SwiftShader Device (Subzero), google (software)`; empty where it never got so far. */
  adapter: string;
  /** What ran it: name and version. */
  host: string;
}

/** Something is printed at least this often. */
const HEARTBEAT = 20_000;

/** Test files in one of `folders` whose path holds one of `parts`; all of them without. `test/browser` is for bundles. */
export const suiteFiles = (parts: readonly string[], folders = ['test/gpu', 'test/browser']): string[] =>
  folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    )
    .filter((name) => name.endsWith('.test.ts') && (parts.length === 0 || parts.some((part) => name.includes(part))))
    .sort();

/**
 * Runs test files and prints a line for each, one for each failure, and one when it is silent for long.
 *
 * @param label what lines begin with
 * @param run takes what {@link runPage} takes
 */
export async function runSuite(
  label: string,
  files: readonly string[],
  run: (options: PageOptions) => Promise<unknown>,
): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0, adapter: '', host: label };
  let file = '';
  let running = '';
  let inFile = { passed: 0, failed: 0, start: 0 };
  let lastLine = Date.now();

  const print = (line: string): void => {
    lastLine = Date.now();
    console.log(line);
  };
  const closeFile = (): void => {
    if (!file) return;
    const seconds = ((Date.now() - inFile.start) / 1000).toFixed(1);
    const bad = inFile.failed > 0 ? `, ${inFile.failed} failed` : '';
    print(` ${inFile.failed > 0 ? '✗' : '✓'} ${label} ${file} (${inFile.passed} passed${bad}) ${seconds} s`);
  };
  const heartbeat = setInterval(() => {
    if (Date.now() - lastLine > HEARTBEAT) print(`   … ${file} > ${running} (${tally.passed} passed so far)`);
  }, 1000);

  const reference = [process.env.KINDLING_REFERENCE, join(ROOT, '../shared/reference')].find(
    (at) => at && existsSync(at),
  );
  const source = `
    import { runSuite } from './test/browser/suite.ts';
    export { work } from './test/browser/worker.ts';
    const files = [${files.map((name) => `['${name}', () => import('./${name}')]`).join(', ')}];
    export const main = (host) => runSuite(host, files);`;
  try {
    await run({
      entry: { source },
      alias: { vitest: join(ROOT, 'test/browser/harness.ts') },
      folders: { fixtures: join(ROOT, 'test/fixtures'), ...(reference && { reference }) },
      // No code is made of text. A worker of the tests has an address of its own.
      policy: "script-src 'self'; worker-src blob:",
      onStart: (host) => {
        tally.host = host.split(' (')[0] ?? host;
        print(`${label}: ${host}`);
      },
      handlers: {
        adapter: (line: string) => {
          tally.adapter = adapterIn(line);
          print(line);
        },
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
          const counted = error === undefined ? 'passed' : 'failed';
          tally[counted] += 1;
          inFile[counted] += 1;
          if (error !== undefined) print(` ✗ ${file} > ${name}\n${error.replaceAll(/^/gm, '     ')}`);
        },
      },
    });
    closeFile();
  } catch (error) {
    tally.failed += 1;
    print(`the suite in ${label} broke off at ${file || 'its start'}${running && ` > ${running}`}: ${error}`);
  } finally {
    clearInterval(heartbeat);
  }
  if (tally.passed + tally.failed === 0) print('no test ran');
  print(`${label}: ${tally.passed} passed, ${tally.failed} failed`);
  return tally;
}

/** The adapter in a line of `prepare` (test/support/gpu.ts). */
export const adapterIn = (line: string): string => /^adapter: (.*), in /.exec(line)?.[1] ?? '';
