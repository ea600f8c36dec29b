import { deflateSync } from 'node:zlib';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../io/crc32.js';
import { Generator } from '../../tensor/generator.js';
import { decodePicture } from './decodeNode.js';
import { inspect, MAX_PIXELS, SAMPLES } from './inspect.js';

const generator = new Generator(5);
const random = (length: number): Buffer => Buffer.from(Uint8Array.from({ length }, () => generator.bits()));

function chunk(type: string, body: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type), body]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(body.length);
  named.copy(whole, 4);
  whole.writeUInt32BE(crc32(named), named.length + 4);
  return whole;
}

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

function file(width: number, height: number, depth: number, color: number, raw: Uint8Array, more: Uint8Array[] = []) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  head[8] = depth;
  head[9] = color;
  head[12] = interlaced ? 1 : 0;
  const parts = [chunk('IHDR', head), ...more, chunk('IDAT', deflateSync(raw)), chunk('IEND', new Uint8Array(0))];
  return new Uint8Array(Buffer.concat([SIGNATURE, ...parts]));
}
let interlaced = false;

/** Columns and rows of each pass. */
function passes(width: number, height: number): [number, number][] {
  if (!interlaced) return [[width, height]];
  const shares = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const;
  return shares
    .map(([x, y, dx, dy]): [number, number] => [Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)])
    .filter(([columns, rows]) => columns > 0 && rows > 0);
}

/** Lines of any filter, of any bytes: every one is a picture. */
function lines(width: number, height: number, bits: number): Buffer {
  const stride = (columns: number): number => Math.ceil((columns * bits) / 8);
  return Buffer.concat(
    passes(width, height).flatMap(([columns, rows]) =>
      Array.from({ length: rows }, () => Buffer.concat([Buffer.of(generator.integer(5)), random(stride(columns))])),
    ),
  );
}

const decode = (bytes: Uint8Array) => decodePicture(bytes, MAX_PIXELS);

describe('a PNG', () => {
  it.each(
    [0, 2, 3, 4, 6].flatMap((color) =>
      [1, 2, 4, 8, 16]
        .filter((depth) => depth === 8 || (depth < 8 ? color === 0 || color === 3 : color !== 3))
        .flatMap((depth) => [false, true].map((adam7): [number, number, boolean] => [color, depth, adam7])),
    ),
  )('of color type %i in %i bits, interlaced %s, is what pngjs makes of it', async (color, depth, adam7) => {
    interlaced = adam7;
    for (const [width, height] of [
      [1, 1],
      [3, 2],
      [13, 9],
      [17, 1],
    ] as const) {
      const raw = lines(width, height, depth * (SAMPLES[color] ?? 1));
      const palette = color === 3 ? [chunk('PLTE', random(3 * 2 ** depth)), chunk('tRNS', random(2 ** depth - 1))] : [];
      const bytes = file(width, height, depth, color, raw, palette);
      const want = PNG.sync.read(Buffer.from(bytes));
      const { data, ...size } = await decode(bytes);
      expect(size).toEqual({ width, height });
      expect([...data]).toEqual([...want.data]);
    }
  });

  it('is decoded whole or not at all', async () => {
    interlaced = false;
    const raw = lines(20, 10, 24);
    for (let length = 0; length < raw.length; length += 7) {
      const short = file(20, 10, 8, 2, raw.subarray(0, length));
      await expect(decode(short)).rejects.toThrow(/cut off/);
      await expect(inspect(short, MAX_PIXELS)).rejects.toThrow(/cut off/);
    }
    await expect(decode(file(20, 10, 8, 2, Buffer.concat([raw, raw])))).rejects.toThrow(/more pixels than its header/);
    await expect(inspect(file(20, 10, 8, 2, Buffer.concat([raw, raw])), MAX_PIXELS)).rejects.toThrow(/more pixels/);
    const good = file(20, 10, 8, 2, raw);
    await inspect(good, MAX_PIXELS);
    for (let length = 8; length < good.length; length += 5) {
      await expect(decode(good.subarray(0, length))).rejects.toThrow(/cut off/);
    }
    for (let at = 8; at < good.length; at += 3) {
      const damaged = good.slice();
      damaged[at] = (damaged[at] as number) ^ (1 << generator.integer(8));
      await expect(decode(damaged)).rejects.toThrow(expect.objectContaining({ name: 'KindlingError' }));
    }
  });

  it('of too many pixels is refused before anything is inflated', async () => {
    interlaced = false;
    await expect(decode(file(8193, 8192, 1, 0, new Uint8Array(0)))).rejects.toThrow(
      /8193×8192 pixels, more than 67108864; set `maxPixels`/,
    );
    await expect(decode(file(0, 4, 8, 0, new Uint8Array(0)))).rejects.toThrow(/no pixels/);
  });

  it('lets others run while it is decoded', async () => {
    interlaced = false;
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await decode(file(4000, 4000, 1, 0, Buffer.alloc(501 * 4000)));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });
});

describe('a JPEG', () => {
  const good = new Uint8Array(jpeg.encode({ data: random(4 * 32 * 24), width: 32, height: 24 }, 80).data);

  it('is decoded whole or not at all', async () => {
    expect(await decode(good)).toMatchObject({ width: 32, height: 24 });
    for (let length = 2; length < good.length; length += 9) {
      await expect(decode(good.subarray(0, length))).rejects.toThrow(/cut off/);
    }
  });

  it('of too many pixels or scans is refused before it is decoded', async () => {
    await expect(decodePicture(good, 700)).rejects.toThrow(/32×24 pixels, more than 700/);
    const scan = Buffer.from(good).indexOf(Buffer.of(0xff, 0xda));
    const many = Buffer.concat([
      good.subarray(0, scan),
      ...Array(101).fill(good.subarray(scan, -2)),
      good.subarray(-2),
    ]);
    await expect(decode(new Uint8Array(many))).rejects.toThrow(/more than 100 scans/);
  });

  it('that claims more pixels than its bytes can hold is refused before it is decoded', async () => {
    const [width, height] = [256, 256];
    const flat = jpeg.encode({ data: Buffer.alloc(4 * width * height, 200), width, height }, 1).data;
    expect(await decode(new Uint8Array(flat))).toMatchObject({ width, height });
    const lying = Buffer.from(good);
    const frame = lying.indexOf(Buffer.of(0xff, 0xc0));
    for (const at of [frame + 5, frame + 7]) lying.writeUInt16BE(8000, at);
    await expect(decode(new Uint8Array(lying))).rejects.toThrow(/cut off: \d+ bytes cannot hold 8000×8000 pixels/);
  });
});
