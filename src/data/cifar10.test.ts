import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { serve } from '../../test/support/serve.js';
import { type Entry, tar } from '../../test/support/tar.js';
import { Generator } from '../tensor/generator.js';
import { CIFAR10, type CIFAR10Options } from './cifar10.js';

const RECORDS = 20;
const FOLDER = 'cifar-10-batches-bin';

/** A file of records: label (offset + i) % 10, noise that does not compress. */
function batch(offset: number, records = RECORDS): Uint8Array {
  const generator = new Generator(offset);
  const bytes = Uint8Array.from({ length: records * 3073 }, () => generator.bits());
  for (let i = 0; i < records; i++) bytes[i * 3073] = (offset + i) % 10;
  return bytes;
}

const batches: [string, Uint8Array][] = [
  ...[1, 2, 3, 4, 5].map((number): [string, Uint8Array] => [`data_batch_${number}.bin`, batch(number)]),
  ['test_batch.bin', batch(6)],
];
const entries: Entry[] = [
  { name: `${FOLDER}/`, type: '5' },
  { name: `${FOLDER}/readme.html`, bytes: new Uint8Array(10) },
  ...batches.map(([name, bytes]) => ({ name: `${FOLDER}/${name}`, bytes })),
];
const pack = (list: readonly Entry[]) => gzipSync(tar(list), { level: 1 });
const archive = pack(entries);
const sum = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');

let root: string;
let server: Server;
let requests: (string | undefined)[];
let answer: RequestListener;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'kindling-cifar-'));
  requests = [];
  server = createServer((request, response) => {
    requests.push(request.headers.range);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(root, { recursive: true, force: true });
});

