/** Downloads in Node: streamed to disk, resumed after a break, tried again before giving up. */
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KindlingError } from '../../gpu/errors.js';
import { codeOf, explained, ofFileSystem } from './failures.js';
import type { DownloadOptions } from './files.js';

/** Attempts in a row that bring nothing new. */
const ATTEMPTS = 3;

/** Downloads `url` to `path`.part, going on where that file ends, and returns its name. */
export async function download(options: DownloadOptions): Promise<string> {
  const { url, path, remedy, retryDelay = 1000 } = options;
  const part = `${path}.part`;
  let furthest = await sizeOf(part);
  for (let failures = 0; ; ) {
    try {
      await mkdir(dirname(part), { recursive: true });
      await attempt(options, part);
      return part;
    } catch (error) {
      if (error instanceof KindlingError || ofFileSystem(error)) throw explained(error, part);
      const now = await sizeOf(part);
      failures = now > furthest ? 0 : failures + 1;
      furthest = Math.max(furthest, now);
      if (failures >= ATTEMPTS) {
        const kept = now > 0 ? ` ${now} bytes are kept in ${part}; load again to go on from there.` : '';
        throw new KindlingError(`${url} cannot be downloaded (${reason(error)}).${kept} ${remedy}`, { cause: error });
      }
      await sleep(retryDelay * 2 ** failures);
    }
  }
}

/** One request. KindlingErrors are final; after others a further attempt makes sense. */
async function attempt({ url, remedy, onProgress }: DownloadOptions, part: string): Promise<void> {
  const have = await sizeOf(part);
  const range: Record<string, string> = have > 0 ? { range: `bytes=${have}-` } : {};
  const response = await fetch(url, { headers: { 'accept-encoding': 'identity', ...range } });
  const start = await startOf(response, have, part);
  if (start === null) return;
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    const message = `${url}: the server answers ${response.status} ${response.statusText}`;
    const passing = response.status >= 500 || response.status === 408 || response.status === 429;
    throw passing ? new Error(message) : new KindlingError(`${message}. ${remedy}`);
  }
  const length = response.headers.get('content-length');
  const total = length === null ? null : start + Number(length);
  let done = start;
  const file = await open(part, start > 0 ? 'a' : 'w');
  try {
    for await (const chunk of response.body) {
      await file.appendFile(chunk);
      done += chunk.length;
      onProgress?.({ stage: 'download', done, total });
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (total !== null && done < total) throw new Error(`broken off after ${done} of ${total} bytes`);
}

/** Where the body of a response starts in the file; null where the file is complete already. */
async function startOf(response: Response, have: number, part: string): Promise<number | null> {
  const [, first, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '') ?? [];
  if (response.status === 206 && Number(first) === have) return have;
  if (response.status !== 206 && response.status !== 416) return 0;
  await response.body?.cancel();
  if (response.status === 416 && Number(total) === have) return null;
  await rm(part);
  throw new Error('the partial download does not fit what the server has');
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw explained(error, path);
  }
}

/** What lies at the bottom of fetch's "fetch failed". */
function reason(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  const message = deepest instanceof Error ? deepest.message || codeOf(deepest) : String(deepest);
  return message ?? 'no reason given';
}
