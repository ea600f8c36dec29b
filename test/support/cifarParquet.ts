/** CIFAR-10 as Hugging Face has it, written from records in binary form: columns `img` {bytes, path} of PNG and `label`. */
import { parquetWriteBuffer } from 'hyparquet-writer';
import { PNG } from 'pngjs';
import { expect } from 'vitest';
import { apart } from '../../examples/live/cifar10/records.js';
import type { RealSplit } from '../../examples/live/shared/cifar10.js';

export const RECORD = 3073;
const PIXELS = 1024;

/** A PNG of RGB in 8 bits. @param filter one of PNG's five for all lines; -1: that which a line compresses best with */
export function pngOf(record: Uint8Array, filter = -1): Uint8Array {
  const png = new PNG({ width: 32, height: 32 });
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    for (let plane = 0; plane < 3; plane++) png.data[4 * pixel + plane] = record[1 + plane * PIXELS + pixel] as number;
    png.data[4 * pixel + 3] = 255;
  }
  return new Uint8Array(PNG.sync.write(png, { colorType: 2, inputHasAlpha: true, filterType: filter }));
}

/** @param rowGroupSize pictures of a row group */
export function parquetOf(records: Uint8Array, rowGroupSize = 100): Uint8Array<ArrayBuffer> {
  const rows = Array.from({ length: records.length / RECORD }, (_, i) =>
    records.subarray(i * RECORD, (i + 1) * RECORD),
  );
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'img', data: rows.map((record, i) => ({ bytes: pngOf(record), path: `${i}.png` })) },
        { name: 'label', data: rows.map(([label = 0]) => BigInt(label)) },
      ],
      schema: [
        { name: 'root', num_children: 2 },
        { name: 'img', repetition_type: 'OPTIONAL', num_children: 2 },
        { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
        { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
        { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
      ],
      rowGroupSize,
    }),
  );
}

/** Compares pictures with records; Vitest's own comparison takes seconds for as many bytes. */
export function expectSame({ images, labels }: RealSplit, records: Uint8Array): void {
  const wanted = apart([records], records.length / RECORD);
  expect([Buffer.compare(images, wanted.images), Buffer.compare(labels, wanted.labels)]).toEqual([0, 0]);
}
