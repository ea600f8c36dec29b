import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import jpeg from 'jpeg-js';
import { expect, it } from 'vitest';
import { parquetOf } from '../../../test/support/cifarParquet.js';
import { batch } from '../../../test/support/cifarServer.js';
import { openTable, recordsOf, type Sliceable } from './parquet.js';
import { type Bytes, RECORD } from './records.js';

const inMemory = (file: Bytes): Sliceable => ({
  byteLength: file.length,
  slice: async (start, end) => file.slice(start, end).buffer,
});

/** All records of a file, segment after segment. */
async function readAll(bytes: Bytes, together: number): Promise<Uint8Array[]> {
  const file = inMemory(bytes);
  const table = await openTable(file, together);
  return Promise.all(
    table.segments.map(async (segment) => recordsOf(table, segment, await file.slice(segment.start, segment.end))),
  );
}

it('gives the bytes of the binary form, whatever is read together', async () => {
  const records = batch(1, 50);
  const file = parquetOf(records, 12);
  for (const [together, segments] of [
    [1, 5],
    [80_000, 3],
    [1e9, 1],
  ] as const) {
    const pieces = await readAll(file, together);
    expect(pieces.length).toBe(segments);
    expect(Buffer.concat(pieces).equals(records)).toBe(true);
  }
});

const archive = join(import.meta.dirname, '../../../../shared/data/cifar10-jpeg.tar.xz');

it.skipIf(!existsSync(archive))('gives the bytes of real pictures', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kindling-pictures-'));
  try {
    execFileSync('tar', ['-xJf', archive, '-C', folder, 'test/frog', 'test/ship']);
    const records = new Uint8Array(2 * 40 * RECORD);
    for (const [place, name] of ['frog', 'ship'].entries()) {
      const files = readdirSync(join(folder, 'test', name)).slice(0, 40);
      for (const [i, file] of files.entries()) {
        const { data } = jpeg.decode(readFileSync(join(folder, 'test', name, file)), { useTArray: true });
        const record = records.subarray((40 * place + i) * RECORD, (40 * place + i + 1) * RECORD);
        record[0] = name === 'frog' ? 6 : 8;
        for (let at = 0; at < 3 * 1024; at++) record[1 + at] = data[4 * (at % 1024) + (at >> 10)] as number;
      }
    }
    expect(Buffer.concat(await readAll(parquetOf(records, 25), 100_000)).equals(records)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('says which picture is damaged', async () => {
  const file = parquetOf(batch(1, 30), 30);
  file[40_000] = (file[40_000] as number) ^ 1;
  await expect(readAll(file, 1e9)).rejects.toThrow(/^picture \d+: it is damaged/);
});

it('refuses a file with other columns, and one that is none', async () => {
  const other = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'image', data: ['x'], type: 'STRING' }] }));
  await expect(readAll(other, 1)).rejects.toThrow('it has the columns image');
  await expect(readAll(batch(1, 2) as Bytes, 1)).rejects.toThrow('parquet');
});
