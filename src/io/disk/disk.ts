/** What a host's disk offers besides reading and writing: `#disk` is the one that fits the host. */
import type { Known } from '../../gpu/options.js';

/** Who holds a lock. */
export interface LockHolder {
  /** Its process; null where it is not known. */
  readonly pid: number | null;
  readonly host: string;
  /** When it took the lock, as ISO 8601 has it; empty where it is not known. */
  readonly since: string;
}

export interface FileLock {
  /** Whose lock this was before: a process that ended without releasing it. */
  readonly tookOver: LockHolder | null;
  release(): Promise<void>;
}

export interface LockOptions {
  /** Called once where another holds the lock, before waiting for it. What it throws ends the waiting. */
  onHeld?: ((holder: LockHolder) => void) | undefined;
}

/** The kinds of {@link LockOptions}. */
export const LOCK: Known<LockOptions> = { onHeld: 'function' };

/** A file that grows. */
export interface GrowingFile {
  /** Bytes that are there. */
  readonly size: number;
  /** Adds all of `bytes` at its end. */
  append(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
}

/** Where the last whole line of a text ends, which may be cut off behind it. */
export const endOfLines = (bytes: Uint8Array): number => bytes.lastIndexOf(10) + 1;
