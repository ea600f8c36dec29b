/** CIFAR-10's files with few records, and a server that has them. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach } from 'vitest';
import { CIFAR10, type CIFAR10Options } from '../../src/data/cifar10.js';
import { Generator } from '../../src/tensor/generator.js';
import { type Entry, tar } from './tar.js';

export const RECORDS = 20;
export const FOLDER = 'cifar-10-batches-bin';

/** A file of records: label (offset + i) % 10, noise that does not compress. */
export function batch(offset: number, records = RECORDS): Uint8Array {
  const generator = new Generator(offset);
  const bytes = Uint8Array.from({ length: records * 3073 }, () => generator.bits());
  for (let i = 0; i < records; i++) bytes[i * 3073] = (offset + i) % 10;
  return bytes;
}

export const batches: [string, Uint8Array][] = [
  ...[1, 2, 3, 4, 5].map((number): [string, Uint8Array] => [`data_batch_${number}.bin`, batch(number)]),
  ['test_batch.bin', batch(6)],
];
export const entries: Entry[] = [
  { name: `${FOLDER}/`, type: '5' },
  { name: `${FOLDER}/readme.html`, bytes: new Uint8Array(10) },
  ...batches.map(([name, bytes]) => ({ name: `${FOLDER}/${name}`, bytes })),
];
export const pack = (list: readonly Entry[]) => gzipSync(tar(list), { level: 1 });
export const archive = pack(entries);
export const sum = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');

/** The test under way: its cache, what it asked the server for, and how that answers. */
export const here: { root: string; requests: (string | undefined)[]; answer: RequestListener } = {
  root: '',
  requests: [],
  answer: () => {},
};
let server: Server;

/** Gives each test of a file a server and an empty cache. */
export function serveEach(): void {
  beforeEach(async () => {
    here.root = mkdtempSync(join(tmpdir(), 'kindling-cifar-'));
    here.requests = [];
    server = createServer((request, response) => {
      here.requests.push(request.headers.range);
      here.answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
    rmSync(here.root, { recursive: true, force: true });
  });
}

export const serverUrl = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** The test split, unless asked otherwise. */
export const load = (options: Partial<CIFAR10Options> = {}) =>
  CIFAR10.load({
    root: here.root,
    split: 'test',
    url: `${serverUrl()}/cifar-10-binary.tar.gz`,
    md5: sum(archive),
    recordsPerFile: RECORDS,
    retryDelay: 1,
    ...options,
  });

export const rootFiles = () => readdirSync(here.root).sort();