function load(options: Partial<CIFAR10Options> = {}) {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/cifar-10-binary.tar.gz`;
  return CIFAR10.load({
    root,
    split: 'test',
    url,
    md5: sum(archive),
    recordsPerFile: RECORDS,
    retryDelay: 1,
    ...options,
  });
}

const download = (options: Partial<CIFAR10Options> = {}) => load({ download: true, ...options });
const rootFiles = () => readdirSync(root).sort();

describe('CIFAR10 from local files', () => {
  beforeEach(() => {
    mkdirSync(join(root, FOLDER));
    for (const [name, bytes] of batches) writeFileSync(join(root, FOLDER, name), bytes);
  });
  const damage = (name: string, bytes: Uint8Array) => writeFileSync(join(root, FOLDER, name), bytes);

  it.each(['', FOLDER])('reads a folder given as root/%s, without a checksum', async (inner) => {
    const train = await load({ root: join(root, inner), split: 'train', md5: 'no' });
    expect(train).toMatchObject({ length: 100, synthetic: false, source: 'CIFAR-10 (local files)' });
    expect(train.classes[9]).toBe('truck');
    const [picture, label] = train.get(21);
    expect(picture.data).toEqual(batch(2).subarray(3074, 2 * 3073));
    expect(label.data).toEqual(Int32Array.of(3));
    expect(requests).toEqual([]);
  });

  it('takes the first pictures, across files', async () => {
    const all = await load({ split: 'train' });
    const some = await load({ split: 'train', limit: 45 });
    expect(Buffer.compare(some.images, all.first(45).images)).toBe(0);
    expect(some.labels).toEqual(all.first(45).labels);
    await expect(load({ limit: 21 })).rejects.toThrow(/limit 21; the test split has 20/);
  });

  it.each([-1, 1])('refuses a file with %i byte too many', async (more) => {
    const bytes = new Uint8Array(RECORDS * 3073 + more);
    damage('data_batch_4.bin', bytes);
    await expect(load({ split: 'train' })).rejects.toThrow(
      /data_batch_4\.bin is (cut off|too long): \d+ bytes instead of 61460/,
    );
    await expect(load({ split: 'train', limit: 3 })).rejects.toThrow(/data_batch_4/);
  });

  it('refuses a label over 9', async () => {
    const bytes = batch(6);
    bytes[3073 * 7] = 10;
    damage('test_batch.bin', bytes);
    await expect(load()).rejects.toThrow(/test_batch\.bin has label 10 at record 7/);
  });

  it('names a missing file', async () => {
    rmSync(join(root, FOLDER, 'data_batch_3.bin'));
    await expect(load({ split: 'train' })).rejects.toThrow(/data_batch_3\.bin is missing/);
  });
});

describe('CIFAR10 from a local archive', () => {
  const from = (bytes: Uint8Array, options: Partial<CIFAR10Options> = {}) => {
    const path = join(root, 'mine.tar.gz');
    writeFileSync(path, bytes);
    return load({ root: path, ...options });
  };
  const changed = (name: string, change: Partial<Entry>) =>
    pack(entries.map((entry) => (entry.name.endsWith(name) ? { ...entry, ...change } : entry)));

  it('reads it in place, without a checksum', async () => {
    const test = await from(archive, { md5: 'no' });
    expect(test).toMatchObject({ length: RECORDS, source: 'CIFAR-10 (local files)' });
    expect(test.get(3)[0].data).toEqual(batch(6).subarray(3 * 3073 + 1, 4 * 3073));
    expect((await from(archive, { split: 'train', limit: 30 })).labels[25]).toBe(7);
    expect(rootFiles()).toEqual(['mine.tar.gz']);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['a truncated archive', archive.subarray(0, 100_000), /mine\.tar\.gz: the archive is cut off/],
    ['what is no archive', new Uint8Array(1000).fill(65), /damaged, or no gzip file/],
    ['a gzip file that is no archive', gzipSync(new Uint8Array(2000).fill(65)), /not a tar archive/],
    [
      'the Python version',
      pack([{ name: 'cifar-10-batches-py/test_batch' }]),
      /no test_batch\.bin: it is not the binary/,
    ],
    ['a link', changed('data_batch_1.bin', { type: '2', link: '/etc/passwd' }), /is a link/],
    ['an entry that leaves its folder', pack([...entries, { name: `${FOLDER}/../../x` }]), /leaves its folder/],
    ['a short file', changed('test_batch.bin', { bytes: batch(6, 19) }), /test_batch\.bin is cut off/],
    ['a wrong label', changed('test_batch.bin', { bytes: batch(6).fill(200, 0, 1) }), /label 200 at record 0/],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(from(bytes)).rejects.toThrow(message);
    await expect(from(bytes)).rejects.toThrow(expect.objectContaining({ name: 'KindlingError' }));
  });
});

describe('CIFAR10 downloaded', () => {
  it('is verified, unpacked and read, with progress, once for both splits', async () => {
    answer = serve(archive, { ranges: true });
    const seen: string[] = [];
    const onProgress: CIFAR10Options['onProgress'] = ({ stage, done, total }) => seen.push(`${stage} ${done}/${total}`);
    const [train, test] = await Promise.all([download({ split: 'train', onProgress }), download({ onProgress })]);
    expect([train.length, test.length]).toEqual([100, RECORDS]);
    expect(requests).toEqual([undefined]);
    expect(seen).toContain(`download ${archive.length}/${archive.length}`);
    expect(seen.at(-1)).toBe('unpack 368760/368760');
    expect(rootFiles()).toEqual([FOLDER, 'cifar-10-binary.tar.gz']);
    expect(await CIFAR10.available(root)).toBe(true);
    await load();
    expect(requests).toHaveLength(1);
  });

  it('is left to one of several processes, and to the next where that one is killed', async () => {
    const whole = serve(archive, { ranges: true });
    // The first gets a part, and waits for the rest.
    answer = (request, response) => {
      if (requests.length > 1) whole(request, response);
      else response.writeHead(200, { 'content-length': archive.length }).write(archive.subarray(0, 100_000));
    };
    const options = {
      root,
      split: 'train',
      download: true,
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      md5: sum(archive),
      recordsPerFile: RECORDS,
    };
    const source = `
      import { CIFAR10 } from ${JSON.stringify(fileURLToPath(new URL('cifar10.ts', import.meta.url)))};
      const onProgress = ({ stage }) => { if (stage === 'wait') console.log('waiting'); };
      console.log((await CIFAR10.load({ ...${JSON.stringify(options)}, onProgress })).length);`;
    const start = () => {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source]);
      let text = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (text += piece));
      return { child, said: () => text, ended: new Promise((done) => child.on('close', () => done(text))) };
    };
    const first = start();
    await vi.waitFor(() => expect(existsSync(join(root, 'cifar-10-binary.tar.gz.part'))).toBe(true), 20_000);
    const others = [start(), start()];
    await vi.waitFor(() => expect(others.map(({ said }) => said())).toEqual(['waiting\n', 'waiting\n']), 20_000);
    first.child.kill('SIGKILL');
    expect(await Promise.all(others.map(({ ended }) => ended))).toEqual(['waiting\n100\n', 'waiting\n100\n']);
    expect(requests).toEqual([undefined, 'bytes=100000-']);
    expect(rootFiles()).toEqual([FOLDER, 'cifar-10-binary.tar.gz']);
  });

  it('happens only when asked for', async () => {
    answer = serve(archive, { ranges: true });
    await expect(load()).rejects.toThrow(/has no data set. Set `download: true`.*give its path as `root`.*synthetic/);
    expect(await CIFAR10.available(root)).toBe(false);
    expect(requests).toEqual([]);
  });

  it('resumes when broken off in the middle', async () => {
    answer = serve(archive, { ranges: true, breakAfter: 100_000 });
    expect(await download()).toHaveLength(RECORDS);
    expect(requests.slice(0, 3)).toEqual([undefined, 'bytes=100000-', 'bytes=200000-']);
  });

  it('resumes in a later run', async () => {
    writeFileSync(join(root, 'cifar-10-binary.tar.gz.part'), archive.subarray(0, 12_345));
    answer = serve(archive, { ranges: true });
    expect(await download()).toHaveLength(RECORDS);
    expect(requests).toEqual(['bytes=12345-']);
  });

  it('starts over where the server ignores ranges', async () => {
    answer = serve(archive, { ranges: false, breakAfter: 100_000, times: 1 });
    expect(await download()).toHaveLength(RECORDS);
    expect(requests).toEqual([undefined, 'bytes=100000-']);
  });

  it('gives up where a server without ranges breaks off each time, keeps the part and says so', async () => {
    answer = serve(archive, { ranges: false, breakAfter: 100_000 });
    await expect(download()).rejects.toThrow(/cannot be downloaded.*100000 bytes are kept.*Or fetch/s);
    expect(rootFiles()).toEqual(['cifar-10-binary.tar.gz.part']);
  });

  it('takes a complete part as it is, and drops one that is too long', async () => {
    const part = join(root, 'cifar-10-binary.tar.gz.part');
    writeFileSync(part, archive);
    answer = serve(archive, { ranges: true });
    expect(await download()).toHaveLength(RECORDS);
    rmSync(join(root, FOLDER), { recursive: true });
    rmSync(join(root, 'cifar-10-binary.tar.gz'));
    writeFileSync(part, new Uint8Array(archive.length + 5));
    expect(await download()).toHaveLength(RECORDS);
  });

  it('sets a file with a wrong checksum aside', async () => {
    answer = serve(archive.subarray(0, 5000), { ranges: true });
    await expect(download()).rejects.toThrow(/does not have MD5 .* set aside as .*\.bad/);
    expect(rootFiles()).toEqual(['cifar-10-binary.tar.gz.bad']);
    answer = serve(archive, { ranges: true });
    expect(await download()).toHaveLength(RECORDS);
  });

  it('does not touch an archive of another checksum unless it may download', async () => {
    const path = join(root, 'cifar-10-binary.tar.gz');
    writeFileSync(path, 'mine');
    await expect(load()).rejects.toThrow(/give its own path as `root`/);
    expect(readFileSync(path, 'utf8')).toBe('mine');
    answer = serve(archive, { ranges: true });
    expect(await download()).toHaveLength(RECORDS);
    expect(readFileSync(`${path}.bad`, 'utf8')).toBe('mine');
  });

  it.each([404, 403])('gives up at once on status %i', async (status) => {
    answer = (_, response) => response.writeHead(status).end();
    await expect(download()).rejects.toThrow(new RegExp(`answers ${status}.*Or fetch`));
    expect(requests).toHaveLength(1);
  });

  it('tries again after status 503', async () => {
    const good = serve(archive, { ranges: true });
    answer = (request, response) => {
      if (requests.length === 1) response.writeHead(503).end();
      else good(request, response);
    };
    expect(await download()).toHaveLength(RECORDS);
  });

  it('says what to do without a network', async () => {
    const refused = download({ url: 'http://127.0.0.1:1/x.tar.gz' });
    await expect(refused).rejects.toThrow(
      /cannot be downloaded \(.*\).*Or fetch .* give its path as `root`.*synthetic/,
    );
    await expect(refused).rejects.toThrow(expect.objectContaining({ name: 'KindlingError' }));
  });

  it.runIf(existsSync('/dev/full'))('says that the disk is full, and leaves nothing half done', async () => {
    symlinkSync('/dev/full', join(root, 'cifar-10-binary.tar.gz.part'));
    answer = serve(archive, { ranges: true });
    await expect(download()).rejects.toThrow(/the disk is full/);
    expect(rootFiles()).toEqual(['cifar-10-binary.tar.gz.part']);
  });

  it('leaves no folder behind where a file of a verified archive is damaged', async () => {
    const bad = pack(
      entries.map((entry) => (entry.name.endsWith('batch_5.bin') ? { ...entry, bytes: batch(5, 3) } : entry)),
    );
    answer = serve(bad, { ranges: true });
    await expect(download({ md5: sum(bad) })).rejects.toThrow(/data_batch_5\.bin is cut off/);
    expect(rootFiles()).toEqual(['cifar-10-binary.tar.gz']);
  });
});
