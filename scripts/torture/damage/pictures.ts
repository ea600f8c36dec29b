/** Readers of pictures: PNG and JPEG, as `ImageFolder` decodes them. */
import jpeg from 'jpeg-js';
import { ImageFolder } from 'kindling/data';
import { PNG } from 'pngjs';
import { crc32 } from '../../../src/io/crc32.js';
import { noise, type Reader, want } from './reader.js';

async function decode(name: string, bytes: Uint8Array): Promise<void> {
  const [{ data, shape }] = await ImageFolder.from([{ name, bytes }]).get(0);
  const [channels = 0, height = 0, width = 0] = shape;
  want(channels === 3 && height > 0 && width > 0 && data.length === 3 * height * width, `a picture of shape ${shape}`);
}

function png(width: number, height: number, colorType: 0 | 2 | 4 | 6): Uint8Array {
  const picture = new PNG({ width, height });
  picture.data = Buffer.from(noise(4 * width * height));
  return new Uint8Array(PNG.sync.write(picture, { colorType }));
}

/** A picture of one color, as large as a small file can say. */
function flat(side: number): Uint8Array {
  const picture = new PNG({ width: side, height: side });
  return new Uint8Array(PNG.sync.write(picture, { colorType: 0 }));
}

/** The sums of all parts that can be found. */
function summed(bytes: Uint8Array): Uint8Array {
  const fixed = bytes.slice();
  const view = new DataView(fixed.buffer);
  for (let at = 8; at + 12 <= fixed.length; ) {
    const length = view.getUint32(at);
    if (at + 12 + length > fixed.length) break;
    view.setUint32(at + 8 + length, crc32(fixed.subarray(at + 4, at + 8 + length)));
    at += 12 + length;
  }
  return fixed;
}

export const pngReader = (): Reader => ({
  files: [png(9, 7, 2), png(9, 7, 6), png(16, 16, 0), png(5, 5, 4), png(110, 110, 2), flat(1000)],
  read: (bytes) => decode('a/1.png', bytes),
  repair: summed,
});

const picture = (width: number, height: number, quality: number): Uint8Array =>
  new Uint8Array(jpeg.encode({ width, height, data: Buffer.from(noise(4 * width * height)) }, quality).data);

export const jpegReader = (): Reader => ({
  files: [picture(16, 16, 50), picture(33, 20, 90), picture(8, 8, 10), picture(160, 120, 50), picture(1, 1, 50)],
  read: (bytes) => decode('a/1.jpg', bytes),
});
