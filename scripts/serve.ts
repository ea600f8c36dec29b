/**
 * Serves a page, its bundle and folders to one page on this machine. A page of another origin that asks is refused, whatever
 * name it has for this server; only who was told the token may send or call anything.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve, sep } from 'node:path';
import sirv from 'sirv';

export interface Served {
  /** Folders served to `fetch`, by first path component: `{ fixtures: 'test/fixtures' }`. */
  folders?: Readonly<Record<string, string>>;
  /** Takes bytes that the page uploads under a name. */
  onUpload?: (name: string, bytes: Uint8Array) => void | Promise<void>;
  /** Called with arguments and answered in JSON. */
  handlers?: Readonly<Record<string, (...args: never[]) => unknown>>;
  /** To be sent as the header `x-token` with uploads and calls. Default: one that nobody knows. */
  token?: string;
  /** The page's Content-Security-Policy. Default: none. */
  policy?: string;
  /** Bytes of an upload or of a call's arguments. Default: 1 GiB. */
  maxBody?: number;
}

export const newToken = (): string => randomBytes(32).toString('hex');

/** Serves on a free port, to this machine alone. The page is isolated, so that it may share memory. */
export async function serve(script: string, options: Served): Promise<Server> {
  const answer = answerer(script, options);
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((done, failed) => server.once('listening', done).once('error', failed));
  return server;
}

function answerer(script: string, options: Served) {
  const { folders = {}, onUpload, handlers = {}, token = newToken(), policy, maxBody = 2 ** 30 } = options;
  const served = new Map(
    Object.entries(folders).map(([name, folder]) => {
      const root = realpathSync(resolve(folder));
      return [name, { root, files: sirv(root, { dev: true, dotfiles: true }) }];
    }),
  );
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const end = (status: number, body?: string | Buffer, headers = {}): void =>
      void response.writeHead(status, { 'x-content-type-options': 'nosniff', ...headers }).end(body);
    if (!isOwn(request)) return end(403);
    const path = pathOf(request);
    if (path === null) return end(400);
    const [first = '', ...rest] = path;
    const name = rest.join('/');
    if (request.method === 'POST') {
      if (!isToken(request.headers['x-token'], token)) return end(403);
      if (first === 'upload' && onUpload) {
        const body = await bodyOf(request, maxBody);
        if (!body) return end(413);
        await onUpload(name, body);
        return end(204);
      }
      const handler = first === 'call' && Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (!handler) return end(404);
      const body = await bodyOf(request, maxBody);
      if (!body) return end(413);
      const result = await handler(...(JSON.parse(body.toString()) as never[]));
      return end(200, JSON.stringify(result ?? null), { 'content-type': 'application/json' });
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return end(405);
    if (path.length === 1 && first === '') {
      return end(200, '<!doctype html><title>kindling</title><link rel="icon" href="data:,">', {
        'content-type': 'text/html',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
        ...(policy !== undefined && { 'content-security-policy': policy }),
      });
    }
    if (path.length === 1 && first === 'bundle.js') return end(200, script, { 'content-type': 'text/javascript' });
    const folder = served.get(first);
    if (!folder || !liesIn(folder.root, rest)) return end(404);
    request.url = `/${rest.map(encodeURIComponent).join('/')}`;
    response.setHeader('cross-origin-resource-policy', 'same-origin');
    folder.files(request, response, () => end(404));
  };
}

/** Whether a request was made to this server by its own page, or by a program. */
function isOwn({ headers, socket }: IncomingMessage): boolean {
  const { port } = socket.address() as AddressInfo;
  const hosts = [`localhost:${port}`, `127.0.0.1:${port}`];
  const { host, origin } = headers;
  return hosts.includes(host ?? '') && (origin === undefined || hosts.some((one) => origin === `http://${one}`));
}

/** The components of a path; null where one of them is no name. */
function pathOf(request: IncomingMessage): string[] | null {
  try {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname.slice(1).split('/').map(decodeURIComponent);
    return path.some((part) => part === '.' || part === '..' || /[\\/\0]/.test(part)) ? null : path;
  } catch {
    return null;
  }
}

/** Whether there is a file of that path in the folder itself, and no link leads out. */
function liesIn(root: string, path: readonly string[]): boolean {
  try {
    return realpathSync(resolve(root, ...path)).startsWith(root + sep);
  } catch {
    return false;
  }
}

function isToken(given: string | string[] | undefined, token: string): boolean {
  const [a, b] = [Buffer.from(String(given)), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Null where it is longer than it may be. */
async function bodyOf(request: IncomingMessage, most: number): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > most) return null;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > most) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
