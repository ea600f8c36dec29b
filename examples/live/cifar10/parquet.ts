/** CIFAR-10 in parquet files: columns `img`, of which `bytes` is a PNG, and `label`. */
import { type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { planesOf } from './png.js';
import { type Bytes, RECORD } from './records.js';

/** What can be read in pieces: a file on a server, or one of the reader's. */
export interface Sliceable {
  readonly byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

/** Row groups that are read together: where they lie, and the pictures in them. */
export interface Segment {
  readonly first: number;
  readonly count: number;
  readonly start: number;
  readonly end: number;
}

export interface Table {
  readonly metadata: FileMetaData;
  readonly count: number;
  readonly segments: readonly Segment[];
}

/** Bytes that a request asks for: some seconds of a slow connection, and few enough requests on a fast one. */
const TOGETHER = 4e6;
/** Pictures that are decoded without a pause. */
const AT_ONCE = 250;

/** Reads what the file says of itself. @throws Error where it has no such columns */
export async function openTable(file: Sliceable, together = TOGETHER): Promise<Table> {
  const metadata = await parquetMetadataAsync(file, { geoparquet: false });
  const names = metadata.row_groups[0]?.columns.map(({ meta_data }) => meta_data?.path_in_schema.join('.')) ?? [];
  if (!names.includes('img.bytes') || !names.includes('label')) {
    throw new Error(`it has the columns ${names.join(', ')}, where CIFAR-10 has img.bytes and label`);
  }
  const segments: Segment[] = [];
  let first = 0;
  for (const { columns, num_rows } of metadata.row_groups) {
    const count = Number(num_rows);
    const places = columns.flatMap(({ meta_data }) => {
      if (!meta_data) return [];
      const start = Number(meta_data.dictionary_page_offset || meta_data.data_page_offset);
      return [start, start + Number(meta_data.total_compressed_size)];
    });
    const group = { first, count, start: Math.min(...places), end: Math.max(...places) };
    const last = segments.at(-1);
    if (last && group.start >= last.end && group.end - last.start <= together) {
      segments[segments.length - 1] = { ...last, count: last.count + count, end: group.end };
    } else segments.push(group);
    first += count;
  }
  return { metadata, count: first, segments };
}

/** The pictures of a segment in binary form. @param bytes those of the segment */
export async function recordsOf({ metadata }: Table, segment: Segment, bytes: ArrayBuffer): Promise<Bytes> {
  const { first, count, start, end } = segment;
  const file: Sliceable = {
    byteLength: end,
    slice: async (from, to = end) => bytes.slice(from - start, to - start),
  };
  const rows = await parquetReadObjects({
    file,
    metadata,
    columns: ['img', 'label'],
    rowStart: first,
    rowEnd: first + count,
    utf8: false,
  });
  if (rows.length !== count) throw new Error(`there are ${rows.length} pictures where there should be ${count}`);
  const records = new Uint8Array(count * RECORD);
  for (const [i, { img, label }] of rows.entries()) {
    try {
      const png = (img as { bytes?: unknown } | null)?.bytes;
      if (!(png instanceof Uint8Array)) throw new Error('it has no bytes');
      records[i * RECORD] = labelOf(label);
      records.set(planesOf(png), i * RECORD + 1);
    } catch (cause) {
      throw new Error(`picture ${first + i}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
    // Orders are heard, and the next pictures come, in between.
    if (i % AT_ONCE === AT_ONCE - 1) await new Promise((turn) => setTimeout(turn));
  }
  return records;
}

function labelOf(label: unknown): number {
  const value = Number(label);
  if (!Number.isInteger(value) || value < 0 || value > 9)
    throw new Error(`it is of class ${label}, and there are only ten`);
  return value;
}
