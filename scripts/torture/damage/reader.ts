/** What is tortured: a reader of files of a kind, with good files to damage. */

export interface Reader {
  /** Files that are read rightly; at their end `bad` that are refused as they are. */
  readonly files: readonly Uint8Array[];
  readonly bad?: number;
  /**
   * Reads a file, and looks at what it got: throws {@link Wrong} where that cannot be.
   *
   * @param pieces in how many pieces it comes, for readers of streams
   */
  read(bytes: Uint8Array, pieces: number): unknown;
  /** Makes the checksums of a damaged file fit, so that what lies behind them is read. */
  repair?(bytes: Uint8Array): Uint8Array;
  /** Whether a changed file, not repaired, may never be taken. */
  readonly sealed?: boolean;
  /** Throws {@link Wrong} where a refusal has changed anything. */
  unchanged?(): Promise<void> | void;
  /** Puts back what reading a file has rightly changed. */
  restore?(): Promise<void> | void;
  /** Whether an error is a refusal. Default: a `KindlingError`. */
  refusal?(error: unknown): boolean;
}

/** A fault of the reader. */
export class Wrong extends Error {}

export function want(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Wrong(what);
}

/** A file in about as many pieces as asked for. */
export async function* inPieces(bytes: Uint8Array, pieces: number): AsyncGenerator<Uint8Array> {
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Bytes that do not compress, always the same. */
export function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 24;
  });
}
