import { readFile } from 'node:fs/promises';
import { KindlingError } from '../../gpu/errors.js';
import { atMost, required } from '../../gpu/options.js';

/**
 * The bytes of a file, or null where there is none of that name. In a browser `path` is one of the origin private file system.
 *
 * @throws KindlingError where it is there and cannot be read
 * @example
 * const bytes = await readFileIfThere('run.checkpoint');
 * if (bytes) loadCheckpoint(bytes, { model, optimizer });
 */
export async function readFileIfThere(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
  atMost('readFileIfThere', 1, arguments);
  required('readFileIfThere', { path }, { path: 'string' });
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return null;
    throw new KindlingError(`readFileIfThere: ${path} cannot be read (${(cause as Error).message})`, { cause });
  }
}
