import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../test/support/serve.js';
import { FashionMNIST, MNIST, type MNISTOptions } from './mnist.js';

/** An IDX file of the bytes 0, 1, 2, … modulo `below`. */
function idx(shape: readonly number[], below: number): Uint8Array {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const header = Buffer.alloc(4 + 4 * shape.length);
  [0x800 + shape.length, ...shape].forEach((word, i) => void header.writeUInt32BE(word, 4 * i));
  return Uint8Array.of(...header, ...Uint8Array.from({ length: size }, (_, i) => i % below));
}

const contents: Readonly<Record<string, Uint8Array>> = {
  'train-images-idx3-ubyte': idx([12, 28, 28], 251),
  'train-labels-idx1-ubyte': idx([12], 10),
  't10k-images-idx3-ubyte': idx([3, 28, 28], 241),
  't10k-labels-idx1-ubyte': idx([3], 10),
};
const packed = Object.fromEntries(Object.entries(contents).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]));
const md5 = Object.fromEntries(
  Object.entries(packed).map(([name, bytes]) => [name, createHash('md5').update(bytes).digest('hex')]),
);

let root: string;
const write = (name: string, bytes: Uint8Array, folder = root) => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), bytes);
};
const writeAll = (all: Readonly<Record<string, Uint8Array>>, folder = root) => {
  for (const [name, bytes] of Object.entries(all)) write(name, bytes, folder);
};
const load = (options: Partial<MNISTOptions> = {}) => MNIST.load({ root, split: 'train', ...options });

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kindling-mnist-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('MNIST from a folder', () => {
  it.each([
    ['plain', contents, ''],
    ['gzipped', packed, ''],
    ["in torchvision's folder", contents, 'MNIST/raw'],
  ])('is read %s', async (_, all, inner) => {
    writeAll(all, join(root, inner));
    expect(await MNIST.available(root)).toBe(true);
    const train = await load();
    expect(train).toMatchObject({ length: 12, shape: [1, 28, 28], source: 'MNIST', synthetic: false });
    const [picture, label] = train.get(11);
    expect(picture.data).toEqual(contents['train-images-idx3-ubyte']?.subarray(16 + 11 * 784));
    expect(label.data).toEqual(Int32Array.of(1));
    expect(await load({ split: 'test' })).toHaveLength(3);
  });

  it('is told apart from Fashion-MNIST', async () => {
    writeAll(packed, join(root, 'FashionMNIST/raw'));
    expect([await MNIST.available(root), await FashionMNIST.available(root)]).toEqual([false, true]);
    expect(await FashionMNIST.load({ root, split: 'test' })).toMatchObject({ length: 3, source: 'Fashion-MNIST' });
    expect([MNIST.classes[9], FashionMNIST.classes[9]]).toEqual(['9', 'Ankle boot']);
    await expect(load()).rejects.toThrow(/MNIST: .* has no data set. Set `download: true` to fetch it \(12 MB\)/);
  });

  const [images, labels] = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'] as const;
  const good = contents[images] as Uint8Array;
  const changed = (bytes: Uint8Array, at: number, value: number) => bytes.slice().fill(value, at, at + 1);
  it.each<[string, string, Uint8Array, RegExp]>([
    ['a file cut off', images, good.subarray(0, -1), /images-idx3-ubyte: cut off: 9423 bytes instead of 9424 for 12/],
    [
      'a file without its header',
      images,
      good.subarray(0, 15),
      /images-idx3-ubyte: cut off: 15 bytes are no IDX header/,
    ],
    ['a claim beyond 1 GiB', images, changed(good, 4, 0x7f), /its header claims \d+ bytes, more than 1073741824/],
    ['trailing bytes', images, Uint8Array.of(...good, 0), /too long: 9425 bytes instead of 9424/],
    ['another type', images, changed(good, 2, 9), /starts with 0x00000903; .*3 dimensions with 0x00000803/],
    ['labels in place of pictures', images, idx([800], 10), /starts with 0x00000801/],
    ['pictures of another size', images, idx([12, 28, 27], 9), /entries of shape \[28,27\] instead of \[28,28\]/],
    ['a count too large', images, changed(good, 7, 13), /cut off: 9424 bytes instead of 10208 for 13/],
    ['a label over 9', labels, idx([12], 11), /labels-idx1-ubyte: label 10 at 10; labels are 0 to 9/],
    ['a label too few', labels, idx([11], 10), /images-idx3-ubyte has 12 pictures, .*labels-idx1-ubyte 11 labels/],
    ['what is no gzip', `${images}.gz`, good, /images-idx3-ubyte\.gz: the archive is damaged, or no gzip/],
    ['a gzip cut off', `${images}.gz`, gzipSync(good).subarray(0, 50), /ubyte\.gz: the archive is cut off/],
    ['a short file in a gzip', `${images}.gz`, gzipSync(good.subarray(0, 99)), /ubyte\.gz: cut off: 99 bytes/],
  ])('refuses %s', async (_, name, bytes, message) => {
    writeAll(contents);
    if (name.endsWith('.gz')) rmSync(join(root, images));
    write(name, bytes);
    await expect(load()).rejects.toThrow(message);
    await expect(load()).rejects.toThrow(expect.objectContaining({ name: 'KindlingError' }));
  });

  it('does not read a file beyond 1 GiB', async () => {
    writeAll(contents);
    truncateSync(join(root, images), 20e9);
    await expect(load()).rejects.toThrow(/images-idx3-ubyte: too long: 20000000000 bytes, more than 1073741824/);
  });
});

