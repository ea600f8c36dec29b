/** Files that are replaced whole or not at all, whatever ends the process or the machine. */
import { randomBytes } from 'node:crypto';
import { access, constants, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { KindlingError } from '../../gpu/errors.js';
import { atMost, required } from '../../gpu/options.js';

/** What {@link writeFileAtomic} adds to the name of a file until all of it is written. */
export const PART = '.part';

/**
 * Writes a file so that its name stands for the old content or for all of the new, also when the process is killed or the
 * power fails at any moment: into a file beside it that no other process writes, flushed to the disk, then renamed. Who may
 * read and write it stays as it was. In a browser `path` is one of the origin private file system, whose writes are atomic themselves.
 *
 * @throws KindlingError where the folder is missing, access is denied or the disk is full; the old content stays
 * @example
 * await writeFileAtomic('run.checkpoint', await saveCheckpoint({ model, optimizer }));
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  atMost('writeFileAtomic', 2, arguments);
  required('writeFileAtomic', { path, content }, { path: 'string', content: 'any' });
  let part: string | null = null;
  try {
    const target = await targetOf(path);
    const before = await stat(target).catch(() => null);
    part = `${target}.${process.pid}-${randomBytes(4).toString('hex')}${PART}`;
    await writeSynced(part, content, before?.mode);
    await rename(part, target);
    await syncFolder(dirname(target));
  } catch (cause) {
    if (part !== null) await rm(part, { force: true }).catch(() => {});
    throw new KindlingError(`writeFileAtomic: ${path} cannot be written (${(cause as Error).message})`, { cause });
  }
}

/** @throws KindlingError where {@link writeFileAtomic} could not write `path` */
export async function checkWritable(op: string, path: string): Promise<void> {
  try {
    await access(dirname(await targetOf(path)), constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new KindlingError(`${op}: ${path} cannot be written (${(cause as Error).message})`, { cause });
  }
}

/** The file that `path` stands for. A link stays one: what it leads to is replaced, be it that nothing is there yet. */
async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const to = await readlink(path).catch(() => null);
    return to === null ? path : targetOf(resolve(dirname(path), to));
  }
}

/** Writes a new file down to the disk. @param mode who may do what with it */
export async function writeSynced(path: string, content: string | Uint8Array, mode?: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    if (mode !== undefined) await file.chmod(mode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the names in a folder last. */
export async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders; its file systems keep names by themselves.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    // Some file systems of networks and of other systems cannot.
    if (!['EINVAL', 'ENOTSUP', 'ENOSYS', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await folder.close();
  }
}
