/** Files in Node. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { refuse } from '../../gpu/errors.js';
import { cacheFolder } from '../../gpu/hosts/cacheFolder.js';
import { syncFolder, writeSynced } from '../../io/disk/writeNode.js';
import { download } from './download.js';
import { codeOf, explained } from './failures.js';
import type { Files } from './files.js';

export { decodePicture } from './decodeNode.js';

/** What the name of a folder ends in until all of it is there. */
const UNFINISHED = '.unfinished';
/** A file that is read whole is no larger: pictures, or a part of a data set. */
const MAX_BYTES = 2 ** 30;

export const files: Files = {
  cache: cacheFolder(),
  join,
  size,
  read,
  gunzip,
  hasMd5,
  setAside,
  writeFolder,
  async download(options) {
    const part = await download(options);
    if (!(await hasMd5(part, options.md5))) {
      const aside = await setAside(part, options.path);
      refuse(
        `${options.url}: the download does not have MD5 ${options.md5}; it was set aside as ${aside}. ` +
          `Load again to download anew. ${options.remedy}`,
      );
    }
    await rename(part, options.path);
    await syncFolder(dirname(options.path));
  },
};

/** The paths in the folders of a folder; those folders end in `/`. */
export async function pathsIn(root: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for (const name of await readdir(root)) {
      if (!(await stat(join(root, name))).isDirectory()) continue;
      const paths = await readdir(join(root, name), { recursive: true });
      for (const path of ['', ...paths]) found.push(`${name}/${path.replaceAll(sep, '/')}`);
    }
  } catch (error) {
    throw explained(error, root);
  }
  return found;
}

async function size(path: string): Promise<number | null> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : null;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
    throw explained(error, path);
  }
}

async function read(path: string, length?: number): Promise<Uint8Array> {
  const bytes = length ?? (await size(path)) ?? 0;
  if (bytes > MAX_BYTES) refuse(`${path}: too long: ${bytes} bytes, more than ${MAX_BYTES}`);
  const target = new Uint8Array(bytes);
  let filled = 0;
  let file: FileHandle | null = null;
  try {
    file = await open(path);
    while (filled < bytes) {
      const { bytesRead } = await file.read(target, filled, bytes - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
  } catch (error) {
    throw explained(error, path);
  } finally {
    await file?.close();
  }
  return target.subarray(0, filled);
}

async function* gunzip(path: string): AsyncGenerator<Uint8Array> {
  // Errors come out of the last stream, which the loop reads.
  const stream = pipeline(createReadStream(path), createGunzip({ chunkSize: 1 << 18 }), () => {});
  try {
    yield* stream;
  } catch (error) {
    throw explained(error, path);
  }
}

async function hasMd5(path: string, md5: string): Promise<boolean> {
  const hash = createHash('md5');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex') === md5;
}

async function setAside(path: string, name = path): Promise<string> {
  const aside = `${name}.bad`;
  await rename(path, aside);
  return aside;
}

async function writeFolder(
  path: string,
  content: AsyncIterable<readonly [name: string, bytes: Uint8Array]>,
): Promise<void> {
  const folder = dirname(path);
  const unfinished = `${path}.${randomUUID()}${UNFINISHED}`;
  try {
    await mkdir(unfinished, { recursive: true });
    // Of processes that were killed: the caller is alone at it.
    for (const name of await readdir(folder)) {
      const left = name.startsWith(`${basename(path)}.`) && name.endsWith(UNFINISHED);
      if (left && join(folder, name) !== unfinished) await rm(join(folder, name), { recursive: true, force: true });
    }
    for await (const [name, bytes] of content) await writeSynced(join(unfinished, name), bytes);
    await syncFolder(unfinished);
    await rename(unfinished, path);
    await syncFolder(folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw explained(error, path);
  }
}
