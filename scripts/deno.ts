/** Runs a TypeScript module in Deno, as page.ts does in a browser: bundled, its files served, its calls answered here. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { bundlePage, type PageOptions, ROOT } from './page.js';
import { newToken, serve } from './serve.js';
import { vulkanEnvironment } from './vulkan.js';

/** The program of Deno: DENO_PATH, the npm package's, or one of the system's; null where there is none. */
export function installedDeno(): string | null {
  const folders = [join(ROOT, 'node_modules/deno'), ...(process.env.PATH ?? '').split(delimiter)];
  const names = process.platform === 'win32' ? ['deno.exe'] : ['deno'];
  const paths = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  const chosen = process.env.DENO_PATH;
  return (chosen === undefined ? paths : [chosen]).find((path) => existsSync(path)) ?? null;
}

const denoVersion = (deno: string): string =>
  spawnSync(deno, ['--version'], { encoding: 'utf8' }).stdout.split(' (')[0] ?? 'deno';

/** Variables for a Deno that computes: its driver, and a cache of its own, where nothing was tuned. */
export const denoEnvironment = (cache: string): NodeJS.ProcessEnv => ({
  ...process.env,
  ...vulkanEnvironment(),
  NO_COLOR: '1',
  DENO_NO_UPDATE_CHECK: '1',
  KINDLING_TUNE: '0',
  KINDLING_CACHE: cache,
});

/** What packages written for Node call by its old name. */
const BUILTIN = Object.fromEntries(
  builtinModules.filter((name) => /^[a-z]+$/.test(name)).map((name) => [name, `node:${name}`]),
);

/** Runs `main` of a module in a fresh Deno and returns its result; rejects when it throws or Deno ends. */
export async function runDeno(options: Omit<PageOptions, 'browser' | 'survivesSignals'>): Promise<unknown> {
  const deno = installedDeno();
  if (!deno) throw new Error('Deno is not installed: npm install deno, or name its program in DENO_PATH');
  const folder = mkdtempSync(join(tmpdir(), 'kindling-deno-'));
  const bundle = await bundlePage(options.entry, {
    ...BUILTIN,
    '#host': join(ROOT, 'src/gpu/hosts/deno.ts'),
    '#disk': join(ROOT, 'src/io/disk/node.ts'),
    '#files': join(ROOT, 'src/data/files/node.ts'),
    ...options.alias,
  });
  let result: unknown;
  const ended = (value: unknown): void => {
    result = value;
  };
  const token = newToken();
  const server = await serve(bundle, { ...options, token, handlers: { ...options.handlers, ended } });
  try {
    writeFileSync(join(folder, 'bundle.mjs'), bundle);
    // Bundled packages require Node's modules.
    const required =
      "import { createRequire } from 'node:module'; globalThis.require = createRequire(import.meta.url);";
    writeFileSync(join(folder, 'require.mjs'), required);
    writeFileSync(
      join(folder, 'start.mjs'),
      `import './require.mjs';
      import { main } from './bundle.mjs';
      const send = async (path, body) => {
        const response = await fetch(path, { method: 'POST', body, headers: { 'x-token': '${token}' } });
        if (!response.ok) throw new Error(path + ': HTTP ' + response.status + ' ' + (await response.text()));
        return response;
      };
      const call = async (name, ...args) => (await send('/call/' + name, JSON.stringify(args))).json();
      const upload = async (name, bytes) => void (await send('/upload/' + name, bytes));
      await call('ended', await main({ call, upload }, ${JSON.stringify(options.input ?? null)}));
      Deno.exit(0);`,
    );
    options.onStart?.(`${denoVersion(deno)} (${deno})`);
    const location = `http://localhost:${(server.address() as AddressInfo).port}/`;
    const flags = ['--quiet', '--no-lock', '--no-config', '--allow-all', '--location', location];
    const child = spawn(deno, ['run', ...flags, join(folder, 'start.mjs')], {
      env: denoEnvironment(join(folder, 'cache')),
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const end = () => child.kill('SIGKILL');
    process.once('exit', end);
    const code = await new Promise((done, failed) => child.once('exit', done).once('error', failed));
    process.off('exit', end);
    if (code !== 0) throw new Error(`Deno ended with ${code ?? child.signalCode}`);
    return result;
  } finally {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}
