/** CIFAR-10 from files that the reader has: the official archive, its `.bin` files, or parquet files. */
import type { Bringing, Split } from '../shared/cifar10.js';
import { checkCounts } from './download.js';
import { openTable, recordsOf, type Sliceable } from './parquet.js';
import type { Parts } from './parts.js';
import { Progress } from './progress.js';
import { type Bytes, countsOf, RECORD } from './records.js';
import { readTar } from './tar.js';

/** What a part says of pictures from files. */
export const OWN = 'files';
/** Pictures of a part. */
const PART = 2500;
const BATCH = /^(?:data_batch_([1-5])|(test)_batch)\.bin$/;

/** A file of which it is known what it has. */
interface Piece {
  readonly split: Split;
  readonly count: number;
  /** Its pictures from one on, some thousand at a time. */
  records(): AsyncIterable<Bytes>;
}

const EXPECTED =
  'Wanted are cifar-10-binary.tar.gz, or data_batch_1.bin to data_batch_5.bin and test_batch.bin together, or the parquet files of ' +
  'train and test together.';

const refuse = (why: string): never => {
  throw new Error(`${why}. ${EXPECTED}`);
};

/** Keeps the pictures of `files`. @throws Error where they are something else; then nothing of them is kept */
export async function takeFiles(
  files: readonly File[],
  parts: Parts,
  signal: AbortSignal,
  tell: (bringing: Bringing) => void,
): Promise<void> {
  await parts.remove(({ origin }) => origin === OWN);
  try {
    const archive = await archiveIn(files);
    if (archive) await takeArchive(archive, parts, signal, tell);
    else await takePieces(await piecesOf(files), parts, signal, tell);
    for (const split of ['train', 'test'] as const) await checkCounts(parts, OWN, split);
  } catch (error) {
    await parts.remove(({ origin }) => origin === OWN);
    throw error;
  }
}

async function begins(file: File, ...bytes: number[]): Promise<boolean> {
  const head = new Uint8Array(await file.slice(0, bytes.length).arrayBuffer());
  return bytes.every((byte, i) => head[i] === byte);
}

async function archiveIn(files: readonly File[]): Promise<File | null> {
  for (const file of files) if (await begins(file, 0x1f, 0x8b)) return file;
  return null;
}

/** The archive's files in whatever order they are in it: a batch's number says where its pictures belong. */
async function takeArchive(
  file: File,
  parts: Parts,
  signal: AbortSignal,
  tell: (bringing: Bringing) => void,
): Promise<void> {
  const progress = new Progress(tell, file.size, 0);
  const counted = new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      signal.throwIfAborted();
      progress.came(chunk.length);
      controller.enqueue(chunk as Uint8Array<ArrayBuffer>);
    },
  });
  const unpacked = file.stream().pipeThrough(counted).pipeThrough(new DecompressionStream('gzip'));
  const found = new Map<string, number>();
  for await (const { name, bytes } of readTar(unpacked)) {
    const [base = '', folder = ''] = name.split('/').reverse();
    if (folder === 'cifar-10-batches-py') refuse(`${file.name} is the version for Python`);
    const [, number] = BATCH.exec(base) ?? [];
    if (!BATCH.test(base)) continue;
    checkBatch(base, bytes);
    const count = bytes.length / RECORD;
    const sizes = [...found].filter(([other]) => other.startsWith('data') && number !== undefined);
    if (sizes.some(([, size]) => size !== count)) refuse(`${base} has ${count} pictures, other than its neighbours`);
    found.set(base, count);
    const place =
      number === undefined ? { first: 0, total: count } : { first: (Number(number) - 1) * count, total: 5 * count };
    await keep(parts, number === undefined ? 'test' : 'train', place.first, place.total, bytes, signal);
    progress.decoded(count);
  }
  if (found.size < 6) refuse(`${file.name} has ${found.size} of the six files of CIFAR-10's binary version`);
}

function checkBatch(name: string, bytes: Uint8Array): void {
  try {
    countsOf(bytes);
  } catch (error) {
    refuse(`${name}: ${error instanceof Error ? error.message : error}`);
  }
  if (bytes.length === 0) refuse(`${name} is empty`);
}

async function keep(
  parts: Parts,
  split: Split,
  first: number,
  total: number,
  records: Bytes,
  signal: AbortSignal,
): Promise<void> {
  const all = records.length / RECORD;
  for (let begin = 0; begin < all; begin += PART) {
    signal.throwIfAborted();
    const count = Math.min(PART, all - begin);
    const some = records.slice(begin * RECORD, (begin + count) * RECORD);
    await parts.put({ origin: OWN, split, first: first + begin, count, total }, some);
  }
}

/** Other files than those wanted, as a folder has them, are passed over. */
async function piecesOf(files: readonly File[]): Promise<Piece[]> {
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const pieces: Piece[] = [];
  for (const file of sorted) {
    const [, , test] = BATCH.exec(file.name) ?? [];
    if (BATCH.test(file.name)) {
      const count = file.size / RECORD;
      if (!Number.isInteger(count) || count === 0)
        refuse(`${file.name} has ${file.size} bytes: it is cut off or something else`);
      pieces.push({ split: test ? 'test' : 'train', count, records: () => recordsIn(file) });
    } else if (await begins(file, 0x50, 0x41, 0x52, 0x31)) pieces.push(await parquetPiece(file));
  }
  if (pieces.length === 0) refuse(`${files.map(({ name }) => name).join(', ') || 'Nothing'} is not CIFAR-10`);
  for (const split of ['train', 'test'] as const) {
    if (!pieces.some((piece) => piece.split === split)) refuse(`There are no ${split} pictures`);
  }
  return pieces;
}

async function* recordsIn(file: File): AsyncGenerator<Bytes> {
  for (let at = 0; at < file.size; at += PART * RECORD) {
    const bytes = new Uint8Array(await file.slice(at, at + PART * RECORD).arrayBuffer());
    checkBatch(file.name, bytes);
    yield bytes;
  }
}

async function parquetPiece(file: File): Promise<Piece> {
  const [split] = /train|test/.exec(file.name) ?? refuse(`${file.name} does not say whether it is train or test`);
  const whole: Sliceable = { byteLength: file.size, slice: (start, end) => file.slice(start, end).arrayBuffer() };
  const table = await openTable(whole).catch((error: Error) => refuse(`${file.name}: ${error.message}`));
  return {
    split: split as Split,
    count: table.count,
    async *records() {
      for (const segment of table.segments) {
        yield await recordsOf(table, segment, await whole.slice(segment.start, segment.end));
      }
    },
  };
}

async function takePieces(
  pieces: readonly Piece[],
  parts: Parts,
  signal: AbortSignal,
  tell: (bringing: Bringing) => void,
): Promise<void> {
  const totalOf = (of: Split): number => pieces.reduce((sum, { split, count }) => sum + (split === of ? count : 0), 0);
  const all = totalOf('train') + totalOf('test');
  const progress = new Progress(tell, all * RECORD, all);
  const done = { train: 0, test: 0 };
  for (const { split, records } of pieces) {
    for await (const some of records()) {
      await keep(parts, split, done[split], totalOf(split), some, signal);
      done[split] += some.length / RECORD;
      progress.came(some.length);
      progress.decoded(some.length / RECORD);
    }
  }
}
