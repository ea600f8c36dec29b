import { refuse } from '../gpu/errors.js';

/**
 * A strict reader of tar archives (ustar, with GNU's and POSIX's long names). It gives regular files, passes over folders,
 * and refuses what a data set has no use for: links, devices, names that lead out of the archive's folder.
 */
export interface TarFile {
  /** Path inside the archive, without `.` segments. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;
/** A file beyond this is no part of a data set, and would fill the memory. */
const MAX_BYTES = 256 * 1024 * 1024;
/** Names are shorter, and are read as text. */
const MAX_NAME_BYTES = 2 ** 20;
/** All of an archive: beyond this it is no data set either, and would keep a reader busy for as long as it likes. */
const MAX_TOTAL = 4 * MAX_BYTES;

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).replace(/\0.*$/s, '');

function fail(message: string): never {
  refuse(`tar archive: ${message}`);
}

/**
 * The regular files of an archive, in order.
 *
 * @param stream the archive's bytes, in pieces of any size
 * @throws KindlingError for an entry that is a link or device or leaves its folder, and for a damaged or truncated archive
 */
export async function* readTar(stream: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const source = stream[Symbol.asyncIterator]();
  try {
    yield* filesOf(reader(source));
  } finally {
    // Whatever of the stream is left, nobody reads: its file is closed.
    await source.return?.();
  }
}

type Take = (count: number) => Promise<Uint8Array | null>;

async function* filesOf(take: Take): AsyncGenerator<TarFile> {
  let longName: string | null = null;
  let total = 0;
  for (;;) {
    const header = await take(BLOCK);
    if (!header) return fail('cut off: the end mark is missing');
    if (header.every((byte) => byte === 0)) return;
    checkHeader(header);
    const type = String.fromCharCode(header[156] || 48);
    const size = octal(header.subarray(124, 136), 'size');
    const prefix = text(header.subarray(257, 262)) === 'ustar' ? text(header.subarray(345, 500)) : '';
    const stored = (prefix ? `${prefix}/` : '') + text(header.subarray(0, 100));
    const name = longName ?? stored;
    if (size > ('Lxg'.includes(type) ? MAX_NAME_BYTES : MAX_BYTES)) fail(`'${name}' claims ${size} bytes`);
    total += BLOCK + size;
    if (total > MAX_TOTAL) fail(`it holds more than ${MAX_TOTAL} bytes`);
    const padded = await take(Math.ceil(size / BLOCK) * BLOCK);
    if (!padded) return fail(`cut off inside '${name}'`);
    const bytes = padded.subarray(0, size);
    longName = null;
    if (type === 'L') longName = text(bytes);
    else if (type === 'x') longName = paxPath(bytes);
    else if (type === '0' || type === '7') yield { name: inside(name), bytes };
    else if (type === '5') inside(name);
    else if (type === '1' || type === '2') fail(`'${name}' is a link (to '${text(header.subarray(157, 257))}')`);
    else if (type !== 'g') fail(`'${name}' is of type '${type}', not a file or folder`);
  }
}

/** What a file's memory grows from: a damaged header that claims much does not take it. */
const FIRST_BYTES = 2 ** 20;

/** A function that gives the next `count` bytes of a stream in one piece; null where the stream ends before. */
function reader(source: AsyncIterator<Uint8Array>): Take {
  let rest = new Uint8Array(0);
  return async (count) => {
    let target = new Uint8Array(Math.min(count, FIRST_BYTES));
    let filled = 0;
    while (filled < count) {
      if (filled === target.length) {
        const larger = new Uint8Array(Math.min(count, 4 * filled));
        larger.set(target);
        target = larger;
      }
      if (rest.length === 0) {
        const next = await source.next();
        if (next.done) return null;
        rest = next.value as Uint8Array<ArrayBuffer>;
      }
      const piece = rest.subarray(0, target.length - filled);
      target.set(piece, filled);
      filled += piece.length;
      rest = rest.subarray(piece.length);
    }
    return target;
  };
}

function octal(field: Uint8Array, what: string): number {
  const digits = text(field).trim();
  if (!/^[0-7]*$/.test(digits)) fail(`damaged, or not a tar archive: a header's ${what} is not a number`);
  return Number.parseInt(digits || '0', 8);
}

/** The sum of a header's bytes, its own field counted as spaces, stands in the header. */
function checkHeader(header: Uint8Array): void {
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (octal(header.subarray(148, 156), 'checksum') !== sum)
    fail('damaged, or not a tar archive: a header has a wrong checksum');
}

/** `path` of an extended header: records `LENGTH key=value\n`. A size there would be one that ustar cannot hold. */
function paxPath(bytes: Uint8Array): string | null {
  let path: string | null = null;
  for (let at = 0; at < bytes.length; ) {
    const [digits = ''] = /^[1-9]\d{0,8}(?= )/.exec(text(bytes.subarray(at, at + 10))) ?? [];
    const end = at + Number(digits);
    if (digits === '' || end > bytes.length) fail('an extended header is damaged');
    const record = text(bytes.subarray(at + digits.length + 1, end - 1));
    if (record.startsWith('path=')) path = record.slice(5);
    if (record.startsWith('size=')) fail('an extended header claims a size');
    at = end;
  }
  return path;
}

/** The name without `.` segments. Backslashes and colons could lead out of the folder on Windows. */
function inside(name: string): string {
  const segments = name.split('/');
  if (name === '' || name.startsWith('/') || /[\\:]/.test(name) || segments.includes('..')) {
    fail(`'${name}' leaves its folder`);
  }
  return segments.filter((segment) => segment !== '' && segment !== '.').join('/');
}
