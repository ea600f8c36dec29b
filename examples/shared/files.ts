/** Files that are replaced whole or not at all, so that a process killed at any moment leaves none that is cut. */
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';

export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.part`, content);
  await rename(`${path}.part`, path);
}

/** Bytes of a file, or null where there is none. */
export async function readIfThere(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
  return existsSync(path) ? new Uint8Array(await readFile(path)) : null;
}
