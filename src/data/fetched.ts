/** Where data sets that can be downloaded are, and how they come there. */
import { files } from '#files';
import { refuse } from '../gpu/errors.js';
import type { DownloadOptions } from './files/files.js';

/** `root`, or the cache. @throws KindlingError where neither is given */
export function rootOf(name: string, root: string | null | undefined): string {
  const folder = root ?? files.cache;
  if (folder === null) refuse(`${name}: in a browser, \`root\` must be the URL of its files`);
  return folder;
}

/** Downloads what is not there. @param options.size what to expect, in words */
export async function fetchMissing(
  name: string,
  root: string,
  { download, size, ...options }: Omit<DownloadOptions, 'remedy'> & { download: boolean | undefined; size: string },
): Promise<void> {
  const remedy =
    `Or fetch ${options.url} by other means and give its path as \`root\`; ` +
    'or take generated pictures: synthetic({ split }).';
  if (!download) refuse(`${name}: ${root} has no data set. Set \`download: true\` to fetch it (${size}). ${remedy}`);
  await files.download({ ...options, remedy });
}

const running = new Map<string, Promise<void>>();

/** Two loads at a time share one download. */
export async function once(key: string, work: () => Promise<void>): Promise<void> {
  const promise = running.get(key) ?? work().finally(() => running.delete(key));
  running.set(key, promise);
  await promise;
}
