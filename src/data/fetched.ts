/** Where data sets that can be downloaded are, and how they come there. */
import { lockFile } from '#disk';
import { files } from '#files';
import { refuse } from '../gpu/errors.js';
import { explained } from './files/failures.js';
import type { DownloadOptions, OnProgress } from './files/files.js';

/** `root`, or the cache. @throws KindlingError where neither is given */
export function rootOf(name: string, root: string | null | undefined): string {
  const folder = root ?? files.cache;
  if (folder === null) refuse(`${name}: in a browser, \`root\` must be the URL of its files`);
  return folder;
}

/** A download of a data set. */
export interface Fetch extends Omit<DownloadOptions, 'remedy'> {
  /** What the data set is called. */
  name: string;
  download: boolean | undefined;
  /** What to expect, in words. */
  size: string;
}

const remedyOf = ({ url }: Fetch): string =>
  `Or fetch ${url} by other means and give its path as \`root\`; or take generated pictures: synthetic({ split }).`;

/** Refuses to fetch what nobody asked for. */
export function checkDownload(root: string, fetch: Fetch): void {
  const { name, download, size } = fetch;
  if (download) return;
  refuse(`${name}: ${root} has no data set. Set \`download: true\` to fetch it (${size}). ${remedyOf(fetch)}`);
}

export const fetchFile = (fetch: Fetch): Promise<void> => files.download({ ...fetch, remedy: remedyOf(fetch) });

const running = new Map<string, Promise<void>>();

export interface Bring {
  /** Whether it is there, be it that somebody else has brought it meanwhile. */
  there(): Promise<boolean>;
  /** Refuses what cannot be brought, before anything is touched. */
  check(): void | Promise<void>;
  work(): Promise<void>;
  onProgress?: OnProgress | undefined;
}

/** Brings what is to be at `path` if it is not: once for two loads at a time, in this process or in several. */
export async function bringOnce(path: string, { there, check, work, onProgress }: Bring): Promise<void> {
  const promise = running.get(path) ?? bring().finally(() => running.delete(path));
  running.set(path, promise);
  await promise;

  async function bring(): Promise<void> {
    if (await there()) return;
    await check();
    const onHeld = (): void => onProgress?.({ stage: 'wait', done: 0, total: null });
    const lock = await lockFile(`${path}.lock`, { onHeld }).catch((error: Error) => {
      throw explained(error.cause, path);
    });
    try {
      if (!(await there())) await work();
    } catch (error) {
      if (!(await there())) throw error;
    } finally {
      await lock.release();
    }
  }
}
