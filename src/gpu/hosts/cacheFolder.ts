import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { refuse } from '../errors.js';

/** Of the user: `$XDG_CACHE_HOME/kindling`, by default `~/.cache/kindling`. */
const usersCache = (): string => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kindling');

/** Where data sets and choices are kept, which can be had again: `$KINDLING_CACHE`, by default the user's cache. */
export const cacheFolder = (): string => process.env.KINDLING_CACHE ?? usersCache();

/**
 * Where unpacked drivers are kept: the user's cache, made if it is not there, or a temporary folder where it cannot be written.
 * `$KINDLING_CACHE` is for what a user chose to keep: a process that has one of its own need not unpack again.
 */
export function unpackedFolder(): string {
  const folders = [usersCache(), join(tmpdir(), 'kindling')];
  for (const folder of folders) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
      return folder;
    } catch {
      // A read-only home: try the next.
    }
  }
  refuse(`init: cannot write a cache folder, neither ${folders.join(' nor ')}: set XDG_CACHE_HOME`);
}
