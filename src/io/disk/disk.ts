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
