import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  archive,
  batch,
  batches,
  entries,
  FOLDER,
  here,
  load,
  pack,
  RECORDS,
  rootFiles,
  serveEach,
} from '../../test/support/cifarServer.js';
import type { Entry } from '../../test/support/tar.js';
import type { CIFAR10Options } from './cifar10.js';

serveEach();

describe('CIFAR10 from local files', () => {
  beforeEach(() => {
    mkdirSync(join(here.root, FOLDER));
    for (const [name, bytes] of batches) writeFileSync(join(here.root, FOLDER, name), bytes);
  });
  const damage = (name: string, bytes: Uint8Array) => writeFileSync(join(here.root, FOLDER, name), bytes);

  it.each(['', FOLDER])('reads a folder given as root/%s, without a checksum', async (inner) => {
    const train = await load({ root: join(here.root, inner), split: 'train', md5: 'no' });
    expect(train).toMatchObject({ length: 100, synthetic: false, source: 'CIFAR-10 (local files)' });
    expect(train.classes[9]).toBe('truck');
    const [picture, label] = train.get(21);
    expect(picture.data).toEqual(batch(2).subarray(3074, 2 * 3073));
    expect(label.data).toEqual(Int32Array.of(3));
    expect(here.requests).toEqual([]);
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
    rmSync(join(here.root, FOLDER, 'data_batch_3.bin'));
    await expect(load({ split: 'train' })).rejects.toThrow(/data_batch_3\.bin is missing/);
  });
});

describe('CIFAR10 from a local archive', () => {
  const from = (bytes: Uint8Array, options: Partial<CIFAR10Options> = {}) => {
    const path = join(here.root, 'mine.tar.gz');
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
