import { describe, expect, test } from 'vitest';
import type { ImageSample } from '../../src/data/dataset.js';
import { ImageFolder } from '../../src/data/imageFolder.js';
import { DataLoader, type DataLoaderOptions } from '../../src/data/loader.js';
import { Subset } from '../../src/data/subset.js';
import { Cutout } from '../../src/data/transforms.js';

/** 8×8 pixels written by PIL: red grows along rows, green along columns; blue is 90, or 200 for the dog. */
const PICTURES = {
  'cat/1.png':
    'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAGUlEQVR42mNkYIgSYWDARCwMkgxYweCUAAD7BAGzkFXc8QAAAABJRU5ErkJggg==',
  'cat/2.jpg':
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB' +
    'AQEBAQH/2wBDAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wAARCAAIAAgD' +
    'AREAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EACAQAAACCwAAAAAAAAAAAAAAAAABAgQHCRElMTRDUWH/xAAVAQEBAAAAAAAAAAAAAAAA' +
    'AAAGB//EACURAAACBwkAAAAAAAAAAAAAAAAIAQUGESVDUTEzNVJTYWJxcv/aAAwDAQACEQMRAD8AJRiTvO0kZY6Kp82jAIm+MvfvWGab3vStiBNy' +
    'knAwyK6M/wA8x//Z',
  'dog/1.png':
    'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAGUlEQVR42mNkYDghwsCAiVgYJBmwgsEpAQBPuQIhmTtFRQAAAABJRU5ErkJggg==',
};
const channels = [(i: number) => 20 * (i % 8), (i: number) => 25 * Math.floor(i / 8), () => 90];

const folder = ImageFolder.from(
  Object.entries(PICTURES).map(([name, text]) => ({
    name,
    bytes: async () => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)),
  })),
);

describe('ImageFolder, by the decoder of the host', () => {
  test('PNG gives the pixels that were written', async () => {
    const [{ data, shape }] = await folder.get(0);
    expect(shape).toEqual([3, 8, 8]);
    expect([...data]).toEqual(Array.from({ length: 192 }, (_, i) => channels[Math.floor(i / 64)]?.(i % 64)));
  });

  test('JPEG gives the pixels that were written, nearly', async () => {
    const [png, jpeg] = [(await folder.get(0))[0].data, (await folder.get(1))[0].data];
    const worst = Math.max(...png.map((value, i) => Math.abs(value - (jpeg[i] ?? Number.NaN))));
    expect(worst).toBeLessThan(12);
  });

  test('batches made ahead by the host are those of the pictures in memory, made by the GPU', async () => {
    const options: DataLoaderOptions = { batchSize: 2, shuffle: true, seed: 4, prefetch: 2, transform: new Cutout(3) };
    const epochOf = async (loader: DataLoader<ImageSample>) => {
      const batches: unknown[] = [];
      for await (const [x, y] of loader) batches.push([x.shape, [...(await x.data())], [...(await y.data())]]);
      return batches;
    };
    const wanted = await epochOf(new DataLoader(await folder.load(), options));
    expect(wanted).toHaveLength(2);
    expect(await epochOf(new DataLoader(folder, options))).toEqual(wanted);
    for await (const [x, y] of new DataLoader(new Subset(folder, [2, 1]), { batchSize: 2 })) {
      expect([x.shape, [...(await y.data())]]).toEqual([
        [2, 3, 8, 8],
        [1, 0],
      ]);
      expect((await x.data())[128]).toBe(Math.fround(200 / 255));
    }
  });

  test('what is damaged is refused by name', async () => {
    const bytes = Uint8Array.from({ length: 40 }, (_, i) => i);
    await expect(ImageFolder.from([{ name: 'a/b.png', bytes }]).get(0)).rejects.toThrow(
      /a\/b\.png cannot be decoded: /,
    );
  });
});
