import { refuse } from '../gpu/errors.js';

/**
 * The bytes of an IDX file: 0, 0, 8 for unsigned bytes, the number of dimensions, each dimension in four bytes, the
 * highest first, and the values row by row.
 *
 * @param shape the dimensions after the first, which counts
 * @throws KindlingError naming the file where its header, its shape or its length is another
 * @see https://yann.lecun.com/exdb/mnist/
 */
export function readIdx(name: string, bytes: Uint8Array, shape: readonly number[]): Uint8Array {
  const fail = (what: string): never => {
    refuse(`${name}: ${what}. Remove the file and load again`);
  };
  const rank = shape.length + 1;
  const start = 4 + 4 * rank;
  if (bytes.length < start) fail(`cut off: ${bytes.length} bytes are no IDX header of ${start}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const magic = view.getUint32(0);
  if (magic !== 0x800 + rank) {
    fail(`starts with 0x${hex(magic)}; an IDX file of bytes in ${rank} dimensions with 0x${hex(0x800 + rank)}`);
  }
  const [count = 0, ...found] = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (String(found) !== String(shape)) fail(`entries of shape [${found}] instead of [${shape}]`);
  const length = start + shape.reduce((product, dim) => product * dim, count);
  if (bytes.length !== length) {
    const what = bytes.length < length ? 'cut off' : 'too long';
    fail(`${what}: ${bytes.length} bytes instead of ${length} for ${count} entries`);
  }
  return bytes.subarray(start);
}

const hex = (word: number): string => word.toString(16).padStart(8, '0');
