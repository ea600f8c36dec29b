/** Readers of archives and of data sets: tar, gzip, IDX, CIFAR-10's files. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CIFAR10, MNIST } from 'kindling/data';
import { readIdx } from '../../../src/data/idx.js';
import { readTar } from '../../../src/data/tar.js';
import { tar } from '../../../test/support/tar.js';
import { inPieces, noise, type Reader, want } from './reader.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const RECORDS = 2;
const RECORD = 3073;

function records(count: number, seed: number): Uint8Array {
  const bytes = noise(count * RECORD, seed);
  for (let i = 0; i < count; i++) bytes[i * RECORD] = (seed + i) % 10;
  return bytes;
}
const BATCHES = [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`).concat('test_batch.bin');
export const cifarArchive = tar([
  { name: 'cifar-10-batches-bin/', type: '5' },
  ...BATCHES.map((name, i) => ({ name: `cifar-10-batches-bin/${name}`, bytes: records(RECORDS, i) })),
]);

/** Writes the sums into all headers that can be found. */
function summed(bytes: Uint8Array): Uint8Array {
  const fixed = bytes.slice();
  for (let at = 0; at + 512 <= fixed.length; ) {
    const header = fixed.subarray(at, at + 512);
    if (header.every((byte) => byte === 0)) break;
    header.fill(32, 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.set(text(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
    const size = Number.parseInt(Buffer.from(header.subarray(124, 136)).toString('latin1'), 8);
    at += 512 + Math.ceil((size >= 0 && size < 2 ** 40 ? size : 0) / 512) * 512;
  }
  return fixed;
}

/** An extended header of POSIX: `LENGTH path=…`. */
const pax = (path: string): Uint8Array => {
  const rest = ` path=${path}\n`;
  const length = rest.length + String(rest.length + 2).length;
  return text(`${length}${rest}`);
};

export const tarReader = (): Reader => ({
  files: [
    cifarArchive,
    tar([
      { name: 'a/b.txt', bytes: text('b') },
      { name: './c', bytes: noise(1000) },
    ]),
    tar([
      { name: '././@LongLink', type: 'L', bytes: text(`${'long/'.repeat(30)}name\0`) },
      { name: 'short', bytes: text('x') },
      { name: 'pax', type: 'x', bytes: pax('from/pax') },
      { name: 'other', bytes: text('y') },
    ]),
  ],
  async read(bytes, pieces) {
    let total = 0;
    for await (const file of readTar(inPieces(bytes, pieces))) {
      total += file.bytes.length;
      want(!file.name.startsWith('/') && !file.name.split('/').includes('..'), `a file is called ${file.name}`);
    }
    want(total <= bytes.length, `${total} bytes in a file of ${bytes.length}`);
  },
  repair: summed,
});

const MIB = 1 << 20;

/** A folder in which one file after the other stands under the same name. */
function inFolder(folder: string, name: string) {
  mkdirSync(folder, { recursive: true });
  const others = (): string => JSON.stringify(readdirSync(folder).sort());
  const before = (): string =>
    [...readdirSync(folder)]
      .filter((one) => one !== name)
      .sort()
      .join();
  const was = before();
  return {
    path: join(folder, name),
    put: (bytes: Uint8Array) => writeFileSync(join(folder, name), bytes),
    unchanged() {
      want(before() === was, `other files lie there now: ${others()}`);
    },
  };
}

/** Through the data set that has it unpacked; a damaged tar is packed, so that what lies in the archive is read too. */
export function gzipReader(folder: string): Reader {
  const { path, put, unchanged } = inFolder(join(folder, 'gzip'), 'cifar.tar.gz');
  const bomb = tar([{ name: 'data_batch_1.bin', bytes: new Uint8Array(24 * MIB) }]);
  return {
    files: [gzipSync(cifarArchive), gzipSync(cifarArchive, { level: 1 }), cifarArchive, gzipSync(bomb)],
    bad: 1,
    async read(bytes) {
      put(bytes[0] === 0x1f ? bytes : gzipSync(bytes, { level: 1 }));
      const { images, labels } = await CIFAR10.load({ root: path, split: 'train', recordsPerFile: RECORDS });
      want(labels.length === 10 && images.length === 30720 && labels.every((one) => one < 10), 'another data set');
    },
    repair: (bytes) => (bytes[0] === 0x1f ? bytes : summed(bytes)),
    unchanged,
  };
}

function idx(bytes: Uint8Array, shape: readonly number[]): Uint8Array {
  const head = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  head.setUint32(0, 0x800 + shape.length);
  for (const [i, size] of shape.entries()) head.setUint32(4 + 4 * i, size);
  return new Uint8Array(Buffer.concat([new Uint8Array(head.buffer), bytes]));
}

export function idxReader(folder: string): Reader {
  const root = join(folder, 'idx');
  mkdirSync(root, { recursive: true });
  const labels = idx(Uint8Array.from([0, 1, 2, 3, 4, 9]), [6]);
  writeFileSync(join(root, 'train-labels-idx1-ubyte'), labels);
  const { put, unchanged } = inFolder(root, 'train-images-idx3-ubyte');
  return {
    files: [idx(noise(784 * 6), [6, 28, 28]), idx(noise(784), [1, 28, 28]), idx(new Uint8Array(0), [0, 28, 28])],
    bad: 2,
    async read(bytes, pieces) {
      const values = await readIdx('file', inPieces(bytes, pieces), [28, 28]);
      want(values.length === bytes.length - 16 && values.length % 784 === 0, `${values.length} values`);
      put(bytes);
      const { labels, images } = await MNIST.load({ root, split: 'train' });
      want(labels.length === 6 && images.length === 6 * 784, 'other pictures');
    },
    unchanged,
  };
}

export function cifarReader(folder: string): Reader {
  const root = join(folder, 'cifar');
  mkdirSync(root, { recursive: true });
  for (const [i, name] of BATCHES.entries()) writeFileSync(join(root, name), records(RECORDS, i));
  const path = join(root, 'data_batch_2.bin');
  const before = (): string =>
    BATCHES.filter((name) => name !== 'data_batch_2.bin')
      .map((name) => readFileSync(join(root, name)).toString('latin1'))
      .join();
  const was = before();
  return {
    files: [records(RECORDS, 1), records(RECORDS, 7)],
    async read(bytes) {
      writeFileSync(path, bytes);
      const { images, labels } = await CIFAR10.load({ root, split: 'train', recordsPerFile: RECORDS });
      want(
        labels.every((one) => one < 10),
        'a label beyond 9',
      );
      for (let i = 0; i < RECORDS; i++) {
        const [at, there] = [(RECORDS + i) * 3072, i * RECORD + 1];
        want(Buffer.compare(images.subarray(at, at + 3072), bytes.subarray(there, there + 3072)) === 0, 'other pixels');
      }
    },
    unchanged: () => want(before() === was, 'other files were changed'),
    restore: () => rmSync(path, { force: true }),
  };
}