describe('MNIST downloaded', () => {
  let server: Server;
  let requests: string[];
  let broken: RequestListener | null;

  beforeEach(async () => {
    requests = [];
    broken = null;
    server = createServer((request, response) => {
      requests.push(request.url ?? '');
      const answer = broken ?? serve(packed[request.url?.slice(1) ?? ''] ?? new Uint8Array(0), { ranges: true });
      broken = null;
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const download = (options: Partial<MNISTOptions> = {}) =>
    load({
      download: true,
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      md5,
      retryDelay: 1,
      ...options,
    });

  it('is verified, with progress, each file once', async () => {
    const seen: string[] = [];
    const onProgress: MNISTOptions['onProgress'] = ({ stage, done, total }) => seen.push(`${stage} ${done}/${total}`);
    // Either of the two may be the one that downloads.
    const [train, again] = await Promise.all([download({ onProgress }), download({ onProgress })]);
    expect([train.length, again.length]).toEqual([12, 12]);
    expect(requests).toEqual(['/train-images-idx3-ubyte.gz', '/train-labels-idx1-ubyte.gz']);
    const size = packed['train-images-idx3-ubyte.gz']?.length;
    expect(seen).toContain(`download ${size}/${size}`);
    expect(await MNIST.available(root)).toBe(false);
    expect(await download({ split: 'test' })).toHaveLength(3);
    expect(await MNIST.available(root)).toBe(true);
    expect(readdirSync(join(root, 'MNIST/raw')).sort()).toEqual(Object.keys(packed).sort());
    await load();
    expect(requests).toHaveLength(4);
  });

  it('resumes when broken off', async () => {
    const name = 'train-images-idx3-ubyte.gz';
    broken = serve(packed[name] as Uint8Array, { ranges: true, breakAfter: 100 });
    expect(await download()).toHaveLength(12);
    expect(requests.filter((url) => url.endsWith(name))).toHaveLength(2);
  });

  it('is refused with a wrong checksum', async () => {
    const wrong = { ...md5, 'train-labels-idx1-ubyte.gz': 'no' };
    await expect(download({ md5: wrong })).rejects.toThrow(/labels-idx1-ubyte\.gz: the download does not have MD5 no/);
    expect(readdirSync(join(root, 'MNIST/raw')).sort()).toEqual([
      'train-images-idx3-ubyte.gz',
      'train-labels-idx1-ubyte.gz.bad',
    ]);
  });
});
