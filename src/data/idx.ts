import { refuse } from '../gpu/errors.js';

/** A file beyond this is no data set of small pictures. */
const MAX_BYTES = 2 ** 30;

/**
 * The bytes of an IDX file: 0, 0, 8 for unsigned bytes, the number of dimensions, each dimension in four bytes, the
 * highest first, and the values row by row. No more is read than the header says.
 *
 * @param pieces the file, in pieces of any size
 * @param shape the dimensions after the first, which counts
 * @throws KindlingError naming the file where its header, its shape or its length is another, or beyond 1 GiB
 * @see https://yann.lecun.com/exdb/mnist/
 */
export async function readIdx(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
  shape: readonly number[],
): Promise<Uint8Array> {
  const fail = (what: string): never => {
    refuse(`${name}: ${what}. Remove the file and load again`);
  };
  const rank = shape.length + 1;
  const head = new Uint8Array(4 + 4 * rank);
  const values: Uint8Array<ArrayBuffer>[] = [];
  let [read, count, length] = [0, 0, Number.POSITIVE_INFINITY];
  for await (const piece of pieces) {
    const rest = piece.subarray(Math.min(piece.length, Math.max(0, head.length - read)));
    head.set(piece.subarray(0, piece.length - rest.length), Math.min(read, head.length));
    read += piece.length;
    if (read >= head.length && length === Number.POSITIVE_INFINITY) {
      count = countOf(head);
      length = head.length + shape.reduce((product, dim) => product * dim, count);
      if (length > MAX_BYTES) fail(`its header claims ${length} bytes, more than ${MAX_BYTES}`);
    }
    if (read > length) fail(`too long: ${read} bytes instead of ${length} for ${count} entries`);
    values.push(rest as Uint8Array<ArrayBuffer>);
  }
  if (read < head.length) fail(`cut off: ${read} bytes are no IDX header of ${head.length}`);
  if (read < length) fail(`cut off: ${read} bytes instead of ${length} for ${count} entries`);
  const joined = new Uint8Array(length - head.length);
  let at = 0;
  for (const piece of values) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;

  /** The first dimension, once the header fits. */
  function countOf(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const magic = view.getUint32(0);
    if (magic !== 0x800 + rank) {
      fail(`starts with 0x${hex(magic)}; an IDX file of bytes in ${rank} dimensions with 0x${hex(0x800 + rank)}`);
    }
    const [first = 0, ...found] = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
    if (String(found) !== String(shape)) fail(`entries of shape [${found}] instead of [${shape}]`);
    return first;
  }
}

const hex = (word: number): string => word.toString(16).padStart(8, '0');
