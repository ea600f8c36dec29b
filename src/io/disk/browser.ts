/** The origin private file system and the locks of a browser's pages and workers. */
import { KindlingError, refuse } from '../../gpu/errors.js';
import { atMost, checked, required } from '../../gpu/options.js';
import { endOfLines, type FileLock, type GrowingFile, LOCK, type LockOptions } from './disk.js';

/** The names of a path: folders, then a file. @throws KindlingError where it names no file */
function namesIn(op: string, path: string): { folders: string[]; name: string } {
  const folders = path.split('/').filter((name) => name !== '' && name !== '.');
  const name = folders.pop();
  if (name === undefined || [...folders, name].includes('..')) {
    refuse(`${op}: '${path}' names no file of the origin private file system`);
  }
  return { folders, name };
}

/** @throws KindlingError where `path` names no file */
export async function checkWritable(op: string, path: string): Promise<void> {
  namesIn(op, path);
}

/** As in Node, of the origin private file system. */
export async function readFileIfThere(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
  atMost('readFileIfThere', 1, arguments);
  required('readFileIfThere', { path }, { path: 'string' });
  const { folders, name } = namesIn('readFileIfThere', path);
  try {
    let folder = await navigator.storage.getDirectory();
    for (const one of folders) folder = await folder.getDirectoryHandle(one);
    const file = await (await folder.getFileHandle(name)).getFile();
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    // `TypeMismatchError`: what stands for a folder is a file.
    if (['NotFoundError', 'TypeMismatchError'].includes((cause as Error).name)) return null;
    throw new KindlingError(`readFileIfThere: ${path} cannot be read (${(cause as Error).message})`, { cause });
  }
}

/** A file of the origin private file system, made with its folders where it is not there. */
async function handleOf(folders: readonly string[], name: string): Promise<FileSystemFileHandle> {
  let folder = await navigator.storage.getDirectory();
  for (const one of folders) folder = await folder.getDirectoryHandle(one, { create: true });
  return folder.getFileHandle(name, { create: true });
}

/** Who writes, as a part of a file's name. */
export const writer = (): string => `page.${crypto.randomUUID().slice(0, 8)}`;

/** As in Node, in the origin private file system. Each append copies the file, so that it is there whole or as it was before. */
export async function openGrowing(op: string, path: string, isText: boolean): Promise<GrowingFile> {
  const { folders, name } = namesIn(op, path);
  const refused = (cause: unknown): never => {
    throw new KindlingError(`${op}: ${path} cannot be written (${(cause as Error).message})`, { cause });
  };
  try {
    const handle = await handleOf(folders, name);
    const file = await handle.getFile();
    let size = isText ? endOfLines(new Uint8Array(await file.arrayBuffer())) : file.size;
    return {
      get size() {
        return size;
      },
      async append(bytes) {
        try {
          const writable = await handle.createWritable({ keepExistingData: true });
          await writable.truncate(size);
          await writable.write({ type: 'write', position: size, data: bytes });
          await writable.close();
          size += bytes.length;
        } catch (cause) {
          refused(cause);
        }
      },
      close: async () => {},
    };
  } catch (cause) {
    return refused(cause);
  }
}

/** As in Node, in the origin private file system: a file gets its content when all of it is written. */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  atMost('writeFileAtomic', 2, arguments);
  required('writeFileAtomic', { path, content }, { path: 'string', content: 'any' });
  const { folders, name } = namesIn('writeFileAtomic', path);
  try {
    const writable = await (await handleOf(folders, name)).createWritable();
    await writable.write(content as Uint8Array<ArrayBuffer>);
    await writable.close();
  } catch (cause) {
    throw new KindlingError(`writeFileAtomic: ${path} cannot be written (${(cause as Error).message})`, { cause });
  }
}

/** As in Node, among the pages and workers of the origin; a closed page holds nothing. */
export async function lockFile(path: string, options: LockOptions = {}): Promise<FileLock> {
  const { onHeld } = checked('lockFile', options, LOCK);
  required('lockFile', { path }, { path: 'string' });
  const take = (ifAvailable: boolean): Promise<FileLock | null> =>
    new Promise((resolve, reject) => {
      const holding = (lock: Lock | null): Promise<void> | undefined => {
        if (!lock) resolve(null);
        if (!lock) return;
        return new Promise((done) => {
          // Whoever awaits the release finds the lock free.
          const release = (): Promise<void> => {
            done();
            return held;
          };
          resolve({ tookOver: null, release });
        });
      };
      const held: Promise<void> = navigator.locks.request(path, { ifAvailable }, holding);
      held.catch(reject);
    });
  const free = await take(true);
  if (free) return free;
  onHeld?.({ pid: null, host: 'this browser', since: '' });
  return (await take(false)) as FileLock;
}
