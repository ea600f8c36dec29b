import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serve } from './serve.js';

const root = mkdtempSync(join(tmpdir(), 'kindling-serve-'));
const uploads: string[] = [];
let server: Server;
beforeAll(async () => {
  mkdirSync(join(root, 'data/sub'), { recursive: true });
  mkdirSync(join(root, 'data-beside'));
  writeFileSync(join(root, 'data/sub/a b.txt'), 'fine');
  for (const name of ['secret.txt', 'data-beside/secret.txt']) writeFileSync(join(root, name), 'SECRET');
  symlinkSync(join(root, 'secret.txt'), join(root, 'data/link'));
  server = await serve('BUNDLE', {
    folders: { data: join(root, 'data') },
    onUpload: (name, bytes) => void uploads.push(`${name}: ${bytes.length}`),
    handlers: { add: (a: number, b: number) => a + b },
    token: 'open sesame',
    policy: "script-src 'self'",
    maxBody: 1000,
  });
});
afterAll(() => {
  server.close();
  rmSync(root, { recursive: true });
});

/** Status and body. */
function ask(path: string, { method = 'GET', headers = {}, body = '' } = {}): Promise<string> {
  const { port } = server.address() as AddressInfo;
  return new Promise((done, failed) => {
    const asked = request({ port, host: '127.0.0.1', path, method, headers }, (response) => {
      let text = '';
      response.on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => done(`${response.statusCode} ${text}`.trim()));
    });
    asked.on('error', failed).end(body);
  });
}

it.each([
  ['/', /^200 <!doctype html>/],
  ['/bundle.js', /^200 BUNDLE$/],
  ['/data/sub/a%20b.txt', /^200 fine$/],
  ['/data/none', /^404$/],
  ['/data/sub', /^404$/],
  ['/none/a', /^404$/],
])('answers %s', async (path, want) => expect(await ask(path)).toMatch(want));

it('sends the policy with the page', async () => {
  const { port } = server.address() as AddressInfo;
  const { headers } = await fetch(`http://127.0.0.1:${port}/`);
  expect(headers.get('content-security-policy')).toBe("script-src 'self'");
});

it.each([
  '/data/..%5Csecret.txt',
  '/data/..%2Fsecret.txt',
  '/data/%2e%2e/secret.txt',
  '/data/../secret.txt',
  '/data/sub/..%2f..%2fsecret.txt',
  '/data/%2e%2e%2fdata-beside/secret.txt',
  '/data-beside/secret.txt',
  '/data/link',
  '/data/%00',
  '/data/%E0%A4%A',
  '/constructor/name',
  '/__proto__/secret.txt',
])('gives nothing out for %s', async (path) => expect(await ask(path)).toMatch(/^40[04]$/));

const open = { 'x-token': 'open sesame' };

it('takes uploads and calls from who knows the token', async () => {
  expect(await ask('/upload/a/b', { method: 'POST', headers: open, body: 'xyz' })).toBe('204');
  expect(uploads).toEqual(['a/b: 3']);
  expect(await ask('/call/add', { method: 'POST', headers: open, body: '[1,2]' })).toBe('200 3');
});

it.each<[string, string, { method?: string; headers?: Record<string, string>; body?: string }, string]>([
  ['no token', '/upload/a', { method: 'POST' }, '403'],
  ['a wrong token', '/call/add', { method: 'POST', headers: { 'x-token': 'open sesamE' }, body: '[1,2]' }, '403'],
  ['another origin', '/upload/a', { method: 'POST', headers: { ...open, origin: 'http://evil.example' } }, '403'],
  ['another host', '/', { headers: { host: 'evil.example' } }, '403'],
  ["a prototype's method", '/call/constructor', { method: 'POST', headers: open, body: '[]' }, '404'],
  ['too long a body', '/upload/a', { method: 'POST', headers: open, body: 'x'.repeat(1001) }, '413'],
  ['another method', '/bundle.js', { method: 'DELETE' }, '405'],
])('refuses %s', async (_, path, options, want) => {
  expect(await ask(path, options)).toBe(want);
  expect(uploads).toEqual(['a/b: 3']);
});
