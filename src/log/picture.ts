/** Pixels of what is logged as an image, and PNG files of them. */
import { refuse } from '../gpu/errors.js';
import { crc32 } from '../io/crc32.js';
import type { Picture } from './records.js';

/** The order of an image's dimensions: channels, height, width. */
export type DataFormat = 'CHW' | 'HWC' | 'HW';

export const DATA_FORMATS: readonly DataFormat[] = ['CHW', 'HWC', 'HW'];

/** Height, width and channels of an image. @throws KindlingError where the shape is none of `format` */
export function sizesOf(shape: readonly number[], format: DataFormat): Record<'H' | 'W' | 'C', number> {
  const sizes = { H: 0, W: 0, C: 1 };
  for (const [i, letter] of [...format].entries()) sizes[letter as 'H'] = shape[i] ?? 0;
  const { H, W, C } = sizes;
  if (shape.length !== format.length || !(H > 0 && W > 0 && C >= 1 && C <= 4)) {
    refuse(
      `addImage: no ${format} of 1 to 4 channels: [${shape.join(', ')}]; say { dataformats: 'HWC' } or 'HW' of others`,
    );
  }
  return sizes;
}

/**
 * Pixels of `data`, whose elements go from 0 to `white`; what lies outside is cut to it, and NaN is black.
 *
 * @throws KindlingError where the shape is none of `format`
 */
export function pictureOf(
  data: ArrayLike<number>,
  shape: readonly number[],
  format: DataFormat,
  white: number,
): Picture {
  const { H: height, W: width, C: channels } = sizesOf(shape, format);
  const pixels = new Uint8Array(width * height * channels);
  const planes = format === 'CHW';
  for (let i = 0; i < pixels.length; i++) {
    const from = planes ? (i % channels) * width * height + Math.floor(i / channels) : i;
    pixels[i] = Math.round(255 * Math.min(1, Math.max(0, (data[from] as number) / white)));
  }
  return { width, height, channels: channels as Picture['channels'], data: pixels };
}

/** PNG's numbers for so many channels. */
const COLORS = { 1: 0, 2: 4, 3: 2, 4: 6 } as const;
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * A picture as a PNG file, its lines unfiltered.
 *
 * @see https://www.w3.org/TR/png/
 */
export async function pngOf({ width, height, channels, data }: Picture): Promise<Uint8Array<ArrayBuffer>> {
  const stride = width * channels;
  const lines = new Uint8Array(height * (stride + 1));
  for (let y = 0; y < height; y++) lines.set(data.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8);
  header.setUint8(9, COLORS[channels]);
  const chunks = [
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', new Uint8Array(header.buffer)),
    chunk('IDAT', await deflated(lines)),
    chunk('IEND', new Uint8Array()),
  ];
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** A chunk of a PNG file: its length, its type, what it holds, and the sum of both. */
function chunk(type: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(content.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(content, 8);
  view.setUint32(8 + content.length, crc32(bytes.subarray(4, 8 + content.length)));
  return bytes;
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
