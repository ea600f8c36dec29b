/**
 * Decodes the PNG files of CIFAR-10 to the byte. A browser's own decoder may convert colours on the way to a canvas; this one has no
 * colours to convert: RGB of 8 bits, as these files are, and nothing else. Each part has its checksum, and the pixels have one more, so
 * that a picture which a server or a connection has changed is refused.
 */
import { inflate } from './inflate.js';
import { type Bytes, PIXELS, SIDE } from './records.js';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const STRIDE = 3 * SIDE;
/** A filter and a line for each row. */
const RAW = SIDE * (1 + STRIDE);

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 255] as number);
  return ~crc >>> 0;
}

/** The planes of a picture, red, green, blue. @throws Error where it is damaged, or no picture of CIFAR-10 */
export function planesOf(file: Uint8Array): Bytes {
  const raw = inflate(compressed(file), RAW);
  unfilter(raw);
  const planes = new Uint8Array(3 * PIXELS);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const from = y * (1 + STRIDE) + 1 + 3 * x;
      for (let plane = 0; plane < 3; plane++) planes[plane * PIXELS + y * SIDE + x] = raw[from + plane] as number;
    }
  }
  return planes;
}

/** The compressed pixels. */
function compressed(file: Uint8Array): Bytes {
  if (!SIGNATURE.every((byte, i) => file[i] === byte)) throw new Error('it is no PNG');
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const pieces: Uint8Array[] = [];
  for (let at = SIGNATURE.length; ; ) {
    const length = at + 12 <= file.length ? view.getUint32(at) : file.length;
    const end = at + 8 + length;
    if (end + 4 > file.length) throw new Error('it is cut off');
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (crc32(file.subarray(at + 4, end)) !== view.getUint32(end)) {
      throw new Error(`it is damaged: its part ${type} does not have its checksum`);
    }
    if (at === SIGNATURE.length) checkHeader(type, new DataView(file.buffer, file.byteOffset + at + 8, length));
    else if (type === 'IDAT') pieces.push(file.subarray(at + 8, end));
    else if (type === 'IEND') break;
    at = end + 4;
  }
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let to = 0;
  for (const piece of pieces) {
    all.set(piece, to);
    to += piece.length;
  }
  return all;
}

function checkHeader(type: string, header: DataView): void {
  if (type !== 'IHDR' || header.byteLength !== 13) throw new Error('it is damaged: it does not begin with its size');
  const [width, height] = [header.getUint32(0), header.getUint32(4)];
  const [depth, colour, interlace] = [header.getUint8(8), header.getUint8(9), header.getUint8(12)];
  if (width !== SIDE || height !== SIDE) throw new Error(`it has ${width}×${height} pixels, not ${SIDE}×${SIDE}`);
  if (depth !== 8 || colour !== 2 || interlace !== 0) {
    throw new Error(`it is of colour type ${colour} in ${depth} bits, not RGB in 8`);
  }
}

/** Undoes the filters in place: each byte is stored as its difference from a guess by its neighbours. */
function unfilter(raw: Uint8Array): void {
  for (let row = 0; row < SIDE; row++) {
    const begin = row * (1 + STRIDE) + 1;
    const filter = raw[begin - 1] as number;
    if (filter > 4) throw new Error(`it is damaged: there is no filter ${filter}`);
    for (let i = 0; filter > 0 && i < STRIDE; i++) {
      const at = begin + i;
      const left = i < 3 ? 0 : (raw[at - 3] as number);
      const up = row === 0 ? 0 : (raw[at - 1 - STRIDE] as number);
      const corner = i < 3 || row === 0 ? 0 : (raw[at - 4 - STRIDE] as number);
      const guess = filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : paeth(left, up, corner);
      raw[at] = (raw[at] as number) + guess;
    }
  }
}

function paeth(left: number, up: number, corner: number): number {
  const [toLeft, toUp, toCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
