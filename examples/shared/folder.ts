/** The folder of a run: one process at a time has it, and it goes on from the moment in which it was made. */
import { existsSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { lockFile, writeFileAtomic } from 'kindling/io';

const LOCK = 'run.lock';
/** What files are called that are not written in full. */
const UNFINISHED = /\.part$/;

/** Folders that this process has. */
const held = new Set<string>();

export interface NewFolder {
  /** The folder that was asked for. */
  readonly out: string | undefined;
  /** What to begin the name of another with. */
  readonly name: string;
  /** The file that a run resumes from, and what is known of it at the start. */
  readonly first: readonly [file: string, content: string];
  /** The file that a run ends with, where one does. */
  readonly last?: string;
}

/** A folder that is gone with the process until it is kept. */
export interface Claimed {
  readonly folder: string;
  keep(): void;
}

/**
 * Makes and takes the folder of a new run, and writes its first file.
 *
 * @throws Error where it holds something already, is a file, or another process has it
 */
export async function takeNew({ out, name, first: [file, content], last }: NewFolder): Promise<Claimed> {
  if (out !== undefined) await refuseUsed(out, file, last);
  const { folder, made } = out === undefined ? await numbered(name) : await given(out);
  await takeFolder(folder);
  await refuseUsed(folder, file, last);
  const path = join(folder, file);
  let kept = false;
  process.once('exit', () => {
    if (kept) return;
    rmSync(path, { force: true });
    // Upward, as far as they are empty and were not there before.
    for (let at = dirname(path); at.length >= (made?.length ?? folder.length + 1); at = dirname(at)) removeEmpty(at);
  });
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, content);
  return {
    folder,
    keep() {
      kept = true;
    },
  };
}

/** A folder of its own under `runs`: of two begun in one second the second gets a number. */
async function numbered(name: string): Promise<{ folder: string; made: string }> {
  const stem = resolve('runs', `${name}-${stamp()}`);
  await mkdir(dirname(stem), { recursive: true });
  for (let number = 1; ; number++) {
    const folder = number === 1 ? stem : `${stem}-${number}`;
    try {
      await mkdir(folder);
      return { folder, made: folder };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

async function given(folder: string): Promise<{ folder: string; made: string | undefined }> {
  return { folder, made: await mkdir(folder, { recursive: true }) };
}

/** Takes a folder for this process, until it ends. @throws Error where another one has it */
export async function takeFolder(folder: string): Promise<void> {
  const real = await realpath(folder);
  if (held.has(real)) return;
  const lock = await lockFile(join(folder, LOCK), {
    onHeld({ pid, host, since }) {
      const who = pid === null ? 'a process' : `process ${pid} on ${host}`;
      throw new Error(`${folder}: ${who} has been at it since ${since}; let it end, or choose another folder`);
    },
  });
  held.add(real);
  // Standard output may be for results.
  if (lock.tookOver) console.error(`NOTE: ${folder} was left by process ${lock.tookOver.pid}, which has ended.`);
  for (const name of await readdir(folder, { recursive: true })) {
    if (UNFINISHED.test(name)) await rm(join(folder, name), { force: true });
  }
}

/** Throws where a folder holds anything but what a process leaves that was killed before its run was made. */
async function refuseUsed(folder: string, file: string, last?: string): Promise<void> {
  refuseFile(folder);
  if (!existsSync(folder)) return;
  if (existsSync(join(folder, file)) && !(last !== undefined && existsSync(join(folder, last)))) {
    // Another process may be at it: that is the better reason.
    await takeFolder(folder);
    throw new Error(`${folder} holds a run already: --resume ${folder} goes on with it, or choose another --out`);
  }
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const foreign = names.some((one) => !one.isDirectory() && !one.name.startsWith(LOCK) && !UNFINISHED.test(one.name));
  if (foreign) throw new Error(`${folder} is not empty: choose another --out`);
}

/** @throws Error where `--out` names a file, or a folder in one */
function refuseFile(folder: string): void {
  let path = folder;
  while (!existsSync(path)) path = dirname(path);
  if (!statSync(path).isDirectory()) throw new Error(`--out ${folder}: ${path} is a file; choose a folder`);
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It is not empty, or gone.
  }
}

/** The date and time, for a folder's name. */
const stamp = (): string => new Date().toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');
