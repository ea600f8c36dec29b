/**
 * Locks among processes: a file that exists while somebody holds it. It names its holder, whose end others notice at once on
 * the same machine, and on another by the file's age, which the holder renews.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync, rmSync } from 'node:fs';
import { lstat, mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KindlingError } from '../../gpu/errors.js';
import { checked, required } from '../../gpu/options.js';
import { type FileLock, LOCK, type LockHolder, type LockOptions } from './disk.js';

/** How often a holder renews its file, and after how long a silent one counts as ended. */
const RENEW_MS = 15_000;
const SILENT_MS = 120_000;
const POLL_MS = 100;

/** What a lock's file says. */
interface Claim extends LockHolder {
  /** Of this lock alone. */
  readonly token: string;
  /** Where `pid` means something. */
  readonly machine: string;
  /** When the process began, in the system's ticks: another process of the same number began at another time. */
  readonly began: string | null;
}

/** A file that was found in place of a lock. */
interface Found {
  /** Null where it is not written yet, or never was in full. */
  readonly claim: Claim | null;
  readonly stale: boolean;
}

/** Files of this process's locks, with their tokens: removed when it ends. */
const held = new Map<string, string>();
process.on('exit', () => {
  for (const [path, token] of held) {
    // Another may have taken over what a sleeping process held.
    if (parsed(attempt(() => readFileSync(path, 'utf8')) ?? '')?.token === token) rmSync(path, { force: true });
  }
});

/**
 * Waits until no other process holds the lock `path`, and takes it. A lock whose holder has ended, killed or gone with its
 * machine, is taken over. In a browser `path` is a name that the pages of an origin share.
 *
 * @example
 * const lock = await lockFile('runs/a/run.lock', {
 *   onHeld({ pid }) {
 *     throw new Error(`process ${pid} is at it`);
 *   },
 * });
 * try { … } finally { await lock.release(); }
 */
export async function lockFile(path: string, options: LockOptions = {}): Promise<FileLock> {
  const { onHeld } = checked('lockFile', options, LOCK);
  required('lockFile', { path }, { path: 'string' });
  await mkdir(dirname(path), { recursive: true }).catch(unwritable(path));
  let tookOver: LockHolder | null = null;
  let asked = false;
  for (;;) {
    const lock = await create(path);
    if (lock) return { tookOver, ...lock };
    const found = await inspect(path).catch(unwritable(path));
    if (found === null) continue;
    if (found.stale) {
      if (await removeStale(path, found)) tookOver = holderOf(found);
      continue;
    }
    if (!asked) onHeld?.(holderOf(found));
    asked = true;
    await sleep(POLL_MS);
  }
}

const unwritable =
  (path: string) =>
  (cause: unknown): never => {
    throw new KindlingError(`lockFile: ${path} cannot be written (${(cause as Error).message})`, { cause });
  };

const holderOf = ({ claim }: Found): LockHolder => ({
  pid: claim?.pid ?? null,
  host: claim?.host ?? 'an unknown machine',
  since: claim?.since ?? '',
});

/** Makes the file; null where there is one. */
async function create(path: string): Promise<Pick<FileLock, 'release'> | null> {
  const token = randomUUID();
  const { pid } = process;
  const claim: Claim = { token, pid, host: hostname(), since: new Date().toISOString(), machine, began: beganAt(pid) };
  try {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(JSON.stringify(claim)).finally(() => file.close());
    } catch (error) {
      // A claim that nobody can read would be waited for.
      await rm(path, { force: true });
      throw error;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
    unwritable(path)(error);
  }
  held.set(path, token);
  const renewal = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, RENEW_MS).unref();
  return {
    async release() {
      if (held.get(path) !== token) return;
      held.delete(path);
      clearInterval(renewal);
      if ((await inspect(path))?.claim?.token === token) await rm(path, { force: true });
    },
  };
}

/** Null where there is nothing. */
async function inspect(path: string): Promise<Found | null> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    const silent = Date.now() - mtimeMs > SILENT_MS;
    const claim = parsed(text);
    if (claim?.machine !== machine) return { claim, stale: silent };
    return { claim, stale: hasEnded(claim, silent) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // Nobody can make a file through a link that leads nowhere.
    const link = await lstat(path).catch(() => null);
    return link?.isSymbolicLink() ? { claim: null, stale: true } : null;
  }
}

function parsed(text: string): Claim | null {
  try {
    const claim = JSON.parse(text) as Claim;
    return typeof claim?.token === 'string' && Number.isInteger(claim.pid) ? claim : null;
  } catch {
    return null;
  }
}

function hasEnded({ pid, began }: Claim, silent: boolean): boolean {
  try {
    process.kill(pid as number, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const now = beganAt(pid as number);
  return now === null || began === null ? silent : now !== began;
}

/**
 * Removes the file of a holder that has ended. Two that find it would remove, the second of them, the first one's own new
 * lock: only the holder of a lock on this very claim may, and looks again.
 *
 * @returns whether it was this process that removed it
 */
async function removeStale(path: string, { claim }: Found): Promise<boolean> {
  const token = claim?.token ?? 'unwritten';
  const right = await lockFile(`${path}.${token.slice(0, 8)}`);
  try {
    const now = await inspect(path);
    if (!now?.stale || (now.claim?.token ?? 'unwritten') !== token) return false;
    await rm(path, { force: true });
    return true;
  } finally {
    await right.release();
  }
}

/** Tells machines apart, boots of one, and containers with process numbers of their own. */
const machine = [
  hostname(),
  attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
  attempt(() => readlinkSync('/proc/self/ns/pid')),
].join(' ');

/** When a process began; null where the system has no `/proc`. A zombie has ended. */
function beganAt(pid: number): string | null {
  const fields = attempt(() =>
    readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' '),
  );
  return fields === null ? null : fields[0] === 'Z' ? 'ended' : (fields[19] ?? null);
}

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
