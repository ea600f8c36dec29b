import { KindlingError } from '../../gpu/errors.js';

/** The system's code of an error (`ENOSPC`) or of what caused it. */
export function codeOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return undefined;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Free some space (CIFAR-10 takes 185 MB, and its archive 170 MB) and load again',
  EDQUOT: 'the disk quota is used up. Free some space and load again',
  EACCES: 'access is denied. Choose another folder by `root` or by the environment variable KINDLING_CACHE',
  EROFS: 'the file system is read-only. Choose another folder by `root` or by the environment variable KINDLING_CACHE',
  ENOENT: 'there is no such file',
  ENOTEMPTY: 'the folder exists already, but lacks files. Remove it and load again',
  EEXIST: 'the file exists already',
  EISDIR: 'it is a folder',
  Z_BUF_ERROR: 'the archive is cut off',
  Z_DATA_ERROR: 'the archive is damaged, or no gzip file',
};

/** Whether an error is one that another attempt would meet again. */
export const ofFileSystem = (error: unknown): boolean => (codeOf(error) ?? '') in REASONS;

/** An error of the file system or of zlib as a KindlingError with what to do; others as they are. */
export function explained(error: unknown, path: string): unknown {
  if (error instanceof KindlingError) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  return new KindlingError(`${path}: ${REASONS[code] ?? (error as Error).message}`, { cause: error });
}
