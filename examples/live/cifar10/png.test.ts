import { constants, deflateSync, inflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { expect, it } from 'vitest';
import { pngOf } from '../../../test/support/cifarParquet.js';
import { batch } from '../../../test/support/cifarServer.js';
import { inflate } from './inflate.js';
import { planesOf } from './png.js';

const record = batch(3, 1);
/** Soft, so that each filter has something to guess. */
const soft = record.map((_, i) => 128 + 90 * Math.sin(i / 37) + (i % 5));

it.each([0, 1, 2, 3, 4, -1])('decodes lines of filter %d to the byte', (filter) => {
  for (const picture of [record, soft]) {
    const planes = planesOf(pngOf(picture, filter));
    expect(Buffer.compare(planes, picture.subarray(1))).toBe(0);
  }
});

it('refuses a picture in which a bit is another', () => {
  const png = pngOf(record);
  for (const at of [20, 41, 60, 1000, png.length - 6]) {
    const broken = png.slice();
    broken[at] = (broken[at] as number) ^ 4;
    expect(() => planesOf(broken), `byte ${at}`).toThrow();
  }
  expect(() => planesOf(png.subarray(0, 900))).toThrow('cut off');
  expect(() => planesOf(record)).toThrow('no PNG');
});

it('refuses pictures of another form', () => {
  const small = PNG.sync.write(new PNG({ width: 28, height: 28 }), { colorType: 2 });
  expect(() => planesOf(small)).toThrow('28×28 pixels, not 32×32');
  const clear = PNG.sync.write(new PNG({ width: 32, height: 32 }), { colorType: 6 });
  expect(() => planesOf(clear)).toThrow('not RGB in 8');
});

it.each([
  ['stored', { level: 0 }],
  ['packed at once', { level: 1 }],
  ['packed well', { level: 9 }],
  ['in words of fixed lengths', { strategy: constants.Z_FIXED }],
  ['without repetitions', { strategy: constants.Z_HUFFMAN_ONLY }],
  ['in small blocks', { memLevel: 1 }],
])('unpacks what is %s, and refuses it with another size or, as zlib does, a bit changed', (_, options) => {
  for (const raw of [record, soft, new Uint8Array(9000), soft.map((byte) => byte & 3)]) {
    const packed = new Uint8Array(deflateSync(raw, options));
    expect(Buffer.compare(inflate(packed, raw.length), raw)).toBe(0);
    expect(() => inflate(packed, raw.length - 1)).toThrow('more pixels');
    expect(() => inflate(packed, raw.length + 1)).toThrow('fewer pixels');
    for (const cut of [1, 4, 5, packed.length >> 1]) {
      expect(() => inflate(packed.subarray(0, packed.length - cut), raw.length)).toThrow();
    }
    // A bit may be another without a change: one that fills a byte, or how far back zeros among zeros come from.
    for (let at = 0; at < packed.length; at += 41) {
      const broken = packed.slice();
      broken[at] = (broken[at] as number) ^ 4;
      const [found, wanted] = [() => inflate(broken, raw.length), () => inflateSync(broken)].map(bytesOf);
      expect(found, `byte ${at}`).toBe(wanted);
    }
  }
});

/** What comes out, as text; null where it is refused. */
function bytesOf(unpack: () => Uint8Array): string | null {
  try {
    return Buffer.from(unpack()).toString('base64');
  } catch {
    return null;
  }
}
