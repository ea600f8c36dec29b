import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { files } from './browser.js';

// Node has all of the web's interfaces that this file is written for.
const content = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);
const archive = gzipSync(content);
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const [folder, name] = (request.url ?? '').split('/').slice(1);
    const body =
      name === 'a.bin' ? content : name === 'a.gz' ? archive : name === 'cut.gz' ? archive.subarray(0, 50) : null;
    if (!body) return void response.writeHead(404).end();
    const last = Number(/bytes=0-(\d+)/.exec(request.headers.range ?? '')?.[1]);
    const partial = folder === 'ranges' && last < body.length;
    const sent = partial ? body.subarray(0, last + 1) : body;
    response.writeHead(partial ? 206 : 200, { 'content-length': sent.length }).end(sent);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('files in a browser', () => {
  it.each(['ranges', 'whole'])('are read from a server (%s)', async (folder) => {
    const url = files.join(`${base}/${folder}/`, 'a.bin');
    expect(await files.size(url)).toBe(5000);
    expect(await files.size(files.join(base, 'none'))).toBe(null);
    expect(await files.read(url, 300)).toEqual(content.subarray(0, 300));
    expect(await files.read(url, 9000)).toEqual(content);
    expect(await files.read(url)).toEqual(content);
  });

  it('are unpacked', async () => {
    const pieces: number[] = [];
    for await (const piece of files.gunzip(`${base}/x/a.gz`)) pieces.push(...piece);
    expect(Uint8Array.from(pieces)).toEqual(content);
    const cut = async () => {
      for await (const piece of files.gunzip(`${base}/x/cut.gz`)) pieces.push(...piece);
    };
    await expect(cut()).rejects.toThrow(/cut off, damaged/);
  });

  it('explain what is not there', async () => {
    await expect(files.read(`${base}/x/none`, 3)).rejects.toThrow(/answers 404/);
    await expect(files.size('http://127.0.0.1:1/a')).rejects.toThrow(/cannot be reached/);
    await expect(files.hasMd5(base, '')).rejects.toThrow(/serve its files/);
  });
});
