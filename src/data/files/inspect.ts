/** What the header of a PNG or JPEG says, and whether the file is whole: known before anything is decoded. */
import { KindlingError, refuse } from '../../gpu/errors.js';
import { crc32 } from '../../io/crc32.js';

/** Pictures beyond this many pixels are refused unless more is allowed: 64 megapixels, which take 256 MB as RGBA. */
export const MAX_PIXELS = 2 ** 26;

/** A PNG in its parts. */
export interface Png {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample. */
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly color: number;
  readonly interlaced: boolean;
  readonly palette: Uint8Array;
  readonly transparency: Uint8Array | null;
  /** Compressed. */
  readonly pixels: readonly Uint8Array[];
}

const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};
/** Samples of a pixel. */
export const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

export const isPng = (bytes: Uint8Array): boolean =>
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a].every((byte, i) => bytes[i] === byte);
export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8;

/** Throws where a PNG or JPEG is not whole, or larger than it may be. Other formats are passed over. */
export async function inspect(bytes: Uint8Array, maxPixels: number): Promise<void> {
  if (isPng(bytes)) await checkPixels(readPng(bytes, maxPixels));
  else if (isJpeg(bytes)) checkJpeg(bytes, maxPixels);
}

function checkSize(width: number, height: number, maxPixels: number): void {
  if (width === 0 || height === 0) refuse('it has no pixels');
  if (width * height > maxPixels) {
    refuse(`it has ${width}×${height} pixels, more than ${maxPixels}; set \`maxPixels\` to take it`);
  }
}

/** The parts of a PNG, each with its checksum. */
export function readPng(bytes: Uint8Array, maxPixels: number): Png {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let head: Omit<Png, 'palette' | 'transparency' | 'pixels'> | null = null;
  let palette = new Uint8Array(0);
  let transparency: Uint8Array | null = null;
  const pixels: Uint8Array[] = [];
  for (let at = 8; ; ) {
    if (at + 12 > bytes.length) refuse('it is cut off');
    const length = view.getUint32(at);
    if (at + 12 + length > bytes.length) refuse('it is cut off');
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const body = bytes.slice(at + 8, at + 8 + length);
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length)) {
      refuse(`it is damaged: its part ${type} does not have its checksum`);
    }
    if (head === null) head = headOf(type, body, maxPixels);
    else if (type === 'PLTE') palette = body;
    else if (type === 'tRNS') transparency = body;
    else if (type === 'IDAT') pixels.push(body);
    else if (type === 'IEND') return { ...head, palette, transparency, pixels };
    else if (/^[A-Z]/.test(type)) refuse(`it has a part ${type} that is not known`);
    at += 12 + length;
  }
}

function headOf(type: string, body: Uint8Array, maxPixels: number) {
  if (type !== 'IHDR' || body.length !== 13) refuse('it is damaged: it does not begin with its size');
  const view = new DataView(body.buffer, body.byteOffset);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth = 0, color = 0, compression, filter, interlace = 0] = body.subarray(8);
  if (!DEPTHS[color]?.includes(depth) || compression || filter || interlace > 1) {
    refuse(`it is damaged: there is no PNG of color type ${color} in ${depth} bits`);
  }
  checkSize(width, height, maxPixels);
  return { width, height, depth, color, interlaced: interlace === 1 };
}

/** Where the pixels of a pass lie: all of them, or Adam7's seven shares. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
}
const WHOLE: readonly Pass[] = [{ x: 0, y: 0, dx: 1, dy: 1 }];
const ADAM7: readonly Pass[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];

/** The passes that a picture has, with their size; `stride` is the bytes of a line. */
export function passesOf({ width, height, depth, color, interlaced }: Png) {
  const across = (size: number, from: number, step: number): number => Math.max(0, Math.ceil((size - from) / step));
  return (interlaced ? ADAM7 : WHOLE)
    .map((pass) => ({ ...pass, columns: across(width, pass.x, pass.dx), rows: across(height, pass.y, pass.dy) }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0)
    .map((pass) => ({ ...pass, stride: Math.ceil((pass.columns * depth * (SAMPLES[color] ?? 1)) / 8) }));
}

/** Bytes of the pixels as they are inflated: a filter and a line for each row. */
export const rawLength = (png: Png): number =>
  passesOf(png).reduce((sum, { rows, stride }) => sum + rows * (1 + stride), 0);

/** Throws where the pixels of a PNG are fewer or more than its header says, which decoders of browsers take. */
async function checkPixels(png: Png): Promise<void> {
  const want = rawLength(png);
  const reader = new Blob(png.pixels as Uint8Array<ArrayBuffer>[])
    .stream()
    .pipeThrough(new DecompressionStream('deflate'))
    .getReader();
  let length = 0;
  while (length <= want) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new KindlingError('its pixels are cut off or damaged', { cause });
    });
    if (done) break;
    length += value.length;
  }
  if (length > want) {
    await reader.cancel();
    refuse('it has more pixels than its header says');
  }
  if (length < want) refuse(`its pixels are cut off: ${length} bytes instead of ${want}`);
}

/** Markers that stand alone, and those of a frame: its size. */
const ALONE = (marker: number): boolean => marker === 1 || (marker >= 0xd0 && marker <= 0xd7);
const FRAME = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
/** A block of 8×8 pixels takes a bit at least: a file that claims more is cut off, and would be decoded for minutes. */
const PIXELS_PER_BYTE = 8 * 64;
/** Each scan goes over the whole picture: a file of many would take minutes. */
const MAX_SCANS = 100;

function checkJpeg(bytes: Uint8Array, maxPixels: number): void {
  let [framed, scans] = [false, 0];
  for (let at = 2; ; ) {
    // Between segments lie fill bytes and, after the head of a scan, its data, where 0xff is followed by zero.
    while (at < bytes.length && (bytes[at] !== 0xff || bytes[at + 1] === 0 || bytes[at + 1] === 0xff)) at++;
    if (at + 2 > bytes.length) refuse('it is cut off');
    const marker = bytes[at + 1] as number;
    at += 2;
    if (marker === 0xd9) break;
    if (ALONE(marker)) continue;
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    if (length < 2 || at + length > bytes.length) refuse('it is cut off');
    if (FRAME(marker)) {
      const side = (offset: number): number => ((bytes[at + offset] ?? 0) << 8) | (bytes[at + offset + 1] ?? 0);
      if (length < 8) refuse('it is damaged: its frame is too short');
      const [width, height] = [side(5), side(3)];
      checkSize(width, height, maxPixels);
      if (width * height > PIXELS_PER_BYTE * bytes.length) {
        refuse(`it is cut off: ${bytes.length} bytes cannot hold ${width}×${height} pixels`);
      }
      framed = true;
    }
    if (marker === 0xda && ++scans > MAX_SCANS) refuse(`it has more than ${MAX_SCANS} scans`);
    at += length;
  }
  if (!framed || scans === 0) refuse('it is damaged: it has no picture');
}
