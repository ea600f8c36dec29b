/** `npm run test:hosts`: the GPU suite in Node, Chromium, Firefox and Deno, and one table of what came out. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Table from 'cli-table3';
import { Command, Option } from 'commander';
import { hasChromium, installedFirefox } from './browser.js';
import { installedDeno, runDeno } from './deno.js';
import { ROOT, runPage } from './page.js';
import { adapterIn, runSuite, suiteFiles, type Tally } from './suite.js';

interface Host {
  readonly engine: string;
  /** What is to be done where it is not installed. */
  readonly remedy: string;
  isInstalled(): boolean;
  run(files: readonly string[]): Promise<Tally>;
}

/** What only a page has: an origin's files, and a policy of what its scripts may do. */
const OF_PAGES = ['test/browser/disk.test.ts', 'test/browser/policy.test.ts'];
const isForAll = (file: string): boolean => !OF_PAGES.includes(file);

const HOSTS: Readonly<Record<string, Host>> = {
  node: {
    engine: 'Dawn',
    remedy: 'npm install webgpu',
    isInstalled: () => existsSync(join(ROOT, 'node_modules/webgpu')),
    run: runNode,
  },
  chromium: {
    engine: 'Dawn',
    remedy: 'install Chrome or Chromium, or npm install @sparticuz/chromium',
    isInstalled: () => hasChromium(),
    run: (files) => runSuite('chromium', files, runPage),
  },
  firefox: {
    engine: 'wgpu',
    remedy: 'install Firefox 141 or later (Debian: firefox-esr), or name its program in FIREFOX_PATH',
    isInstalled: () => installedFirefox() !== null,
    run: (files) => runSuite('firefox', files, (options) => runPage({ ...options, browser: 'firefox' })),
  },
  deno: {
    engine: 'wgpu',
    remedy: 'npm install deno, or name its program in DENO_PATH',
    isInstalled: () => installedDeno() !== null,
    run: (files) => runSuite('deno', files.filter(isForAll), runDeno),
  },
};

const names = Object.keys(HOSTS);
const command = new Command('test:hosts')
  .description('Runs the GPU suite in every host. Fails where a test fails, and where a host is missing.')
  .addOption(new Option('--only <hosts...>', 'these hosts').choices(names))
  .addOption(new Option('--without <hosts...>', 'all hosts but these').choices(names).default([], 'none'))
  .option('--files <parts...>', 'test files whose path holds one of these', [])
  .parse();
const options = command.opts<{ only?: string[]; without: string[]; files: string[] }>();
const files = suiteFiles(options.files);
const inNode = suiteFiles(options.files, ['test/gpu']);
if (files.length === 0) command.error(`no test file is named like ${options.files.join(', ')}`);
const wanted = names
  .filter((name) => (options.only ?? names).includes(name) && !options.without.includes(name))
  .filter((name) => name !== 'node' || inNode.length > 0);

/** Vitest's project, with what it prints. */
async function runNode(): Promise<Tally> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', '--project', 'node', ...inNode], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const tally: Tally = { passed: 0, failed: 0, adapter: '', host: `Node ${process.versions.node}` };
  for await (const line of createInterface(child.stdout)) {
    console.log(line);
    tally.adapter ||= adapterIn(line);
    const [, counts] = /^ *Tests +(.*)/.exec(line) ?? [];
    if (counts === undefined) continue;
    for (const key of ['passed', 'failed'] as const)
      tally[key] = Number(new RegExp(`(\\d+) ${key}`).exec(counts)?.[1] ?? 0);
  }
  // A file that does not load has no test that fails.
  if ((await ended)[0] !== 0) tally.failed ||= 1;
  return tally;
}

const table = new Table({
  head: ['host', 'engine', 'adapter', 'passed', 'failed'],
  colAligns: ['left', 'left', 'left', 'right', 'right'],
  style: { head: [], border: [], compact: true },
});
let bad = wanted.length === 0;
for (const [i, name] of wanted.entries()) {
  const { engine, remedy, isInstalled, run } = HOSTS[name] as Host;
  if (!isInstalled()) {
    bad = true;
    console.log(`${name} is missing: ${remedy}; or leave it out: --without ${name}`);
    table.push([name, engine, 'missing', '', '']);
    continue;
  }
  console.log(`\n== ${name}, host ${i + 1} of ${wanted.length}, ${files.length} files`);
  const { host, adapter, passed, failed } = await run(files);
  bad ||= failed > 0 || passed === 0;
  table.push([host, engine, adapter, passed, failed]);
}
console.log(`\n${table.toString()}`);
// Dawn and browsers may keep handles; nothing is left to do.
process.exit(bad ? 1 : 0);
