/** Runs a TypeScript module in a browser: bundled by esbuild, served from localhost, its calls answered by this process. */
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type BrowserName, launchBrowser } from './browser.js';
import { newToken, type Served, serve } from './serve.js';

export { serve } from './serve.js';

export const ROOT = resolve(fileURLToPath(import.meta.url), '../..');

/** What the module's `main` is given. */
export interface Host {
  /** Calls one of {@link PageOptions.handlers} in Node; arguments and result travel as JSON. */
  call(name: string, ...args: unknown[]): Promise<unknown>;
  /** Sends bytes too many for JSON to {@link PageOptions.onUpload}. */
  upload(name: string, bytes: Uint8Array): Promise<void>;
}

export interface PageOptions extends Pick<Served, 'folders' | 'onUpload' | 'handlers' | 'policy'> {
  /** A module that exports `main(host: Host, input: unknown): Promise<unknown>`, as a path or as source. */
  entry: string | { source: string };
  /** Given to `main`, as JSON. */
  input?: unknown;
  /** Modules put in the place of others, on top of kindling's sources. */
  alias?: Readonly<Record<string, string>>;
  /** Leaves signals to the caller, who ends by `process.exit`. Default: false, a signal ends browser and process. */
  survivesSignals?: boolean;
  /** Given the browser's name and version once it runs. */
  onStart?: (browser: string) => void;
  /** Default: `'chromium'`. */
  browser?: BrowserName;
}

/** Bundles a module for a browser, with kindling from its sources. */
export async function bundlePage(entry: PageOptions['entry'], alias: PageOptions['alias'] = {}): Promise<string> {
  const built = await build({
    ...(typeof entry === 'string'
      ? { entryPoints: [entry] }
      : { stdin: { contents: entry.source, resolveDir: ROOT, loader: 'ts', sourcefile: 'page.ts' } }),
    absWorkingDir: ROOT,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    sourcemap: 'inline',
    write: false,
    logLevel: 'error',
    // The package names its modules with side effects in dist; these are the sources.
    ignoreAnnotations: true,
    // Modules for both hosts reach Node's by a guarded dynamic import.
    external: ['node:*'],
    alias: {
      '#host': join(ROOT, 'src/gpu/hosts/browser.ts'),
      '#disk': join(ROOT, 'src/io/disk/browser.ts'),
      '#files': join(ROOT, 'src/data/files/browser.ts'),
      ...alias,
    },
  });
  return built.outputFiles[0]?.text ?? '';
}

/** Runs `main` of a module in a fresh page and returns its result; rejects when it throws or the page crashes. */
export async function runPage(options: PageOptions): Promise<unknown> {
  const script = await bundlePage(options.entry, options.alias);
  const token = newToken();
  const { folders, onUpload, policy } = options;
  const server = await serve(script, {
    token,
    ...(folders && { folders }),
    ...(onUpload && { onUpload }),
    ...(policy !== undefined && { policy }),
  });
  const { browser, description } = await launchBrowser({
    ...(options.browser && { name: options.browser }),
    signals: !options.survivesSignals,
  }).catch((error: unknown) => {
    server.close();
    throw error;
  });
  try {
    options.onStart?.(description);
    const page = await browser.newPage();
    const broken = new Promise<never>((_, reject) => {
      page.on('error', reject);
      browser.on('disconnected', () => reject(new Error('the browser ended')));
    });
    // Standard output is for results.
    page.on('console', (message) => console.error(`[page] ${message.text()}`));
    page.on('pageerror', (error) => console.error('[page]', error));
    for (const [name, handler] of Object.entries(options.handlers ?? {}))
      await page.exposeFunction(`node_${name}`, handler);
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    // Text, not a function: a TypeScript runner adds helpers to functions that the page does not have.
    const run = page.evaluate(`import('/bundle.js').then((module) => module.main(
      {
        call: (name, ...args) => globalThis['node_' + name](...args),
        upload: async (name, body) => {
          const response = await fetch('/upload/' + name, { method: 'POST', body, headers: { 'x-token': '${token}' } });
          if (!response.ok) throw new Error(name + ': HTTP ' + response.status);
        },
      }, ${JSON.stringify(options.input ?? null)}))`);
    return await Promise.race([run, broken]);
  } finally {
    await browser.close().catch(() => undefined);
    server.close();
    server.closeAllConnections();
  }
}
