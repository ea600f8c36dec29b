import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { concat, type Entry, tar } from '../../test/support/tar.js';
import { readTar } from './tar.js';

const bytes = (text: string) => new TextEncoder().encode(text);

async function* pieces(archive: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < archive.length; at += size) yield archive.subarray(at, at + size);
}

async function list(archive: Uint8Array, size = 700): Promise<[string, string][]> {
  const files: [string, string][] = [];
  for await (const { name, bytes } of readTar(pieces(archive, size)))
    files.push([name, new TextDecoder().decode(bytes)]);
  return files;
}

const pax = (record: string): Entry => ({ name: 'PaxHeaders/x', type: 'x', bytes: bytes(record) });

describe('readTar', () => {
  const plain: Entry[] = [
    { name: 'd/', type: '5' },
    { name: './d/a', bytes: bytes('x'.repeat(1000)) },
    { name: 'd/empty' },
    { name: 'd/b', bytes: bytes('b'), type: '\0' },
  ];
  it.each([1, 511, 512, 4096])('reads files from pieces of %i bytes', async (size) => {
    expect(await list(tar(plain), size)).toEqual([
      ['d/a', 'x'.repeat(1000)],
      ['d/empty', ''],
      ['d/b', 'b'],
    ]);
  });

  it('takes no memory for what a header only claims', async () => {
    const archive = tar([{ name: 'a', bytes: bytes('x') }]).subarray(0, 512);
    archive.set(bytes('01777777777 '), 124);
    archive.fill(32, 148, 156);
    const sum = archive.reduce((total, byte) => total + byte, 0);
    archive.set(bytes(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
    const before = process.memoryUsage().arrayBuffers;
    await expect(list(archive)).rejects.toThrow("cut off inside 'a'");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 22);
  });

  it('reads a file that is larger than what is taken at first', async () => {
    const [[name, text] = []] = await list(tar([{ name: 'd/large', bytes: bytes('large'.repeat(500_000)) }]), 100_000);
    expect([name, text === 'large'.repeat(500_000)]).toEqual(['d/large', true]);
  });

  it('takes long names of GNU and POSIX', async () => {
    const name = `d/${'n'.repeat(150)}`;
    const gnu = tar([
      { name: '././@LongLink', type: 'L', bytes: bytes(`${name}\0`) },
      { name: 'd/n', bytes: bytes('1') },
    ]);
    expect(await list(gnu)).toEqual([[name, '1']]);
    const record = ` path=${name}\n`;
    const posix = tar([pax(`${record.length + 3}${record}`), { name: 'd/n' }, { name: 'd/m' }]);
    expect(await list(posix)).toEqual([
      [name, ''],
      ['d/m', ''],
    ]);
  });

  it.each(['gnu', 'ustar', 'posix', 'v7'])('reads what tar writes in format %s', async (format) => {
    const folder = mkdtempSync(join(tmpdir(), 'kindling-tar-'));
    try {
      mkdirSync(join(folder, 'd'));
      writeFileSync(join(folder, 'd', 'a.bin'), 'hello');
      const archive = execFileSync('tar', [`--format=${format}`, '-cf', '-', '-C', folder, 'd']);
      expect(await list(archive)).toEqual([['d/a.bin', 'hello']]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each<[string, Entry[], RegExp]>([
    ['a symbolic link', [{ name: 'd/a', type: '2', link: '/etc/passwd' }], /'d\/a' is a link \(to '\/etc\/passwd'\)/],
    ['a hard link', [{ name: 'd/a', type: '1', link: 'd/b' }], /is a link/],
    ['a device', [{ name: 'd/a', type: '3' }], /type '3'/],
    ['a sparse file', [{ name: 'd/a', type: 'S' }], /type 'S'/],
    ['an absolute name', [{ name: '/tmp/a' }], /'\/tmp\/a' leaves its folder/],
    ['a name with ..', [{ name: 'd/../../a' }], /leaves its folder/],
    ['a folder with ..', [{ name: '../d/', type: '5' }], /leaves its folder/],
    ['a name with a backslash', [{ name: 'd\\..\\a' }], /leaves its folder/],
    ['a drive', [{ name: 'C:a' }], /leaves its folder/],
    ['a long name with ..', [{ name: 'L', type: 'L', bytes: bytes('../a') }, { name: 'd/a' }], /leaves its folder/],
    ['a path record with ..', [pax('13 path=../a\n'), { name: 'd/a' }], /leaves its folder/],
    ['a damaged record', [pax('99 path=a\n'), { name: 'd/a' }], /extended header is damaged/],
    ['a record of no whole length', [pax('1e-9 path=a\n'), { name: 'd/a' }], /extended header is damaged/],
    ['a record of zeros', [pax(`${'0'.repeat(50_000)}1 `), { name: 'd/a' }], /extended header is damaged/],
    ['a name of megabytes', [{ name: 'L', type: 'L', bytes: new Uint8Array(2 ** 20 + 1) }], /claims 1048577 bytes/],
    ['a size record', [pax('10 size=1\n'), { name: 'd/a' }], /claims a size/],
  ])('refuses %s', async (_, entries, message) => {
    await expect(list(tar(entries))).rejects.toThrow(message);
  });

  it('closes the stream of an archive that it refuses, and of one that ends', async () => {
    let closed = 0;
    async function* watched(archive: Uint8Array): AsyncGenerator<Uint8Array> {
      try {
        yield* pieces(archive, 512);
      } finally {
        closed++;
      }
    }
    for (const name of ['../a', 'a']) {
      const read = async (): Promise<void> => {
        for await (const _ of readTar(watched(tar([{ name }, { name: 'b' }]))));
      };
      await read().catch(() => {});
    }
    expect(closed).toBe(2);
  });

  it('refuses archives cut off or damaged', async () => {
    const archive = tar([{ name: 'd/a', bytes: bytes('hello') }]);
    await expect(list(archive.subarray(0, 600))).rejects.toThrow(/cut off inside 'd\/a'/);
    await expect(list(archive.subarray(0, 1024))).rejects.toThrow(/end mark/);
    await expect(list(concat([bytes('not a tar'), archive]))).rejects.toThrow(/checksum/);
    const negative = archive.slice();
    negative[124] = 0x80;
    await expect(list(negative)).rejects.toThrow(/KindlingError|checksum|not a number/);
  });
});
