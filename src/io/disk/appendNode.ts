/** Files that grow, in Node. */
import { mkdir, open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { KindlingError } from '../../gpu/errors.js';
import { endOfLines, type GrowingFile } from './disk.js';

/** Read at a time, from the end, to find a line's. */
const BLOCK = 65536;

/** Who writes, as a part of a file's name. */
export const writer = (): string => `${hostname()}.${process.pid}`;

/**
 * Opens a file to write at its end, which is made with its folders where it is not there. Of a text a last line that a killed
 * process left unfinished is cut off.
 *
 * @throws KindlingError in the name of `op` where it cannot be written
 */
export async function openGrowing(op: string, path: string, isText: boolean): Promise<GrowingFile> {
  const refused = (cause: unknown): never => {
    throw new KindlingError(`${op}: ${path} cannot be written (${(cause as Error).message})`, { cause });
  };
  try {
    await mkdir(dirname(path), { recursive: true });
    if (isText) await cutLastLine(path);
    const file = await open(path, 'a');
    let { size } = await file.stat();
    return {
      get size() {
        return size;
      },
      async append(bytes) {
        // One write: a killed process leaves all of them or a beginning.
        await file.appendFile(bytes).catch(async (cause) => {
          // Half a record would spoil those after it.
          await file.truncate(size).catch(() => {});
          refused(cause);
        });
        size += bytes.length;
      },
      close: () => file.close(),
    };
  } catch (cause) {
    return refused(cause);
  }
}

async function cutLastLine(path: string): Promise<void> {
  const file = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (!file) return;
  try {
    const { size } = await file.stat();
    let end = 0;
    for (let to = size; to > 0 && end === 0; to -= BLOCK) {
      const from = Math.max(0, to - BLOCK);
      const { buffer } = await file.read(new Uint8Array(to - from), 0, to - from, from);
      const within = endOfLines(buffer);
      if (within > 0) end = from + within;
    }
    if (end < size) await file.truncate(end);
  } finally {
    await file.close();
  }
}
