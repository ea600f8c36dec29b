/** Reads a tar archive as it comes: the library's reader of archives is its own, and takes addresses, not files of a reader. */

const BLOCK = 512;
/** A file of CIFAR-10 has 31 MB: what claims more is something else. */
const MOST = 64e6;

export interface TarFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The regular files of an archive. @throws Error where it is cut off, damaged or no archive */
export async function* readTar(stream: ReadableStream<Uint8Array>): AsyncGenerator<TarFile> {
  const reader = stream.getReader();
  let rest: Uint8Array = new Uint8Array(0);
  const take = async (count: number): Promise<Uint8Array<ArrayBuffer>> => {
    const target = new Uint8Array(count);
    for (let filled = 0; filled < count; ) {
      if (rest.length === 0) {
        const { done, value } = await reader.read().catch((cause: unknown) => {
          throw new Error('the archive is cut off, damaged, or no gzip file', { cause });
        });
        if (done) throw new Error('the archive is cut off');
        rest = value;
      }
      const piece = rest.subarray(0, count - filled);
      target.set(piece, filled);
      filled += piece.length;
      rest = rest.subarray(piece.length);
    }
    return target;
  };
  try {
    for (;;) {
      const header = await take(BLOCK);
      if (header.every((byte) => byte === 0)) return;
      check(header);
      const size = number(header, 124, 136);
      if (size > MOST) throw new Error(`a file in the archive has ${size} bytes: it is not CIFAR-10's`);
      const bytes = (await take(BLOCK * Math.ceil(size / BLOCK))).subarray(0, size);
      const type = header[156];
      if (type === 0 || type === 0x30) yield { name: text(header, 0, 100), bytes };
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

const text = (header: Uint8Array, from: number, to: number): string =>
  new TextDecoder().decode(header.subarray(from, to)).replace(/\0.*$/s, '');

function number(header: Uint8Array, from: number, to: number): number {
  const digits = text(header, from, to).trim();
  if (!/^[0-7]*$/.test(digits)) throw new Error('the archive is damaged, or no tar archive');
  return Number.parseInt(digits || '0', 8);
}

/** The sum of a header's bytes, its own field counted as spaces, stands in it. */
function check(header: Uint8Array): void {
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (number(header, 148, 156) !== sum) throw new Error('the archive is damaged, or no tar archive');
}
