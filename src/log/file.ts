/** Where a sink's bytes go: files that grow by whole records, in batches. */
import { openGrowing } from '#disk';
import { refuse } from '../gpu/errors.js';
import { atMost, text } from '../gpu/options.js';

/** A place of one's own for what a sink would write into a file. */
export interface LogFile {
  /** Takes the next bytes, which are whole records. What it returns is awaited. */
  append(bytes: Uint8Array<ArrayBuffer>): unknown;
  /** After the last ones. */
  close?(): unknown;
}

/**
 * A file in memory, for a page to offer as a download or to send.
 *
 * @example
 * const file = new MemoryFile();
 * const logger = new Logger({ sinks: [csvSink(file)] });
 * …
 * await logger.flush();
 * link.href = URL.createObjectURL(file.blob('text/csv'));
 */
export class MemoryFile implements LogFile {
  #parts: Uint8Array<ArrayBuffer>[] = [];

  constructor() {
    atMost('MemoryFile', 0, arguments);
  }

  append(bytes: Uint8Array<ArrayBuffer>): void {
    this.#parts.push(bytes);
  }

  /** What is there so far. @param type its MIME type. Default: none */
  blob(type = ''): Blob {
    return new Blob(this.#parts, { type });
  }

  /** The same as bytes. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.blob().arrayBuffer());
  }
}

/** How long bytes wait for others at most, in milliseconds, and how many of them. */
const WAIT = 2000;
const MOST = 65536;

/** Gathers records, and writes those of two seconds at once. */
export class Growing {
  readonly #begin: () => Promise<LogFile & { readonly size?: number }>;
  /** What a file that is empty begins with. */
  readonly #header: () => Uint8Array<ArrayBuffer>;
  #file: Promise<LogFile & { readonly size?: number }> | null = null;
  #isBegun = false;
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;

  /**
   * @param op in whose name errors are told
   * @param to a path, made when the first record is written, or a place of one's own
   */
  constructor(op: string, to: string | LogFile, header: () => Uint8Array<ArrayBuffer>, isText: boolean) {
    this.#header = header;
    this.#begin = () => (typeof to === 'string' ? openGrowing(op, to, isText) : Promise.resolve(to));
  }

  add(bytes: Uint8Array<ArrayBuffer>): void {
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= MOST) void this.#write();
    else this.#timer ??= setTimeout(() => void this.#write(), WAIT);
  }

  /** @throws what kept anything from being written since the last time */
  async flush(): Promise<void> {
    await this.#write();
    const failed = this.#failure;
    this.#failure = null;
    if (failed) throw failed.error;
  }

  /** Writes what waits, and lets the file go: the next record opens it anew. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      const file = this.#file;
      this.#file = null;
      await (await file?.catch(() => null))?.close?.();
    }
  }

  /** Errors are told by `flush`. */
  #write(): Promise<unknown> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const parts = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    if (parts.length > 0) {
      this.#last = this.#last
        .then(() => this.#append(parts))
        .catch((error: unknown) => {
          this.#failure ??= { error };
        });
    }
    return this.#last;
  }

  async #append(parts: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
    this.#file ??= this.#begin();
    try {
      const file = await this.#file;
      const isNew = file.size === undefined ? !this.#isBegun : file.size === 0;
      const all = isNew ? [this.#header(), ...parts] : [...parts];
      await file.append(new Uint8Array(await new Blob(all).arrayBuffer()));
      this.#isBegun = true;
    } catch (error) {
      // The next records try anew.
      this.#file = null;
      throw error;
    }
  }
}

/** @throws KindlingError in the name of `op` unless `to` is a path or has a method `append` */
export function wantFile(op: string, to: unknown, what: string): asserts to is string | LogFile {
  const isPlace = typeof to === 'object' && to !== null && typeof Reflect.get(to, 'append') === 'function';
  if (typeof to === 'string' ? to === '' : !isPlace) {
    refuse(`${op}: wants ${what}, or what has a method append, such as new MemoryFile(), got ${text(to)}`);
  }
}
