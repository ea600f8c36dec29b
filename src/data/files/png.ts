/** Decodes PNG in Node: what is inflated is what the header says, neither less nor more. */
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { KindlingError, refuse } from '../../gpu/errors.js';
import type { DecodedPicture } from './decode.js';
import { type Png, passesOf, rawLength, readPng, SAMPLES } from './inspect.js';

/** Pixels between two turns of the event loop. */
const AT_ONCE = 2 ** 20;

export async function decodePng(bytes: Uint8Array, maxPixels: number): Promise<DecodedPicture> {
  const png = readPng(bytes, maxPixels);
  const { width, height, depth, color } = png;
  const raw = await inflated(png, rawLength(png));
  const data = new Uint8Array(4 * width * height);
  const step = Math.max(1, (depth * (SAMPLES[color] ?? 1)) >> 3);
  let [at, since] = [0, 0];
  for (const { x, y, dx, dy, columns, rows, stride } of passesOf(png)) {
    let above = new Uint8Array(stride);
    for (let row = 0; row < rows; row++) {
      const line = raw.subarray(at + 1, at + 1 + stride);
      unfilter(raw[at] as number, line, above, step);
      expand(png, line, columns, data, 4 * ((y + row * dy) * width + x), 4 * dx);
      above = line;
      at += 1 + stride;
      since += columns;
      if (since < AT_ONCE) continue;
      since = 0;
      await turn();
    }
  }
  return { data, width, height };
}

async function inflated({ pixels }: Png, length: number): Promise<Uint8Array<ArrayBuffer>> {
  let raw: Uint8Array<ArrayBuffer>;
  try {
    raw = await promisify(inflate)(Buffer.concat(pixels), { maxOutputLength: length });
  } catch (cause) {
    const more = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    const what = more ? 'it has more pixels than its header says' : 'its pixels are cut off or damaged';
    throw new KindlingError(what, { cause });
  }
  if (raw.length !== length) refuse(`its pixels are cut off: ${raw.length} bytes instead of ${length}`);
  return raw;
}

/** Undoes the filter of a line, in place. @param step bytes from a pixel to the same sample of the next */
function unfilter(filter: number, line: Uint8Array, above: Uint8Array, step: number): void {
  if (filter > 4) refuse(`it is damaged: there is no filter ${filter}`);
  for (let i = 0; filter > 0 && i < line.length; i++) {
    const left = i < step ? 0 : (line[i - step] as number);
    const up = above[i] as number;
    const corner = i < step ? 0 : (above[i - step] as number);
    const guess = filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : paeth(left, up, corner);
    line[i] = (line[i] as number) + guess;
  }
}

function paeth(left: number, up: number, corner: number): number {
  const [toLeft, toUp, toCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** Writes the pixels of a line as RGBA. */
function expand(png: Png, line: Uint8Array, columns: number, data: Uint8Array, to: number, step: number): void {
  const { depth, color, palette, transparency } = png;
  const samples = SAMPLES[color] ?? 1;
  const most = 2 ** depth - 1;
  const sample = (i: number): number => {
    if (depth === 8) return line[i] as number;
    if (depth === 16) return ((line[2 * i] as number) << 8) | (line[2 * i + 1] as number);
    const bit = i * depth;
    return ((line[bit >> 3] as number) >> (8 - depth - (bit & 7))) & most;
  };
  const byte = (value: number): number => (depth === 8 ? value : Math.round((value * 255) / most));
  const hidden = transparency && color < 3 ? wordsOf(transparency) : null;
  for (let x = 0, at = to; x < columns; x++, at += step) {
    const first = sample(x * samples);
    if (color === 3) {
      if (3 * first + 2 >= palette.length) refuse(`it is damaged: it has no color ${first}`);
      for (let c = 0; c < 3; c++) data[at + c] = palette[3 * first + c] as number;
      data[at + 3] = transparency?.[first] ?? 255;
      continue;
    }
    const grey = samples < 3;
    const [g, b] = grey ? [first, first] : [sample(x * samples + 1), sample(x * samples + 2)];
    data[at] = byte(first);
    data[at + 1] = byte(g);
    data[at + 2] = byte(b);
    const isHidden = hidden !== null && hidden[0] === first && (grey || (hidden[1] === g && hidden[2] === b));
    data[at + 3] = color >= 4 ? byte(sample(x * samples + samples - 1)) : isHidden ? 0 : 255;
  }
}

const wordsOf = (bytes: Uint8Array): number[] =>
  Array.from({ length: bytes.length >> 1 }, (_, i) => ((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number));
