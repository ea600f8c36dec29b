/** Runs a TypeScript module in a browser: bundled by esbuild, served from localhost, its calls answered by this process. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type BrowserName, launchBrowser } from './browser.js';

export const ROOT = resolve(fileURLToPath(import.meta.url), '../..');

/** What the module's `main` is given. */
export interface Host {
  /** Calls one of {@link PageOptions.handlers} in Node; arguments and result travel as JSON. */
  call(name: string, ...args: unknown[]): Promise<unknown>;
}

export interface PageOptions {
  /** A module that exports `main(host: Host, input: unknown): Promise<unknown>`, as a path or as source. */
  entry: string | { source: string };
  /** Given to `main`, as JSON. */
  input?: unknown;
  handlers?: Readonly<Record<string, (...args: never[]) => unknown>>;
  /** Folders served to `fetch`, by first path component: `{ fixtures: 'test/fixtures' }`. */
  folders?: Readonly<Record<string, string>>;
  /** Takes what the page sends with `fetch('/upload/NAME', { method: 'POST', body })`: bytes too many for JSON. */
  onUpload?: (name: string, bytes: Uint8Array) => void | Promise<void>;
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
  const server = await serve(script, options);
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
      { call: (name, ...args) => globalThis['node_' + name](...args) }, ${JSON.stringify(options.input ?? null)}))`);
    return await Promise.race([run, broken]);
  } finally {
    await browser.close().catch(() => undefined);
    server.close();
    server.closeAllConnections();
  }
}

type Served = Pick<PageOptions, 'folders' | 'onUpload' | 'handlers'>;

/** Serves a page with a bundle and folders to this machine alone. The page is isolated, so that it may share memory. */
export async function serve(script: string, options: Served): Promise<Server> {
  const server = createServer((request, response) => {
    answer(request, response, script, options).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  server.listen(0, '127.0.0.1');
  await new Promise((done, failed) => server.once('listening', done).once('error', failed));
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse, script: string, options: Served) {
  const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname)).slice(1);
  const [first = '', ...rest] = path.split(/[\\/]/);
  if (path === '')
    return void response
      .writeHead(200, {
        'content-type': 'text/html',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
      })
      .end('<!doctype html><title>kindling</title><link rel="icon" href="data:,">');
  if (path === 'bundle.js') return void response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
  if (first === 'upload' && request.method === 'POST') {
    await options.onUpload?.(rest.join('/'), await bodyOf(request));
    return void response.writeHead(204).end();
  }
  const handler = first === 'call' && request.method === 'POST' && options.handlers?.[rest.join('/')];
  if (handler) {
    const result = await handler(...(JSON.parse((await bodyOf(request)).toString()) as never[]));
    return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result ?? null));
  }
  const folder = options.folders?.[first];
  const file = folder && join(folder, ...rest);
  if (!file || !existsSync(file) || !statSync(file).isFile()) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': statSync(file).size });
  createReadStream(file).pipe(response);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
