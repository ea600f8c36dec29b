import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where kindling keeps files that can be made again. */
export const cacheFolder = (): string =>
  process.env.KINDLING_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kindling');
