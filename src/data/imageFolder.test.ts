import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ImageFolder, type PictureFile } from './imageFolder.js';

/** RGBA pixels: red grows along rows, green along columns, blue is `blue`. */
function pixels(height: number, width: number, blue: number) {
  const data = Buffer.alloc(4 * height * width);
  for (let i = 0; i < height * width; i++) data.set([10 * (i % width), 20 * Math.floor(i / width), blue, 255], 4 * i);
  return { data, width, height };
}
const png = (height: number, width: number, blue: number): Uint8Array =>
  PNG.sync.write(Object.assign(new PNG({ width, height }), { data: pixels(height, width, blue).data }));
const jpg = (height: number, width: number, blue: number): Uint8Array =>
  jpeg.encode(pixels(height, width, blue), 100).data;

let root: string;
const write = (name: string, bytes: Uint8Array | string) => {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), bytes);
};
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kindling-folder-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('ImageFolder', () => {
  it('finds classes and files in the order of torchvision, and leaves out what is no picture', async () => {
    for (const name of [
      'dog/b.png',
      'cat/z.PNG',
      'cat/a/1.jpg',
      'cat/a-b.jpeg',
      'cat/B.png',
      'cat/notes.txt',
      'top.png',
    ])
      write(name, '');
    const folder = await ImageFolder.open(root);
    expect(folder.classes).toEqual(['cat', 'dog']);
    // os.walk: a folder's files before those of the folders in it; capitals first.
    expect(folder.samples.map(({ file, label }) => [file.name, label])).toEqual([
      ['cat/B.png', 0],
      ['cat/a-b.jpeg', 0],
      ['cat/z.PNG', 0],
      ['cat/a/1.jpg', 0],
      ['dog/b.png', 1],
    ]);
  });

  it('decodes PNG exactly and JPEG closely, as planes', async () => {
    write('a/1.png', png(2, 3, 7));
    write('b/1.jpg', jpg(2, 3, 7));
    const folder = await ImageFolder.open(root);
    const wanted = [0, 10, 20, 0, 10, 20, 0, 0, 0, 20, 20, 20, 7, 7, 7, 7, 7, 7];
    expect(await folder.get(0)).toEqual([
      { data: Uint8Array.from(wanted), shape: [3, 2, 3] },
      { data: Int32Array.of(0), shape: [] },
    ]);
    const [{ data }, label] = await folder.get(1);
    expect(label.data).toEqual(Int32Array.of(1));
    for (const [i, value] of data.entries()) expect(Math.abs(value - (wanted[i] ?? 0))).toBeLessThan(12);
  });

  it('loads everything into memory', async () => {
    for (const [i, name] of ['a/1.png', 'a/2.png', 'b/1.png'].entries()) write(name, png(4, 5, i));
    const data = await (await ImageFolder.open(root)).load();
    expect(data).toMatchObject({ length: 3, shape: [3, 4, 5], classes: ['a', 'b'], labels: Uint8Array.of(0, 0, 1) });
    expect(data.images.subarray(160, 180)).toEqual(new Uint8Array(20).fill(2));
  });

  it('refuses sizes that differ, naming the file, or brings them to one', async () => {
    write('a/1.png', png(4, 5, 1));
    write('a/2.png', png(5, 4, 2));
    await expect((await ImageFolder.open(root)).load()).rejects.toThrow(
      /ImageFolder: a\/2\.png has 5×4 pixels, a\/1\.png 4×5: set `resize: \[height, width\]`/,
    );
    const data = await (await ImageFolder.open(root, { resize: [2, 6] })).load();
    expect(data).toMatchObject({ length: 2, shape: [3, 2, 6] });
    expect(data.images.subarray(24, 36)).toEqual(new Uint8Array(12).fill(1));
  });

  it('takes files from anywhere, with a decoder of one’s own', async () => {
    const file = (name: string, bytes: PictureFile['bytes']): PictureFile => ({ name, bytes });
    const folder = ImageFolder.from(
      [
        file('b/1.raw', async () => Uint8Array.of(3).buffer),
        file('a/1.raw', Uint8Array.of(4)),
        file('loose.raw', root as never),
      ],
      { extensions: ['.raw'], decode: ([blue = 0]) => pixels(1, 1, blue) },
    );
    expect(await Promise.all([0, 1].map(async (i) => (await folder.get(i))[0].data[2]))).toEqual([4, 3]);
    expect(folder.classes).toEqual(['a', 'b']);
  });

  const good = png(8, 8, 1);
  it.each<[string, string, Uint8Array, RegExp]>([
    ['a PNG cut off', '1.png', good.subarray(0, -30), /a\/1\.png cannot be decoded: /],
    ['a PNG with a flipped bit', '1.png', good.map((byte, i) => (i === 50 ? byte ^ 1 : byte)), /a\/1\.png cannot be/],
    ['a JPEG cut off', '1.jpg', jpg(32, 32, 1).subarray(0, 500), /a\/1\.jpg cannot be decoded: /],
    ['an empty file', '1.png', new Uint8Array(0), /a\/1\.png cannot be decoded: it is neither PNG nor JPEG/],
    ['another format', '1.jpg', Uint8Array.from(Buffer.from('GIF89a')), /neither PNG nor JPEG. Give a `decode`/],
  ])('refuses %s', async (_, name, bytes, message) => {
    write(`a/${name}`, bytes);
    const folder = await ImageFolder.open(root);
    await expect(folder.get(0)).rejects.toThrow(message);
    await expect(folder.get(0)).rejects.toThrow(expect.objectContaining({ name: 'KindlingError' }));
  });

  it('refuses what it cannot use', async () => {
    await expect(ImageFolder.open(join(root, 'none'))).rejects.toThrow(/none: there is no such file/);
    await expect(ImageFolder.open(root)).rejects.toThrow(/no folders of pictures/);
    write('a/1.png', good);
    write('b/readme', '');
    await expect(ImageFolder.open(root)).rejects.toThrow(
      /the folder 'b' has no file that ends in \.png, \.jpg, \.jpeg/,
    );
    const file = { name: 'a/1.png', bytes: good };
    expect(() => ImageFolder.from([file], { resize: [0, 4] })).toThrow(/resize is \[height, width\].*\[0,4\]/);
    const odd = ImageFolder.from([file], { decode: () => ({ data: new Uint8Array(3), width: 1, height: 1 }) });
    await expect(odd.get(0)).rejects.toThrow(/the decoder gave no RGBA pixels/);
    await expect(odd.get(1)).rejects.toThrow(/index 1 is outside of 0 … 0/);
  });

  it('says what to install', async () => {
    vi.resetModules();
    vi.doMock('jpeg-js', () => {
      throw new Error('not found');
    });
    const { ImageFolder: alone } = await import('./imageFolder.js');
    const read = (name: string, bytes: Uint8Array) => alone.from([{ name, bytes }]).get(0);
    expect(await read('a/1.png', good)).toHaveLength(2);
    await expect(read('a/1.jpg', jpg(8, 8, 1))).rejects.toThrow(/npm install jpeg-js, or give a `decode`/);
    vi.doUnmock('jpeg-js');
  });
});
